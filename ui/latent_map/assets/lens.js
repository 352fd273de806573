/* What is drawn at the pointer: a lens, k x k decodings of the places around it, or one picture, the decoding of its place. */

const LENS = 5 // tiles a side
const SPREAD = 0.6 // of a tile's size, on the screen, from one place to the next
const PICTURE = 84 // px, about
const ASIDE = 18 // px from the pointer to the picture

/** The corner (left or top) of a box of `size` px that never covers the pointer at `at`: after it, or before it where
    it would stick out of a plot area of `side` px. */
export const besides = (at, size, side) => (at + ASIDE + size <= side ? at + ASIDE : Math.max(0, at - ASIDE - size))

/** The corner of a box of `size` px with the pointer in its middle, but within the plot area. */
export const around = (at, size, side) => Math.max(0, Math.min(side - size, at - size / 2))

/** Size in CSS pixels of one decoded image at the pointer: whole multiples of its own pixels, about `PICTURE` in all. */
export function pictureSize(height, width) {
  const share = PICTURE / Math.max(height, width)
  const scale = share >= 1 ? Math.floor(share) : share
  return [Math.round(width * scale), Math.round(height * scale)]
}

class Lens {
  /** `map` has view, side, plane, place, pointer and tools. */
  constructor(map) {
    this.map = map
    this.canvas = map.root.querySelector(".at-pointer")
    this.scratch = document.createElement("canvas")
    this.mode = "" // what the canvas holds: "", "lens" or "picture"
  }

  destroy() {
    this.unwatch?.()
    if (this.lane !== undefined) this.place.channel.free(this.lane)
    this.lane = undefined
  }

  paint() {
    const { tools, pointer, place } = this.map
    const mode = tools.can.lens && tools.state.lens ? "lens" : tools.can.atPointer && tools.state.atPointer ? "picture" : ""
    if (mode !== this.mode || place !== this.place) this.turn(mode, place)
    if (pointer && mode === "lens") this.ask()
    this.canvas.hidden = !(pointer && this.filled && place.z)
    if (!this.canvas.hidden) this.follow()
  }

  turn(mode, place) {
    this.destroy()
    Object.assign(this, { mode, place })
    this.unwatch = null
    this.filled = false // with something of this mode
    this.asked = null
    this.canvas.classList.toggle("picture", mode === "picture")
    if (mode === "picture") this.unwatch = place.onPicture(answer => this.showPicture(answer))
  }

  showPicture(answer) {
    paintPixels(this.canvas, answer)
    this.size = pictureSize(answer.height, answer.width)
    this.fill()
  }

  /** Ask for the tiles around the pointer, unless they are those that were asked for last. */
  ask() {
    const { place, plane, view, side, pointer } = this.map
    const tile = side < 420 ? 30 : 42
    const [x, y] = toZ(view, side, ...pointer)
    const half = (LENS * SPREAD * tile * view.half) / side
    const z = gridPlaces({ x, y, half }, LENS, plane, place.pin ?? place.z)
    if (this.asked && z.every((value, i) => Math.abs(value - this.asked[i]) < 1e-6)) return
    this.asked = z
    this.lane ??= place.channel.lane()
    const request = { kind: DECODE, model: place.data.model, which: place.label, z, n: LENS * LENS }
    place.channel.ask(this.lane, request, answer => {
      if (this.mode === "lens" && answer.status === 0) this.showTiles(answer, tile)
    })
  }

  showTiles(answer, tile) {
    const size = LENS * tile
    paintMosaic(this.canvas, this.scratch, answer, LENS, size)
    const ratio = this.canvas.width / size
    const pen = this.canvas.getContext("2d")
    pen.save()
    pen.globalCompositeOperation = "source-over"
    pen.scale(ratio, ratio)
    for (const [colour, width] of [["#fff", 3.5], [this.map.theme.accent, 1.5]]) { // around the place that the pointer means
      pen.strokeStyle = colour
      pen.lineWidth = width
      pen.strokeRect((size - tile) / 2, (size - tile) / 2, tile, tile)
    }
    pen.restore()
    this.size = [size, size]
    this.fill()
  }

  fill() {
    const isFirst = !this.filled
    this.filled = true
    Object.assign(this.canvas.style, { width: `${this.size[0]}px`, height: `${this.size[1]}px` })
    if (isFirst) this.map.invalidate()
  }

  follow() {
    const { pointer, side } = this.map
    const put = this.mode === "lens" ? around : besides
    const [x, y] = pointer.map((at, i) => Math.round(put(at, this.size[i], side)))
    this.canvas.style.transform = `translate(${MARGIN.left + x}px, ${MARGIN.top + y}px)`
  }
}
