/* Maps of several models beside each other: the same image is marked in each, one z is shown by each that has as many dimensions,
   and what a hand looks at or chooses in one map is looked at or chosen in all. All of it lives in the browser: the maps of a page
   find each other by the link's name, and Python hears of what is settled. */

const LIT = 1.7 // px, radius of a point of the group that another map has chosen
const VEIL = 0.8 // of the page's colour over the other points
const SAME = 7 // px, radius of the ring around the same image

/** What the maps of one link share. Of each set of images: which one is under the pointer, which one is marked, and the group. */
class Link {
  constructor() {
    this.maps = new Set()
    this.sets = new Map() // images -> {pointed, marked, group: {from, indices} or null}
  }

  set(images) {
    if (!this.sets.has(images)) this.sets.set(images, { pointed: null, marked: null, group: null })
    return this.sets.get(images)
  }
}

/** A view as seen from a map's own box, which holds all its points: spaces differ in scale, so this is what maps can share. */
export const relativeView = (view, box) => ({ x: (view.x - box.x) / box.half, y: (view.y - box.y) / box.half, half: view.half / box.half })
export const absoluteView = (view, box) => ({ x: box.x + view.x * box.half, y: box.y + view.y * box.half, half: view.half * box.half })

class Linked {
  /** `map` has data, place, points, view, hover, selection and legend. */
  constructor(map) {
    this.map = map
    this.canvas = map.root.querySelector(".linked")
    this.link = null // the Link; null: this map stands alone
    this.given = null // the image that Python said was marked
    this.pin = null // of the place, as far as the others know it
  }

  destroy() {
    this.leave()
    this.unwatch?.()
  }

  leave() {
    this.link?.maps.delete(this.map)
    if (this.set?.group?.from === this.map) this.set.group = null
    for (const other of this.others) other.invalidate()
    this.link = null
  }

  get set() {
    return this.link?.set(this.map.data.link.images)
  }

  get others() {
    return this.link ? [...this.link.maps].filter(map => map !== this.map) : []
  }

  /** Those that show the same images. */
  get alike() {
    return this.others.filter(other => other.data.link.images === this.map.data.link.images)
  }

  /** Those whose z has as many dimensions. */
  get spaces() {
    const { place } = this.map
    return place ? this.others.filter(other => other.place && other.place.data.latent_dim === place.data.latent_dim) : []
  }

  /** Take over what Python says: which maps belong together, and which image is marked, unless it only repeats itself. */
  take(link) {
    if (!link) return this.link && this.leave()
    const shared = (sharedHere().links ??= new Map())
    if (!shared.has(link.name)) shared.set(link.name, new Link())
    const isNew = this.link !== shared.get(link.name)
    if (isNew) this.leave()
    this.link = shared.get(link.name)
    if (isNew) this.join()
    if (link.marked !== this.given) this.set.marked = link.marked
    this.given = link.marked
    this.repoint()
  }

  /** Stand where the others do. */
  join() {
    const { map, link } = this
    const [other] = this.spaces
    link.maps.add(map)
    if (other?.place.pin) map.place.move(other.place.pin)
  }

  /** The map shows another place: hear of what a hand does with it. */
  follow(place) {
    this.unwatch?.()
    this.pin = place?.pin
    this.unwatch = place?.watch(() => this.hear(place))
  }

  /** The pin has moved, or the place has lost sight of the image that the maps share. */
  hear(place) {
    if (!this.link) return
    const { pin } = place
    if (pin !== this.pin) {
      this.pin = pin
      for (const { place: other } of this.spaces) {
        if (pin && !pin.every((value, i) => value === other.pin?.[i])) other.move(pin)
        else if (!pin && other.pin) other.unpin()
      }
    }
    if (!place.pointed) this.repoint()
  }

  // ---- the image

  /** What the place points at: the image under a pointer anywhere, else the one that is marked; null where there is none. */
  get pointed() {
    const { set, map } = this
    const index = set && (set.pointed ?? set.marked)
    return index === null || index === undefined || !map.place?.data.encodes ? null : { split: map.data.split, index }
  }

  /** Have the place point at that image, its z as it is. */
  repoint() {
    const { map, pointed } = this
    if (pointed && map.place?.z && map.place.pointed?.index !== pointed.index) map.place.point(pointed)
    map.invalidate()
  }

  /** The pointer is over an image of this map, by its index, or over none: the others point at it too. */
  point(index) {
    if (!this.link) return
    this.set.pointed = index
    for (const other of this.alike) other.linked.repoint()
  }

