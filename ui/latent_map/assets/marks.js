/* The marks above the points: where there are none, how far the prior reaches; the chosen group, paths with their ends, drawn
   samples, the posterior of the point under the pointer with a ring around it, and the way to a pin out of view. */

const DIM = 0.62 // of the page's colour over what is not in the group
const END = 8 // px, radius of a path's ends, which hold a letter
const SIGMAS = [1, 2, 3] // of the prior
const ARROW = 13 // px from the edge to the tip of the arrow that points to the pin

const roleColour = (role, theme) => (role === "accent" ? theme.accent : theme.ink)
const lineColour = ({ role, colour }, theme) => colour || roleColour(role, theme)
const lineDash = ({ role, colour, dash }) => (colour ? dash : role === "accent" ? [] : [7, 6])

class Marks {
  /** `map` has view, side, theme, data, place, hover, selection and pin. */
  constructor(map) {
    this.map = map
    this.canvas = map.root.querySelector(".above")
  }

  /** Paint them anew where anything of them has changed. */
  paint() {
    const { view, side, theme, data, hover, selection, place, pin, plane } = this.map
    const lit = place?.pointed?.sample
    const { outline, n, drawing } = selection
    const painted = [view, side, theme, data, place?.pin, place?.brought, lit, hover.found, hover.facts, outline, n, drawing && {}]
    if (this.painted?.every((value, i) => value === painted[i])) return
    this.painted = painted
    const at = pin.paint()
    paintMarks(this.canvas, {
      view, side, theme, prior: place && !place.data.encodes && plane, paths: data.paths, markers: data.markers, lit, group: outline, n, drawing: drawing?.corners,
      found: hover.found, ellipse: hover.ellipse, brought: (plane?.isChart ? [] : place?.brought ?? []).map(code => codeOn(plane, code)), pin: at,
    })
  }
}

/** Paint all of them on a canvas that covers the plot area. `prior` is the plane when its rings are to be drawn, `paths` and `markers` are as MapPath and MapMarkers, `group` and
    `drawing` are outlines, `n` is how many points the group has, `found` and `ellipse` are the Hover's, `brought` is what
    `codeOn` gives, `pin` is a pixel. */
function paintMarks(canvas, marks) {
  const { view, side, theme, prior, paths, markers, group, drawing, n, found, ellipse, brought, lit, pin } = marks
  const ratio = window.devicePixelRatio || 1
  const size = Math.round(side * ratio)
  if (canvas.width !== size) canvas.width = canvas.height = size
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, side, side)
  pen.lineCap = pen.lineJoin = "round"
  const { ink, paper, accent } = theme
  const stroke = (colour, width, dash = []) => {
    pen.setLineDash(dash)
    pen.strokeStyle = colour
    pen.lineWidth = width
    pen.stroke()
  }
  const circle = (centre, radius) => {
    pen.beginPath()
    pen.arc(...centre, radius, 0, 2 * Math.PI)
  }
  const ring = (centre, radius, colour) => {
    circle(centre, radius)
    stroke(faded(paper, 0.85), 4)
    stroke(colour, 1.75)
  }
  const dot = (centre, radius, colour) => {
    circle(centre, radius)
    stroke(paper, 3)
    pen.fillStyle = colour
    pen.fill()
  }
  const trace = places => {
    pen.beginPath()
    for (const place of places) pen.lineTo(...toPixel(view, side, ...place))
  }
  for (const sigma of prior ? SIGMAS : []) {
    circle(toPixel(view, side, ...project(prior, new Float32Array(prior.a.length))), (sigma * side) / (2 * view.half))
    stroke(faded(ink, 0.35), 1, [3, 4])
  }
  if (group) {
    trace(group)
    pen.closePath()
    pen.rect(0, 0, side, side) // with it, the even-odd rule fills what is outside of the group
    pen.fillStyle = faded(paper, DIM)
    pen.fill("evenodd")
  }
  for (const outline of [group, drawing]) {
    if (!outline) continue
    trace(outline)
    pen.closePath()
    stroke(faded(paper, 0.85), 3.5)
    stroke(accent, 1.5, outline === drawing ? [5, 4] : [])
  }
  if (group) paintCount(pen, group.map(place => toPixel(view, side, ...place)), n, side, theme)
  for (const path of paths) {
    const { xy } = path
    if (!xy.length) continue
    const colour = lineColour(path, theme)
    trace(xy)
    stroke(faded(paper, 0.85), 5.5)
    stroke(colour, 2.5, lineDash(path))
    const at = i => toPixel(view, side, ...xy[i])
    const endColour = path.colour ? ink : colour // they belong to all of the paths
    dot(at(0), END, endColour)
    dot(at(xy.length - 1), END, endColour)
    paintLetter(pen, "A", at(0), theme)
    paintLetter(pen, "B", at(xy.length - 1), theme)
  }
  for (const { xy, role } of markers) for (const place of xy) ring(toPixel(view, side, ...place), 4.5, roleColour(role, theme))
  const at = markers.flatMap(({ xy, z }) => (z ? xy : xy.map(() => null)))[lit]
  if (at) dot(toPixel(view, side, ...at), 6, accent)
  if (ellipse) paintEllipse(pen, ellipse, view, side, stroke, theme)
  for (const code of brought) {
    const colour = roleColour(code.role, theme)
    const isSpread = code.long !== undefined
    dot(toPixel(view, side, code.zx, code.zy), isSpread ? 2 : 4.5, colour)
    if (isSpread) paintEllipse(pen, code, view, side, stroke, { ink: colour, paper })
  }
  if (found) ring(toPixel(view, side, found.zx, found.zy), 7, ink)
  const edge = pin && edgeOf(pin, side, ARROW)
  if (edge) paintArrow(pen, edge, theme)
}

