/* The board: where the hand draws. Pointer and keys become strokes on a raster, which is painted over what lies beneath. */

const STEP = 28 // a key moves the cursor by this part of the board
const SCREEN = 448 // pixels of the canvas, at least: a raster's pixels are painted as squares

class Board {
  /** `changed(isResting)` is called with each change, and with true when the hand rests. */
  constructor(canvas, changed) {
    this.canvas = canvas
    this.changed = changed
    this.raster = new Raster(8, 1)
    this.width = 2
    this.colour = [255] // null: the eraser
    this.under = null // an answer whose first picture lies beneath
    this.veil = null // [r, g, b] of what is covered, where it hides and does not show its own values
    this.cursor = null // [x, y] in pixels of the raster, once keys move it
    this.isDown = false // the pen of the keyboard
    canvas.onpointerdown = event => this.down(event)
    onMove(canvas, event => this.move(event))
    canvas.onpointerup = canvas.onpointercancel = () => this.up()
    canvas.onkeydown = event => this.key(event)
    canvas.onblur = () => this.lift()
    canvas.oncontextmenu = event => event.preventDefault()
  }

  at(event) {
    const { left, top, width } = this.canvas.getBoundingClientRect()
    const scale = this.raster.side / width
    return [(event.clientX - left) * scale, (event.clientY - top) * scale]
  }

  down(event) {
    if (event.button !== 0 && event.button !== 5) return
    event.preventDefault()
    this.canvas.focus({ preventScroll: true })
    this.canvas.setPointerCapture(event.pointerId)
    this.lift()
    this.cursor = null
    this.last = this.at(event)
    this.raster.begin(event.button === 5 ? null : this.colour) // 5 is the other end of a stylus
    this.raster.line(this.last, this.last, this.width)
    this.paint()
    this.changed(false)
  }

  move(event) {
    if (!this.last) return
    for (const part of event.getCoalescedEvents?.() ?? [event]) this.draw(this.at(part))
    this.draw(this.at(event))
    this.paint()
    this.changed(false)
  }

  draw(place) {
    this.raster.line(this.last, place, this.width)
    this.last = place
  }

  up() {
    if (!this.last) return
    this.last = null
    this.raster.end()
    this.changed(true)
  }

  /** Arrows move a cursor, with Shift in small steps; the space bar puts the pen down and lifts it. */
  key(event) {
    if (event.altKey) return
    const { raster } = this
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() !== "z") return
      event.preventDefault()
      return this.undo()
    }
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
    const { key } = event
    if (!(key in moves) && ![" ", "Escape", "Delete"].includes(key)) return
    if (key === "Escape" && !this.isDown) return
    event.preventDefault()
    this.cursor ??= [raster.side / 2, raster.side / 2]
    if (key === "Delete") return this.clear()
    if (key === "Escape" || (key === " " && this.isDown)) return this.lift()
    if (key === " ") {
      this.isDown = true
      raster.begin(this.colour)
      raster.line(this.cursor, this.cursor, this.width)
    } else {
      const step = (raster.side / STEP) * (event.shiftKey ? 0.25 : 1)
      const before = this.cursor
      this.cursor = before.map((value, k) => Math.max(0, Math.min(raster.side, value + step * moves[key][k])))
      if (this.isDown) raster.line(before, this.cursor, this.width)
    }
    this.paint()
    if (this.isDown) this.changed(false)
  }

  lift() {
    if (!this.isDown) return
    this.isDown = false
    this.raster.end()
    this.paint()
    this.changed(true)
  }

  undo() {
    this.lift()
    if (!this.raster.undo()) return
    this.paint()
    this.changed(true)
  }

  clear() {
    this.lift()
    this.raster.clear()
    this.paint()
    this.changed(true)
  }

  // ---- drawing

  paint() {
    const { raster, canvas, under, veil } = this
    const { side, channels, values, cover } = raster
    const rgba = new Uint8ClampedArray(4 * side * side)
    for (let i = 0; i < side * side; i++) {
      const shown = under || veil ? cover[i] / 255 : 1
      for (let c = 0; c < 3; c++) {
        const below = under ? under.pixels[i * under.channels + (under.channels === 3 ? c : 0)] : 0
        const above = veil ? veil[c] : values[i * channels + (channels === 3 ? c : 0)]
        rgba[4 * i + c] = below + shown * (above - below)
      }
      rgba[4 * i + 3] = 255
    }
    const scale = Math.max(1, Math.ceil(SCREEN / side))
    if (canvas.width !== side * scale) canvas.width = canvas.height = side * scale
    const pen = canvas.getContext("2d")
    this.small ??= document.createElement("canvas")
    if (this.small.width !== side) this.small.width = this.small.height = side
    this.small.getContext("2d").putImageData(new ImageData(rgba, side, side), 0, 0)
    pen.imageSmoothingEnabled = false
    pen.drawImage(this.small, 0, 0, side * scale, side * scale)
    if (this.cursor) this.paintCursor(pen, scale)
  }

  paintCursor(pen, scale) {
    const [x, y] = this.cursor.map(value => value * scale)
    for (const [colour, width] of [["#000", 4], ["#fff", 1.5]]) {
      pen.beginPath()
      pen.arc(x, y, Math.max(4, (this.width * scale) / 2), 0, 2 * Math.PI)
      for (const [dx, dy] of [[-1, 0], [1, 0], [0, -1], [0, 1]]) {
        pen.moveTo(x + 4 * dx, y + 4 * dy)
        pen.lineTo(x + 12 * dx, y + 12 * dy)
      }
      pen.strokeStyle = colour
      pen.lineWidth = this.isDown ? 1.5 * width : width
      pen.stroke()
    }
  }
}
