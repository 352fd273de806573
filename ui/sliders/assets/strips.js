/* The small pictures along the sliders: what one dimension or direction does, the rest being where it is. They yield to the hand:
   one question at a time, for two of the rows that are in sight and no longer true, those first that wait longest. */

const EVERY = 50 // ms between two questions
const ROWS = 2 // a question: all at once would take half a frame to paint
const [FEWEST, MOST] = [3, 15] // pictures along a slider

/** How many pictures stand on a strip, and how large they are, in the screen's own pixels: a whole multiple of their own
    size where there is room, so that pixels stay squares of one size. An odd number: z = 0 is one of them. */
export function stripLayout(width, height, [, rows, columns], ratio = 1) {
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)]
  const fit = Math.min(high / rows, wide / FEWEST / columns)
  const scale = fit >= 1 ? Math.floor(fit) : fit
  const size = [Math.max(1, Math.round(columns * scale)), Math.max(1, Math.round(rows * scale))]
  const room = Math.min(MOST, Math.floor(wide / size[0]))
  return { n: Math.max(FEWEST, room - (1 - (room % 2))), wide, high, size, smooth: scale < 1 }
}

/** The z of all pictures of some rows, one behind the other: z with each of the row's `values` along its `axis`. */
export function stripBatch(z, rows) {
  const batch = new Float32Array(rows.reduce((sum, { values }) => sum + values.length, 0) * z.length)
  let at = 0
  for (const { axis, values } of rows) {
    for (const value of values) {
      batch.set(axis.write(z, value), at)
      at += z.length
    }
  }
  return batch
}

class Strips {
  /** `rows` have `axis`, `canvas`, `values(n)`: the coordinates along it. */
  constructor(place, rows) {
    this.place = place
    this.lane = place.channel.lane()
    this.rows = rows.map(row => ({ row, axis: row.axis, canvas: row.canvas, visible: false, layout: null, asked: null, turn: 0 }))
    this.scratch = document.createElement("canvas")
    this.askedAt = -Infinity
    this.asking = false
    this.turn = 0 // of questions so far
    const of = new Map(this.rows.map(strip => [strip.canvas, strip]))
    this.sight = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) of.get(target).visible = isIntersecting
      this.want()
    })
    this.sizes = new ResizeObserver(entries => {
      for (const { target, contentRect } of entries) this.measure(of.get(target), contentRect)
      this.want()
    })
    for (const canvas of of.keys()) {
      this.sight.observe(canvas)
      this.sizes.observe(canvas)
    }
    this.unwatch = place.channel.watch(() => this.answered())
  }

  destroy() {
    clearTimeout(this.timer)
    this.sight.disconnect()
    this.sizes.disconnect()
    this.unwatch()
    this.place.channel.free(this.lane)
  }

  measure(strip, { width, height }) {
    strip.layout = width && height ? stripLayout(width, height, this.place.data.image_shape, window.devicePixelRatio) : null
    strip.asked = null
  }

  /** The scale or another model: nothing of what is shown holds. */
  forget() {
    for (const strip of this.rows) strip.asked = null
    this.want()
  }

  /** z may have moved: look after the strips as soon as it is their turn. */
  want() {
    if (this.timer) return
    const turn = this.askedAt + (this.asking ? FORGOTTEN : EVERY)
    this.timer = setTimeout(() => this.ask(), Math.max(0, turn - performance.now()))
  }

  answered() {
    clearTimeout(this.timer)
    this.timer = 0
    this.asking = false
    this.want()
  }

  ask() {
    this.timer = 0
    this.asking = false
    const { place } = this
    const { z, label, channel } = place
    if (channel.status === "down" || channel.status === "connecting") return // its change of status leads here again
    const stale = this.rows.filter(strip => strip.visible && strip.layout && !this.holds(strip))
    if (!stale.length) return
    let room = mostImages(z.length)
    const next = stale.sort((one, other) => one.turn - other.turn).slice(0, ROWS)
    const rows = next.filter(({ layout }) => (room -= layout.n) >= 0)
    if (!rows.length) return
    this.turn++
    for (const strip of rows) {
      strip.turn = this.turn
      strip.asked = { axis: strip.axis, values: strip.row.values(strip.layout.n), z, label }
    }
    const asked = rows.map(strip => strip.asked)
    this.asking = true
    this.askedAt = performance.now()
    const request = { kind: DECODE, model: place.data.model, which: label, z: stripBatch(z, asked) }
    channel.ask(this.lane, request, answer => {
      let first = 0
      rows.forEach((strip, k) => {
        if (answer.status === 0 && strip.asked === asked[k]) this.paint(strip, answer, first)
        first += asked[k].values.length
      })
      this.answered()
    })
  }

  /** True while the strip shows, or is about to show, what it should; its own coordinate makes no difference. */
  holds({ axis, row, layout, asked }) {
    if (!asked || asked.label !== this.place.label || !axis.sameBut(asked.z, this.place.z)) return false
    const [one] = row.values(layout.n)
    return asked.values.length === layout.n && asked.values[0] === one
  }

  paint({ canvas, layout }, answer, first) {
    const { n, wide, high, size, smooth } = layout
    const { height, width, channels, pixels } = answer
    // The n pictures of a row lie one behind the other: as one high picture they are converted and handed over at once.
    const start = first * height * width * channels
    paintPixels(this.scratch, { width, height: n * height, channels, pixels: pixels.subarray(start) })
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high })
    const pen = canvas.getContext("2d")
    pen.clearRect(0, 0, wide, high)
    pen.imageSmoothingEnabled = smooth
    const top = Math.floor((high - size[1]) / 2)
    for (let k = 0; k < n; k++) {
      const left = Math.round(((k + 0.5) * wide) / n - size[0] / 2)
      pen.drawImage(this.scratch, 0, k * height, width, height, left, top, ...size)
    }
    canvas.dataset.n = n
  }
}
