/* A layer beneath the points: a number at each place of the map, as tones from the page's own colour to a middling one, with
   lines at the ticks of its scale. First a coarse field, then a fine one. */

const FIELD_SIDE = 512 // px of the picture, whatever the size on the screen
const STROKES = 24 // a side, where the layer has a direction

/** Read the bytes of field_bytes in ui/map_layers.py. */
export function readField(buffer) {
  const [n, hasAngles] = new Uint32Array(buffer, 0, 2)
  if (buffer.byteLength !== 32 + 4 * n * n * (1 + hasAngles)) throw new Error("The layer is cut short.")
  const [low, high, threshold, x, y, half] = new Float32Array(buffer, 8, 6)
  const values = new Float32Array(buffer, 32, n * n)
  const angles = hasAngles ? new Float32Array(buffer, 32 + 4 * n * n, n * n) : null
  return { n, low, high, threshold, x, y, half, values, angles }
}

/** Marks of a layer's scale, [{value, share}]: of a logarithmic one powers of ten, or 1, 2, 5 times these where it is short. */
export function scaleMarks({ low, high, logarithmic }) {
  if (!logarithmic) return ticksOf(low, high).map(value => ({ value, share: (value - low) / (high - low) }))
  const decades = Math.log10(high / low)
  const factors = decades >= 2 ? [1] : decades >= 0.5 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]
  const marks = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const factor of factors) {
      const value = Number((factor * 10 ** power).toPrecision(12))
      if (value >= low && value <= high) marks.push({ value, share: Math.log10(value / low) / decades })
    }
  }
  return marks
}

/** Where each value lies on the scale, from 0 to 1; what is beyond takes the end. */
export function sharesOf({ values, low, high }, logarithmic) {
  const of = logarithmic ? value => Math.log(Math.max(value, 1e-30)) : value => value
  const [start, end] = [of(low), of(high)]
  return Float32Array.from(values, value => Math.max(0, Math.min(1, (of(value) - start) / (end - start))))
}

/** An n x n grid of numbers, its rows from below, blended to side x side ones, whose rows come from the top. */
export function blended(grid, n, side) {
  const at = Array.from({ length: side }, (_, i) => Math.max(0, Math.min(n - 1, ((i + 0.5) * n) / side - 0.5)))
  const found = new Float32Array(side * side)
  for (let row = 0; row < side; row++) {
    const v = n - 1 - at[row]
    const below = Math.min(n - 2, Math.floor(v))
    for (let column = 0; column < side; column++) {
      const left = Math.min(n - 2, Math.floor(at[column]))
      const [s, t] = [at[column] - left, v - below]
      const k = below * n + left
      const low = grid[k] + s * (grid[k + 1] - grid[k])
      found[row * side + column] = low + t * (grid[k + n] + s * (grid[k + n + 1] - grid[k + n]) - low)
    }
  }
  return found
}

/** The picture of a field as RGBA: tones of `ramp`, lines of `ink` at the shares `marks`, a bold one at `edge`, if there is one. */
export function tonesOf(shares, side, ramp, ink, marks, edge) {
  const colours = ramp.map(rgbOf)
  const rgba = new Uint8ClampedArray(4 * side * side)
  const level = share => marks.reduce((count, mark) => count + (share >= mark), 0)
  const levels = Uint8Array.from(shares, level)
  for (let row = 0, i = 0; row < side; row++) {
    for (let column = 0; column < side; column++, i++) {
      const place = shares[i] * (colours.length - 1)
      const base = Math.min(colours.length - 2, Math.floor(place))
      const others = [column ? i - 1 : i, row ? i - side : i, row > 1 ? i - 2 * side : i, column > 1 ? i - 2 : i]
      let line = levels[others[0]] !== levels[i] || levels[others[1]] !== levels[i] ? 0.22 : 0
      if (edge !== null && others.some(other => shares[other] >= edge !== shares[i] >= edge)) line = 0.75
      for (let part = 0; part < 3; part++) {
        const tone = colours[base][part] + (place - base) * (colours[base + 1][part] - colours[base][part])
        rgba[4 * i + part] = tone + line * (ink[part] - tone)
      }
      rgba[4 * i + 3] = 255
    }
  }
  return rgba
}