  /** The others of as many dimensions show that z; each points at its own code of the image. */
  spread(z) {
    for (const other of this.spaces) other.place.preview(z, other.linked.pointed)
  }

  /** The pointer has gone: all show the pin and the marked image. */
  rest() {
    if (!this.link) return
    this.set.pointed = null
    for (const map of this.link.maps) map.place?.leave(map.linked.pointed)
    for (const map of this.link.maps) map.invalidate()
  }

  /** Mark the image with that index in all maps. */
  mark(index) {
    if (!this.link || index === undefined) return
    Object.assign(this.set, { pointed: null, marked: index })
    for (const map of [this.map, ...this.alike]) map.linked.repoint()
  }

  // ---- looking and choosing together

  look() {
    if (!this.map.data?.link?.views) return
    const view = relativeView(this.map.view, this.map.whole())
    for (const other of this.others) {
      other.view = absoluteView(view, other.whole())
      other.touched = true
      other.invalidate()
    }
  }

  /** The others hide and show the same classes, if they have the same. */
  show(shown) {
    for (const other of this.alike) if (other.data.classes.length === shown.length) other.showOnly(shown)
  }

  /** The images at these positions are chosen here, or none: the others light them, and have no outline of their own. */
  choose(positions) {
    if (!this.link) return
    if (!positions && this.set.group?.from !== this.map) return
    const { indices } = this.map.points ?? {}
    this.set.group = positions && { from: this.map, indices: indices ? positions.map(i => indices[i]) : positions }
    for (const other of this.alike) {
      if (positions && other.selection.outline) other.selection.drop()
      other.invalidate()
    }
  }

  /** Keep as much room for a legend without entries as the others' take: so that the maps are as large as each other. */
  level() {
    for (const { el, linked } of [this.map, ...this.others]) {
      if (!linked.link || el.legend.childElementCount) continue
      const rooms = linked.others.map(other => (other.el.legend.childElementCount ? other.el.legend.offsetHeight : 0))
      Object.assign(el.legend.style, { display: "block", minHeight: `${Math.max(0, ...rooms)}px` })
    }
  }

  // ---- drawing

  /** Where an image lies on this map, [x, y]; null when it is not on it. */
  xyOf(index) {
    const { points } = this.map
    const i = points?.indices ? points.indices.indexOf(index) : index
    return points && i >= 0 && i < points.n ? [points.x[i], points.y[i]] : null
  }

  paint() {
    const { map, canvas, set } = this
    const { view, side, theme, data } = map
    const group = set?.group && set.group.from !== map ? set.group : null
    const index = set ? (set.pointed ?? set.marked) : null
    const painted = [view, side, theme, data.points.key, group, index, set?.pointed, map.points]
    if (this.painted?.every((value, i) => value === painted[i])) return
    this.painted = painted
    const at = index === null ? null : this.xyOf(index)
    map.root.dataset.same = at ? [index, ...at].join(" ") : ""
    map.root.dataset.lit = group ? group.indices.length : ""
    const ratio = window.devicePixelRatio || 1
    canvas.width = canvas.height = Math.round(side * ratio)
    const pen = canvas.getContext("2d")
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    if (group) this.light(pen, group.indices)
    if (at) paintSame(pen, toPixel(view, side, ...at), theme)
  }

  light(pen, indices) {
    const { map } = this
    const { side, theme, points } = map
    pen.fillStyle = faded(theme.paper, VEIL)
    pen.fillRect(0, 0, side, side)
    for (const index of indices) {
      const at = this.xyOf(index)
      if (!at) continue
      const [x, y] = map.px(...at)
      if (x < 0 || y < 0 || x > side || y > side) continue
      pen.fillStyle = map.colourOf(points.labels ? points.labels[points.indices ? points.indices.indexOf(index) : index] : 0)
      pen.fillRect(x - LIT, y - LIT, 2 * LIT, 2 * LIT)
    }
  }
}

/** A ring around the same image, in the accent, with a halo in the page's colour. */
function paintSame(pen, centre, { paper, accent }) {
  const circle = (radius, colour, width) => {
    pen.beginPath()
    pen.arc(...centre, radius, 0, 2 * Math.PI)
    pen.strokeStyle = colour
    pen.lineWidth = width
    pen.stroke()
  }
  circle(SAME, faded(paper, 0.9), 6)
  circle(SAME, accent, 3)
}
