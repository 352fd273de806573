/* A few z, a row each, as every class, a column each: one request for all, whenever z has moved. */

const CELL_GAP = 2 // px between two pictures
const [LEAST_CELL, MOST_CELL] = [24, 64] // px of a picture's width
const BEFORE = 44 // px of the rows' names

/** How pictures of that shape fill `room` px: {wide, tall, across, down, width, height}; across and down from one to the next. */
export function gridOf(room, rows, columns, [, height, width]) {
  const wide = Math.max(LEAST_CELL, Math.min(MOST_CELL, (room - BEFORE + CELL_GAP) / columns - CELL_GAP))
  const tall = (wide * height) / width
  const [across, down] = [wide + CELL_GAP, tall + CELL_GAP]
  return { wide, tall, across, down, rows, columns, width: columns * across - CELL_GAP, height: rows * down - CELL_GAP }
}

/** The z of the rows one behind the other: added to z, or as they are. */
export const styleBatch = (z, rows, relative) =>
  Float32Array.from(rows.flatMap(row => row.map((value, i) => (relative ? z[i] + value : value))))

class ClassGrid extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["heads", "styles", "cells", "here", "at", "said"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.canvas = root.querySelector("canvas")
    this.scratch = document.createElement("canvas")
    this.cursor = [0, 0] // row and column
    const { cells } = this.el
    cells.onpointermove = event => event.pointerType !== "touch" && this.point(this.under(event))
    cells.onpointerleave = () => this.point(null)
    cells.onclick = event => this.settleOn(this.under(event))
    cells.onkeydown = event => this.key(event)
    cells.onblur = () => this.point(null)
    this.onWidth(() => this.lay())
  }

  draw({ rows, names, classes, colours }) {
    this.colours = themeAt(this.root, colours).classes
    const label = `${rows.length} styles down, ${classes.length} classes across. Arrow keys walk, Enter takes both.`
    this.el.cells.setAttribute("aria-label", label)
    this.el.heads.replaceChildren(...classes.map((name, i) => {
      const head = Object.assign(document.createElement("span"), { title: name })
      const dot = document.createElement("i")
      dot.style.setProperty("--colour", this.colours[i % this.colours.length])
      head.append(dot, name)
      return head
    }))
    this.el.styles.replaceChildren(...names.map(name => Object.assign(document.createElement("span"), { textContent: name })))
    this.asked = null
    this.lay()
    if (this.lane !== undefined) this.want()
  }

  listen(place) {
    this.lane = place.channel.lane()
    this.asked = null
    this.want()
    return [
      place.watch(() => this.want()),
      place.channel.watch(() => this.want()),
      this.tells(place),
      () => {
        place.channel.free(this.lane)
        this.lane = undefined
      },
    ]
  }

  /** Ask for the pictures, if they are no longer those of z. */
  want() {
    const { place, data } = this
    this.root.toggleAttribute("data-down", place.channel.status === "down")
    this.invalidate()
    const { z } = place
    if (!z || (this.asked && (this.asked === z || !data.relative))) return
    this.asked = z
    const request = { kind: DECODE, model: place.data.model, which: EVERY_CLASS, z: styleBatch(z, data.rows, data.relative) }
    place.channel.ask(this.lane, request, answer => {
      if (answer.status !== 0) return
      this.answer = answer
      this.shown = z
      this.drawPictures()
    })
  }

  // ---- what a hand does

  under(event) {
    if (!this.grid) return null
    const { left, top } = this.el.cells.getBoundingClientRect()
    const { across, down, rows, columns } = this.grid
    const [row, column] = [Math.floor((event.clientY - top) / down), Math.floor((event.clientX - left) / across)]
    return row >= 0 && row < rows && column >= 0 && column < columns ? [row, column] : null
  }

  point(cell) {
    this.pointed = cell
    this.invalidate()
  }

  settleOn(cell) {
    if (!cell || !this.shown) return
    this.cursor = cell
    const [row, label] = cell
    const { data, place } = this
    place.move(styleBatch(this.shown, [data.rows[row]], data.relative)) // what was clicked is what was shown
    place.choose(label)
    this.settle()
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (by) {
      const [rows, columns] = [this.data.rows.length, this.data.classes.length]
      const [row, column] = this.cursor.map((at, i) => at + by[i])
      this.cursor = [Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))]
      this.point(this.cursor)
      this.el.said.textContent = `${this.data.names[this.cursor[0]]}, ${this.data.classes[this.cursor[1]]}`
    } else if (event.key === "Enter" || event.key === " ") this.settleOn(this.cursor)
    else return
    event.preventDefault()
  }

  // ---- drawing

  lay() {
    const room = this.root.clientWidth - 6 // its padding
    if (!this.data || !this.place || room <= 0) return
    const { rows, classes } = this.data
    const grid = (this.grid = gridOf(room, rows.length, classes.length, this.place.data.image_shape))
    const { across, down, wide, tall } = grid
    Object.assign(this.el.cells.style, { width: `${grid.width}px`, height: `${grid.height}px` })
    ;[...this.el.heads.children].forEach((head, i) => Object.assign(head.style, { left: `${i * across}px`, width: `${wide}px` }))
    ;[...this.el.styles.children].forEach((name, i) => (name.style.top = `${i * down + tall / 2}px`))
    this.drawPictures()
    this.invalidate()
  }

  drawPictures() {
    const { grid, answer, canvas } = this
    if (!grid || !answer || answer.n !== grid.rows * grid.columns) return
    const { height, width, channels, pixels } = answer
    const ratio = crispRatio(grid.wide, width)
    const [wide, tall, gap] = [grid.wide, grid.tall, CELL_GAP].map(px => Math.round(px * ratio))
    canvas.width = grid.columns * (wide + gap) - gap
    canvas.height = grid.rows * (tall + gap) - gap
    paintPixels(this.scratch, { width, height: answer.n * height, channels, pixels })
    const pen = canvas.getContext("2d")
    pen.imageSmoothingEnabled = false
    for (let i = 0; i < answer.n; i++) {
      const [x, y] = [(i % grid.columns) * (wide + gap), Math.floor(i / grid.columns) * (tall + gap)]
      pen.drawImage(this.scratch, 0, i * height, width, height, x, y, wide, tall)
    }
    this.root.dataset.state = "ready"
  }

  paint() {
    if (!this.grid || !this.place?.z) return
    const { place, data } = this
    const row = data.relative ? data.rows.findIndex(move => move.every(value => value === 0))
      : data.rows.findIndex(z => z.every((value, i) => Math.fround(value) === place.z[i]))
    this.put(this.el.here, row >= 0 ? [row, place.label] : null)
    this.put(this.el.at, this.pointed ?? null)
    ;[...this.el.heads.children].forEach((head, i) => head.classList.toggle("chosen", i === place.label))
  }

  put(frame, cell) {
    frame.hidden = !cell
    if (!cell) return
    const { across, down, wide, tall } = this.grid
    Object.assign(frame.style, {
      width: `${wide}px`, height: `${tall}px`, transform: `translate(${cell[1] * across}px, ${cell[0] * down}px)`,
    })
  }
}

export default mountable(".class-grid", ClassGrid)