class FieldLayer {
  /** `onChange` is called when the field or the part that is done has changed; `map` has view, side and theme. */
  constructor(map, onChange) {
    this.map = map
    this.onChange = onChange
    this.canvas = map.el.field.querySelector("canvas")
    this.data = null // as MapLayer.data gives it
    this.field = null // what is shown: of `data`, or until that has come of what was before
    this.share = null // the part of the fine field that is done; null: nothing is under way
    this.trouble = ""
  }

  destroy() {
    this.loading?.abort()
  }

  /** Take what Python says. */
  take(data) {
    if (data?.key === this.data?.key && !this.trouble) return
    this.loading?.abort()
    const isOther = data?.name !== this.data?.name
    this.data = data ?? null
    this.trouble = ""
    this.share = null
    if (isOther) this.field = null // another layer's numbers would be read on this one's scale
    if (data) this.load(data)
    this.onChange()
  }

  async load({ urls }) {
    const { signal } = (this.loading = new AbortController())
    try {
      for (const url of urls) {
        this.share = 0
        const field = await fetchWork(url, signal, share => {
          this.share = share
          this.onChange()
        }).then(readField)
        signal.throwIfAborted()
        this.field = field
        this.share = url === urls.at(-1) ? null : 0
        this.onChange()
      }
    } catch (error) {
      if (signal.aborted) return
      this.trouble = error.message
      this.share = null
      this.onChange()
    }
  }

  get ramp() {
    return scaleOf(this.data, this.map.theme)
  }

  /** What the legend shows; null without a layer. */
  get scale() {
    const { data, field, trouble } = this
    if (!data) return null
    const about = { name: data.name, unit: data.unit, hint: data.hint, colours: this.ramp, trouble }
    if (!field) return { ...about, marks: [] }
    return { ...about, marks: scaleMarks({ ...field, logarithmic: data.logarithmic }) }
  }

  paint() {
    const { field, map, canvas } = this
    canvas.hidden = !field
    if (!field) return
    const { theme } = map
    if (this.drawn?.field !== field || this.drawn.theme !== theme) this.draw(field, theme)
    const { view, side } = map
    const [left, top] = toPixel(view, side, field.x - field.half, field.y + field.half)
    const scale = ((field.half / view.half) * side) / FIELD_SIDE
    canvas.style.transform = `translate(${left}px, ${top}px) scale(${scale})`
  }

  draw(field, theme) {
    this.drawn = { field, theme }
    const { canvas, data } = this
    const { logarithmic } = data
    const ink = rgbOf(theme.ink)
    const shares = sharesOf(field, logarithmic)
    const edge = Number.isFinite(field.threshold) ? (field.threshold - field.low) / (field.high - field.low) : null
    const marks = scaleMarks({ ...field, logarithmic }).map(({ share }) => share)
    const rgba = tonesOf(blended(shares, field.n, FIELD_SIDE), FIELD_SIDE, this.ramp, ink, marks, edge)
    canvas.width = canvas.height = FIELD_SIDE
    const pen = canvas.getContext("2d")
    pen.putImageData(new ImageData(rgba, FIELD_SIDE, FIELD_SIDE), 0, 0)
    canvas.dataset.cells = field.n
    if (field.angles) this.strokes(pen, field, faded(theme.ink, 0.6))
    performance.mark(`layer of ${field.n}`) // for whoever measures
  }

  /** Short strokes the way the picture changes fastest. */
  strokes(pen, { n, angles }, colour) {
    const cell = FIELD_SIDE / STROKES
    pen.strokeStyle = colour
    pen.lineWidth = 1.1
    pen.beginPath()
    for (let row = 0; row < STROKES; row++) {
      for (let column = 0; column < STROKES; column++) {
        const [u, v] = [(column + 0.5) / STROKES, (row + 0.5) / STROKES]
        const angle = angles[Math.floor((1 - v) * n - 1e-6) * n + Math.floor(u * n)]
        const [dx, dy] = [0.33 * cell * Math.cos(angle), -0.33 * cell * Math.sin(angle)]
        pen.moveTo(u * FIELD_SIDE - dx, v * FIELD_SIDE - dy)
        pen.lineTo(u * FIELD_SIDE + dx, v * FIELD_SIDE + dy)
      }
    }
    pen.stroke()
  }
}
