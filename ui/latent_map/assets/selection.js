/* A group of points: all that lie within an outline, a box or a lasso, that a drag draws. Python is told of the outline and
   of the classes that are shown; which points these are it works out itself. */

const LEAST = 6 // px that a drag must span to be an outline
const STEP = 2 // px between two corners of a lasso
const TOGGLED = 300 // ms without another change of what is shown before the group is reported anew

class Selection {
  constructor(map) {
    this.map = map
    this.outline = null // of the group, on the plane
    this.drawing = null // {mode, corners} while a drag draws one
    this.given = "null" // what Python said last
    this.n = 0 // points in the group
  }

  destroy() {
    clearTimeout(this.timer)
  }

  /** Take over what Python says, unless it only repeats itself: it may not have heard yet what a hand has drawn since. */
  take(group, isOtherPlane) {
    const said = JSON.stringify(group)
    if (isOtherPlane) this.drawing = null
    if (said !== this.given || isOtherPlane) this.set(group)
    this.given = said
  }

  // ---- a drag that draws

  begin(mode, pixel) {
    this.drawing = { mode, corners: [this.map.zAt(pixel)] }
  }

  extend(pixel) {
    const { mode, corners } = this.drawing
    const to = this.map.zAt(pixel)
    if (mode === "box") {
      const [[x, y]] = corners
      corners.splice(1, 3, [to[0], y], to, [x, to[1]])
    } else if (this.pixelsBetween(corners.at(-1), to) >= STEP) corners.push(to)
    if (corners.length > 2) this.map.linked.choose(this.inside(corners))
    this.map.invalidate()
  }

  end() {
    const { corners } = this.drawing
    this.drawing = null
    this.map.invalidate()
    const isTiny = corners.every(corner => this.pixelsBetween(corners[0], corner) < LEAST)
    if (corners.length < 3 || isTiny) return this.clear()
    this.set(simplified(corners))
    this.report()
  }

  cancel() {
    this.drawing = null
    this.count()
  }

  pixelsBetween(one, other) {
    const [[ax, ay], [bx, by]] = [one, other].map(corner => this.map.px(...corner))
    return Math.hypot(ax - bx, ay - by)
  }

  // ---- the group

  set(outline) {
    this.outline = outline
    this.count()
  }

  /** Take the group away. */
  clear() {
    if (!this.outline) return this.count() // what the drag has lit elsewhere
    this.set(null)
    this.report()
  }

  /** Another map has the group now: have none, and do not tell. */
  drop() {
    this.outline = null
    this.count()
  }

  count() {
    const chosen = this.outline && this.inside(this.outline)
    this.n = chosen?.length ?? 0
    this.map.root.dataset.chosen = this.outline ? this.n : ""
    this.map.linked.choose(chosen)
    this.map.invalidate()
  }

  /** Positions of the shown points within an outline. */
  inside(outline) {
    const { points } = this.map
    return points ? positionsInside(outline, points, label => this.map.isShown(label)) : []
  }

  /** Other classes are shown: points of hidden ones are not chosen. */
  recount() {
    if (!this.outline) return
    this.count()
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.report(), TOGGLED) // a double click changes it three times
  }

  report() {
    clearTimeout(this.timer)
    const { legend, key } = this.map
    const shown = legend.shown.every(Boolean) ? null : legend.shown.flatMap((on, label) => (on ? [label] : []))
    this.map.send("group", { polygon: this.outline, shown, points: key })
  }
}
