/* A wall of drawn images: the pointer passes over them and decodes each one's z, a click pins it. */

const MARK = "#d55e00" // vermilion of Okabe and Ito, told from grey values by everyone

class Wall extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["tiles", "pinned", "at", "said", "note"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.canvas = root.querySelector("canvas")
    this.cursor = 0 // where the arrow keys are
    const { tiles } = this.el
    onMove(tiles, event => event.pointerType !== "touch" && this.pass(this.under(event)))
    tiles.onpointerleave = () => this.gone()
    tiles.onclick = event => this.pin(this.under(event))
    tiles.onfocus = () => tiles.matches(":focus-visible") && this.walk(this.cursor)
    tiles.onblur = () => this.gone()
    tiles.onkeydown = event => this.key(event)
    this.onWidth(() => this.drawTiles())
  }

  draw({ z, sheet }) {
    this.z = z.map(row => Float32Array.from(row))
    this.cursor = Math.min(this.cursor, z.length - 1)
    const label = `${z.length} drawn images, numbered from left to right and down. Arrow keys walk, Enter pins.`
    this.el.tiles.setAttribute("aria-label", label)
    this.loadSheet(sheet, () => this.drawTiles())
    this.drawTiles()
  }

  listen(place) {
    return [place.watch(() => this.invalidate()), this.tells(place)]
  }

  // ---- what a hand does

  under(event) {
    const { left, top } = this.el.tiles.getBoundingClientRect()
    return this.wall ? tileUnder(this.wall, event.clientX - left, event.clientY - top) : -1
  }

  pass(i) {
    const sample = this.data.first + i
    if (i < 0 || sample === this.place.pointed?.sample) return
    this.place.preview(this.z[i], { sample })
  }

  gone() {
    if (this.place.pointed?.sample !== undefined) this.place.leave()
  }

  pin(i) {
    if (i < 0) return
    this.cursor = i
    this.place.move(this.z[i])
    this.settle()
  }

  walk(i) {
    this.cursor = i
    this.pass(i)
    const note = this.data.notes[i]
    this.el.said.textContent = `Draw ${i + 1} of ${this.z.length}${note ? `: ${note}` : ""}`
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const to = keyedTile(this.cursor, event.key, this.data.sheet.columns, this.z.length)
    if (event.key === "Enter" || event.key === " ") this.pin(this.cursor)
    else if (to !== null) this.walk(to)
    else return
    event.preventDefault()
  }

  // ---- drawing

  drawTiles() {
    const room = this.el.tiles.parentElement.clientWidth - 6 // its padding
    if (!this.data || room <= 0) return
    const { sheet } = this.data
    this.wall = wallOf(room, sheet.columns, this.z.length, sheet.height, sheet.width)
    const { columns, n, tile, tall, width, height } = this.wall
    Object.assign(this.el.tiles.style, { width: `${width}px`, height: `${height}px` })
    this.invalidate()
    if (!this.picture) return
    const ratio = crispRatio(tile, sheet.width)
    const [across, down, gap] = [tile, tall, GAP].map(px => Math.round(px * ratio))
    this.canvas.width = columns * (across + gap) - gap
    this.canvas.height = Math.ceil(n / columns) * (down + gap) - gap
    const pen = this.canvas.getContext("2d")
    pen.imageSmoothingEnabled = false
    for (let i = 0; i < n; i++) {
      const [x, y] = [(i % columns) * (across + gap), Math.floor(i / columns) * (down + gap)]
      drawTile(pen, this.picture, sheet, i, x, y, across, down)
      if (this.data.marked[i]) this.mark(pen, x, y, across / 5)
    }
  }

  /** A corner of a picture that is to be noticed. */
  mark(pen, x, y, side) {
    pen.fillStyle = MARK
    pen.beginPath()
    pen.moveTo(x, y)
    pen.lineTo(x + side, y)
    pen.lineTo(x, y + side)
    pen.fill()
  }

  paint() {
    if (!this.wall) return
    const { place, el, z } = this
    const at = (place.pointed?.sample ?? -1) - this.data.first
    const { pin } = place
    const pinned = pin ? z.findIndex(row => row.every((value, k) => value === pin[k])) : -1
    this.put(el.at, at)
    this.put(el.pinned, pinned)
    this.say(at in z ? at : pinned)
    el.at.classList.toggle("top", at >= 0 && at < this.wall.columns)
    if (!el.at.hidden) el.at.firstElementChild.textContent = at + 1
  }

  say(i) {
    const { notes } = this.data
    this.el.note.hidden = !notes.length
    this.el.note.textContent = i in notes ? `${i + 1}: ${notes[i]}` : "Point at a picture for its figures."
  }

  put(frame, i) {
    frame.hidden = !(i >= 0 && i < this.z.length)
    if (frame.hidden) return
    const { tile, tall, pitch, rise, columns } = this.wall
    Object.assign(frame.style, {
      width: `${tile}px`, height: `${tall}px`,
      transform: `translate(${(i % columns) * pitch}px, ${Math.floor(i / columns) * rise}px)`,
    })
  }
}

export default mountable(".wall", Wall)