/** One letter in a dot, its middle there. */
function paintLetter(pen, letter, [x, y], { paper, font }) {
  pen.font = `600 11px ${font}`
  pen.fillStyle = paper
  pen.textBaseline = "alphabetic"
  const { width, actualBoundingBoxAscent } = pen.measureText(letter)
  pen.fillText(letter, x - width / 2, y + actualBoundingBoxAscent / 2)
}

/** How many points the group has, above its outline as far as there is room. */
function paintCount(pen, corners, n, side, { ink, paper, font }) {
  const text = `${n.toLocaleString("en")} chosen`
  const [left, right] = [0, 1].map(end => Math[end ? "max" : "min"](...corners.map(corner => corner[0])))
  const top = Math.min(...corners.map(corner => corner[1]))
  if (right < 0 || left > side || Math.max(...corners.map(corner => corner[1])) < 0 || top > side) return
  pen.font = `600 12px ${font}`
  const width = pen.measureText(text).width + 14
  const x = Math.max(4, Math.min(side - width - 4, (left + right - width) / 2))
  const y = Math.max(4, Math.min(side - 24, top - 26))
  pen.beginPath()
  pen.roundRect(x, y, width, 20, 5)
  pen.fillStyle = ink
  pen.fill()
  pen.fillStyle = paper
  pen.textBaseline = "middle"
  pen.fillText(text, x + 7, y + 10.5)
}

/** Where a code {mu, sigma or null, role} lies on the plane, and its ellipse there if it has a spread. */
function codeOn(plane, { mu, sigma, role }) {
  const [zx, zy] = project(plane, mu)
  return { zx, zy, role, ...(sigma && ellipseOf(covariance(plane, sigma))) }
}

/** One and two standard deviations of q(z|x). */
function paintEllipse(pen, { zx, zy, long, short, angle }, view, side, stroke, { ink, paper }) {
  const centre = toPixel(view, side, zx, zy)
  const scale = side / (2 * view.half)
  for (const deviations of [1, 2]) {
    const radii = [long, short].map(axis => Math.max(0.5, deviations * axis * scale))
    pen.beginPath()
    // The angle turns anticlockwise on the plane, clockwise on a canvas.
    pen.ellipse(...centre, ...radii, -angle, 0, 2 * Math.PI)
    stroke(faded(paper, 0.7), 3)
    stroke(faded(ink, deviations === 1 ? 0.9 : 0.55), 1.25)
  }
}

function paintArrow(pen, { at, angle }, { ink, paper }) {
  pen.save()
  pen.translate(...at)
  pen.rotate(angle)
  pen.beginPath()
  for (const corner of [[9, 0], [-6, -7], [-2.5, 0], [-6, 7]]) pen.lineTo(...corner)
  pen.closePath()
  pen.setLineDash([])
  pen.strokeStyle = paper
  pen.lineWidth = 3.5
  pen.stroke()
  pen.fillStyle = ink
  pen.fill()
  pen.restore()
}
