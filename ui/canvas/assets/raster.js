/* A square of pixels that a pen draws on: its values, and how much of each is covered by what was drawn. */

const MOST_UNDO = 60

export class Raster {
  constructor(side, channels) {
    Object.assign(this, { side, channels })
    this.values = new Uint8Array(side * side * channels)
    this.cover = new Uint8Array(side * side)
    this.past = [] // [values, cover] before each stroke
    this.stroke = null // {values, cover: before it, reach: Float32Array, colour or null}
  }

  /** Take over pixels; what was there can be had again by `undo` if `undoable`. */
  load(values, cover, undoable = false) {
    if (undoable) this.remember()
    this.values = Uint8Array.from(values)
    this.cover = Uint8Array.from(cover)
  }

  remember() {
    this.past.push([this.values.slice(), this.cover.slice()])
    if (this.past.length > MOST_UNDO) this.past.shift()
  }

  undo() {
    const before = this.past.pop()
    if (!before) return false
    ;[this.values, this.cover] = before
    return true
  }

  clear() {
    if (this.isEmpty) return
    this.remember()
    this.values = new Uint8Array(this.values.length)
    this.cover = new Uint8Array(this.cover.length)
  }

  get isEmpty() {
    return !this.cover.some(Boolean)
  }

  /** A stroke begins; `colour` has a value for each channel, null takes away what was drawn. */
  begin(colour) {
    this.remember()
    this.stroke = { colour, values: this.values.slice(), cover: this.cover.slice(), reach: new Float32Array(this.cover.length) }
  }

  /** The stroke goes on from one place to another, in pixels, as a line with round ends, `width` wide, its edge a pixel soft.
      However often a stroke crosses itself, a pixel takes its colour once. */
  line([x0, y0], [x1, y1], width) {
    const { side, channels, stroke } = this
    const radius = width / 2
    const [dx, dy] = [x1 - x0, y1 - y0]
    const length = dx * dx + dy * dy
    const within = (value, most) => Math.max(0, Math.min(most, value))
    const [left, right] = [Math.min(x0, x1) - radius - 1, Math.max(x0, x1) + radius + 1].map(x => within(Math.floor(x), side - 1))
    const [top, bottom] = [Math.min(y0, y1) - radius - 1, Math.max(y0, y1) + radius + 1].map(y => within(Math.floor(y), side - 1))
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const [px, py] = [column + 0.5 - x0, row + 0.5 - y0]
        const t = length ? within((px * dx + py * dy) / length, 1) : 0
        const reach = within(radius + 0.5 - Math.hypot(px - t * dx, py - t * dy), 1)
        const at = row * side + column
        if (reach <= stroke.reach[at]) continue
        stroke.reach[at] = reach
        const goal = stroke.colour ? 255 : 0
        this.cover[at] = Math.round(stroke.cover[at] + reach * (goal - stroke.cover[at]))
        for (let c = 0; c < channels; c++) {
          const before = stroke.values[at * channels + c]
          this.values[at * channels + c] = Math.round(before + reach * ((stroke.colour?.[c] ?? 0) - before))
        }
      }
    }
  }

  end() {
    this.stroke = null
  }
}

/** Bytes as text that JSON can carry. */
export function base64Of(bytes) {
  let text = ""
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  return btoa(text)
}

export const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
