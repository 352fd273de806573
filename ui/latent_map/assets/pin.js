/* The pin: where the place stands when no pointer is on the map. It is put by a click or a tap, dragged, and moved by keys. */

const GRIP = 14 // px within which the pin is gripped
const FINGER = 24 // px, for a finger
const PATIENCE = 1000 // ms that a click on a data point waits for its mu
const SAID = 400 // ms after which a screen reader hears where the pin stands: then the record has come

class Pin {
  constructor(map) {
    this.map = map
    this.element = map.root.querySelector("svg.pin")
    this.said = map.root.querySelector(".said")
    this.grip = null // [dx, dy] px from the pointer to the pin while it is dragged
  }

  destroy() {
    clearTimeout(this.saying)
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

  /** A click: on a data point the pin goes to its mu, at once or as soon as that is known, else to the place under the pointer. */
  put(pixel) {
    const { hover, place, data } = this.map
    const found = hover.find(pixel)
    const z = found?.z ?? hover.factsOf(found)?.mu
    if (z) place.move(z)
    else this.move(found ? [found.zx, found.zy] : this.map.zAt(pixel))
    if (z || found?.index === undefined) return this.settle()
    const { pin } = place
    const { pointer } = this.map
    place.learn({ split: data.split, index: found.index }, PATIENCE, facts => {
      if (place.pin !== pin) return // a hand has moved it since
      if (facts) place.move(facts.mu)
      this.settle()
      if (this.map.pointer && this.map.pointer !== pointer) hover.at(this.map.pointer) // it has gone on: that is shown
    })
  }

  /** To a place on the plane; what the plane does not show of z stays. */
  move(xy) {
    const { place, plane } = this.map
    place.move(lift(plane, place.pin ?? place.z, ...xy))
  }

  settle() {
    this.map.place.settle()
    this.say()
  }

  remove() {
    if (!this.isMovable || !this.xy) return
    this.map.place.unpin()
    this.say()
  }

  /** Tell those who cannot see it, once it rests. */
  say() {
    clearTimeout(this.saying)
    this.saying = setTimeout(() => {
      const { place, data } = this.map
      const [, facts, z] = place.latestRecord ?? []
      this.said.textContent = saidOf(this.xy, data.axes, z === place.pin ? facts : null, data.classes, place.data.counts)
    }, SAID)
  }

  /** Put the pin where it belongs in the view; returns its pixel, also where that is out of view, or null. */
  paint() {
    const { map, xy, element } = this
    const pixel = xy && map.px(...xy)
    const isSeen = pixel && !edgeOf(pixel, map.side, 0)
    element.style.visibility = isSeen ? "visible" : "hidden"
    if (isSeen) element.style.transform = `translate(${MARGIN.left + pixel[0]}px, ${MARGIN.top + pixel[1]}px)`
    map.root.dataset.at = xy ? xy.join(" ") : ""
    map.el.surface.classList.toggle("aim", map.data.hand === "pick" || (this.isMovable && !xy))
    return pixel
  }
}

/** Where the pin stands, for a screen reader: its place on the map, and the data point beside it as far as that is known. */
export function saidOf(xy, axes, facts, classNames, counts) {
  if (!xy) return "No pin: the picture follows the pointer."
  const place = axes.map((axis, k) => `${axis} ${numberText(xy[k])}`).join(", ")
  if (!facts || facts.distance === null) return `Decoded at ${place}.`
  const nearest = `nearest ${splitText(facts.split)} ${pointText(facts, classNames, counts)}, ${numberText(facts.distance)} away`
  return `Decoded at ${place}; ${nearest}.`
}
