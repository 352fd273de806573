/* What the pointer means: the place under it, which is decoded at once, and the mark or data point there. */

const NEAR = 14 // px within which a point counts as meant
const MARK = 8 // px within which a drawn mark is meant, before any point

class Hover {
  constructor(map) {
    this.map = map
    this.tip = map.root.querySelector(".tip")
    this.found = null // what is under the pointer: {zx, zy, text, and for a point position and index, for a mark sample and z}
    this.facts = null // of the data point that the place says is pointed at
  }

  /** The pointer is at a pixel of the plot area: z there goes to the place at once, all that is drawn waits for the frame. */
  at(pixel) {
    const { place, plane, data, linked } = this.map
    const [x, y] = this.map.zAt(pixel)
    const found = this.find(pixel)
    linked.point(found?.index ?? null)
    if (found?.z) place.preview(found.z, { sample: found.sample })
    else if (place) {
      const pointed = found?.index === undefined ? null : { split: data.split, index: found.index }
      const isCode = plane.isChart && found?.position >= 0
      place.preview(isCode ? plane.codeAt(found.position) : lift(plane, place.pin ?? place.z, x, y), pointed ?? linked.pointed)
    }
    if (place) linked.spread(place.z)
    this.set(found)
  }

  leave() {
    this.set(null)
    if (this.map.linked.link) this.map.linked.rest()
    else this.map.place?.leave()
  }

  set(found) {
    if (found?.text === this.found?.text) return
    this.found = found
    this.map.invalidate()
  }

  /** The nearest drawn mark, else the nearest point that is shown; null when neither is near. */
  find(pixel) {
    const { map } = this
    let first = 0 // draws are numbered through all sets of marks
    for (const { one, xy, z } of map.data.markers) {
      const i = xy.findIndex(([zx, zy]) => Math.hypot(...map.px(zx, zy).map((value, k) => value - pixel[k])) < MARK)
      if (i >= 0) return { zx: xy[i][0], zy: xy[i][1], text: `${one} ${i + 1}`, sample: first + i, z: map.place && z?.[i] }
      first += xy.length
    }
    const position = this.nearest(...map.zAt(pixel))
    if (position < 0) return null
    const { x, y, labels, indices } = map.points
    const index = indices ? indices[position] : position
    const point = { label: labels ? labels[position] : null, index, split: map.data.split }
    const text = pointText(point, map.data.classes, map.place?.data.counts)
    return { zx: x[position], zy: y[position], text, position, index }
  }

  /** Position of the nearest shown point within reach of (zx, zy); -1 when there is none. */
  nearest(zx, zy) {
    const { map } = this
    const reach = map.plane?.isChart ? Infinity : (NEAR * 2 * map.view.half) / map.side // between a chart's points there is nothing
    return nearest(map.cells, zx, zy, reach, label => map.isShown(label))
  }

  /** The place has learned what is known of a data point. */
  learn(facts) {
    this.facts = facts.pointed ? facts : null
    this.map.invalidate()
  }

  /** What is known of a point that was found, once that has come. */
  factsOf(found) {
    const { facts } = this
    return found?.index !== undefined && facts?.index === found.index && facts.split === this.map.data.split ? facts : null
  }

  /** Name what was found, beside it. */
  paint() {
    const { map, tip, found } = this
    tip.hidden = !found
    if (!found) return
    tip.textContent = found.text
    const [px, py] = map.px(found.zx, found.zy)
    const isRight = px > map.side * 0.6 // then the tip lies to the left
    const [x, y] = [MARGIN.left + px + (isRight ? -12 : 12), MARGIN.top + Math.max(0, py - 30)]
    tip.style.transform = `translate(${x}px, ${y}px) translate(${isRight ? "-100%" : "0px"})`
  }

  /** q(z|x) of the point under the pointer: its ellipse of one standard deviation on the plane, {zx, zy, long, short, angle}. */
  get ellipse() {
    const facts = this.factsOf(this.found)
    const { plane } = this.map
    if (!facts?.sigma || plane.isChart) return null
    const [zx, zy] = project(plane, facts.mu)
    return { zx, zy, ...ellipseOf(covariance(plane, facts.sigma)) }
  }
}
