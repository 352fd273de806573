/* The decoded grid: what the model draws at k x k places of the view, beneath the points. Coarse first where decoding is slow,
   fine when the view rests; while the view moves, the picture there is moves and scales with it. */

const TILE = 30 // px of a tile, about
const COARSE = 8 // tiles a side that are quick with any decoder
const MIDDLE = 16
const CALM = 90 // ms without a change before the fine grid is asked for
const QUICK = 80 // ms that a fine grid may take for a coarse one before it to be a mere flicker
const MOST_PIXELS = 1024 // a side, of all the tiles together as the model draws them

/** Tiles a side of a grid on a plot area of `side` pixels, for images (C, H, W) and D latent dimensions. */
export function finestGrid(side, [, height, width], latentDim) {
  const most = Math.min(MOST_PIXELS / Math.max(height, width), Math.sqrt(mostImages(latentDim)))
  return Math.max(1, Math.floor(Math.min(Math.round(side / TILE), most)))
}

/** z (k * k x D) at the middles of the k x k cells of a view, row by row from the top left; off the plane as in `base`. */
export function gridPlaces({ x, y, half }, k, plane, base) {
  const start = lift(plane, base, 0, 0)
  const { a, b } = plane
  const D = start.length
  const z = new Float32Array(k * k * D)
  for (let row = 0, at = 0; row < k; row++) {
    const v = y + half * (1 - (2 * row + 1) / k)
    for (let column = 0; column < k; column++) {
      const u = x + half * ((2 * column + 1) / k - 1)
      for (let i = 0; i < D; i++) z[at++] = start[i] + u * a[i] + v * b[i]
    }
  }
  return z
}

/** The k x k images of an answer side by side as RGBA, {rgba, side}; each upright in a square cell, the rest transparent. */
export function mosaicOf(answer, k) {
  const { height, width } = answer
  const cell = Math.max(height, width)
  const side = k * cell
  const rgba = new Uint32Array(side * side)
  const [top, left] = [(cell - height) >> 1, (cell - width) >> 1]
  for (let i = 0; i < k * k; i++) {
    writePixels(rgba, side, (Math.floor(i / k) * cell + top) * side + (i % k) * cell + left, answer, i)
  }
  return { rgba: new Uint8ClampedArray(rgba.buffer), side }
}

/** Fill a canvas of `size` CSS pixels with the k x k images of an answer; pixels that come out large stay squares. */
function paintMosaic(canvas, scratch, answer, k, size) {
  const { rgba, side } = mosaicOf(answer, k)
  if (scratch.width !== side) scratch.width = scratch.height = side
  scratch.getContext("2d").putImageData(new ImageData(rgba, side, side), 0, 0)
  const sharp = Math.round(size * (window.devicePixelRatio || 1))
  if (canvas.width !== sharp || canvas.height !== sharp) canvas.width = canvas.height = sharp
  const pen = canvas.getContext("2d")
  pen.globalCompositeOperation = "copy" // nothing of the last picture stays
  pen.imageSmoothingEnabled = sharp < 2 * side
  pen.drawImage(scratch, 0, 0, sharp, sharp)
}

/** Do two grids show the same slice of latent space, up to rounding? */
export function sameSlice(one, other) {
  if (one.model !== other.model || one.which !== other.which) return false
  if (one.plane !== other.plane) {
    for (const name of ["a", "b", "centre"]) if (String(one.plane[name]) !== String(other.plane[name])) return false
  }
  return one.rest.every((value, i) => Math.abs(value - other.rest[i]) < 1e-4)
}

const sameView = (one, other) => one.x === other.x && one.y === other.y && one.half === other.half

