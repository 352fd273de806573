/* The pin: where the place stands when no pointer is on the map. It is put by a click or a tap, dragged, and moved by keys. */

const GRIP = 14 // px within which the pin is gripped
const FINGER = 24 // px, for a finger

class Pin {
  constructor(map) {
    this.map = map
    this.grip = null // [dx, dy] px from the pointer to the pin while it is dragged
  }

  /** May a hand move it? */
  get isMovable() {
    return this.map.data.hand === "pin" && Boolean(this.map.place)
  }

  /** Where it stands on the plane; null when there is none. */
  get xy() {
    const { place, plane } = this.map
    return place?.pin ? project(plane, place.pin) : null
  }

  /** Would a press there grip it? */
  isAt(pixel, pointerType) {
    const { xy } = this
    if (!xy || !this.isMovable) return false
    const [px, py] = this.map.px(...xy)
    return Math.hypot(px - pixel[0], py - pixel[1]) <= (pointerType === "touch" ? FINGER : GRIP)
  }

  hold(pixel) {
    const [px, py] = this.map.px(...this.xy)
    this.grip = [px - pixel[0], py - pixel[1]]
  }

  /** The hand that holds it is at a pixel; it stays on the map. */
  drag(pixel) {
    const within = pixel.map((value, k) => Math.max(0, Math.min(this.map.side, value + this.grip[k])))
    this.move(this.map.zAt(within))
  }

  release() {
    this.grip = null
    this.settle()
  }

  /** A click: on a data point the pin goes to its mu, as far as that is known yet, else to the place under the pointer. */
  put(pixel) {
    const { hover, place } = this.map
    const found = hover.find(pixel)
    const z = found?.z ?? hover.factsOf(found)?.mu
    if (z) place.move(z)
    else this.move(found ? [found.zx, found.zy] : this.map.zAt(pixel))
    this.settle()
  }

  /** To a place on the plane; what the plane does not show of z stays. */
  move(xy) {
    const { place, plane } = this.map
    place.move(lift(plane, place.pin ?? place.z, ...xy))
  }

  settle() {
    this.map.place.settle(this.map.reporter("settled"))
  }

  remove() {
    if (this.isMovable && this.xy) this.map.place.unpin(this.map.reporter("settled"))
  }
}