class DecodedGrid {
  /** `map` has view, side, plane, place and tools. */
  constructor(map) {
    this.map = map
    this.canvas = map.root.querySelector(".beneath canvas")
    this.scratch = document.createElement("canvas")
    this.wanted = null // {number, model, which, plane, rest, view, side, fine}: the grid that the map should show
    this.painted = null // {wanted, k}: the one it shows
    this.took = Infinity // ms that the last fine grid was under way
    this.place = null // whose lanes these are
    this.lanes = []
    this.number = 0 // of grids wanted so far
  }

  destroy() {
    this.stop()
    for (const lane of this.lanes) this.place.channel.free(lane)
    this.lanes = []
  }

  /** Bring the picture to where it belongs in the present view, and ask for another one where that has changed. */
  paint() {
    const { place, tools, side, el } = this.map
    if (place !== this.place) this.destroy()
    this.place = place
    const isOn = tools.can.grid && tools.state.grid && side > 0
    if (isOn) this.want()
    else this.stop()
    const { opacity } = tools.state
    el.points.style.setProperty("--crowd", this.painted ? 1 - 0.5 * opacity : 1) // points step back behind the pictures
    this.canvas.hidden = !this.painted
    if (this.painted) this.follow(opacity)
  }

  stop() {
    clearTimeout(this.timer)
    this.wanted = this.painted = null
  }

  follow(opacity) {
    const { view, side } = this.map
    const { view: then, side: size } = this.painted.wanted
    const [left, top] = toPixel(view, side, then.x - then.half, then.y + then.half)
    const scale = ((then.half / view.half) * side) / size
    Object.assign(this.canvas.style, {
      width: `${size}px`, height: `${size}px`, transform: `translate(${left}px, ${top}px) scale(${scale})`, opacity,
    })
  }

  want() {
    const { place, plane, view, side } = this.map
    const before = this.wanted
    const fine = finestGrid(side, place.data.image_shape, plane.a.length)
    const rest = lift(plane, place.pin ?? place.z, 0, 0)
    const wanted = { number: 0, model: place.data.model, which: place.label, plane, rest, view, side, fine }
    const isSlice = before && sameSlice(before, wanted)
    if (isSlice && sameView(before.view, view) && before.side === side) return
    if (before && before.model !== wanted.model) this.stop()
    this.wanted = wanted
    wanted.number = this.number++
    clearTimeout(this.timer)
    const isQuick = this.took < QUICK
    if (before && !isSlice) this.ask(wanted, [Math.min(fine, isQuick ? MIDDLE : COARSE)]) // a hand may be on a slider
    const steps = isQuick ? [fine] : [COARSE, MIDDLE].filter(k => k < fine).concat(fine)
    this.timer = setTimeout(() => this.ask(wanted, steps), before ? CALM : 0)
  }

  /** Ask for the first of `steps`, numbers of tiles a side, and when it has come for the next ones, unless all has changed. */
  ask(wanted, [k, ...finer]) {
    const { channel } = this.map.place
    while (this.lanes.length < 3) this.lanes.push(channel.lane()) // coarse, middle, fine: none waits for a larger one
    const lane = this.lanes[k <= COARSE ? 0 : k <= MIDDLE ? 1 : 2]
    const { model, which, view, plane, rest } = wanted
    const request = { kind: DECODE, model, which, z: gridPlaces(view, k, plane, rest), n: k * k }
    channel.ask(lane, request, answer => {
      if (this.wanted?.model !== model || answer.status !== 0) return
      if (k === wanted.fine) this.took = answer.roundTrip
      const shown = this.painted
      const isNewer = !shown || wanted.number > shown.wanted.number || (wanted === shown.wanted && k > shown.k)
      if (isNewer) this.show(wanted, k, answer)
      if (finer.length && wanted === this.wanted) this.ask(wanted, finer)
    })
  }

  show(wanted, k, answer) {
    paintMosaic(this.canvas, this.scratch, answer, k, wanted.side)
    const { x, y, half } = wanted.view
    Object.assign(this.canvas.dataset, { tiles: k, view: [x, y, half].join(" ") })
    this.painted = { wanted, k }
    this.paint()
  }
}
