/* The marks above the points: paths with their ends, drawn samples, and a ring around what is under the pointer. */

const roleColour = (role, theme) => (role === "accent" ? theme.accent : theme.ink)

/** Paint all of them on a canvas that covers the plot area. `paths` and `markers` are as MapPath and MapMarkers. */
function paintMarks(canvas, { view, side, theme, paths, markers, hover }) {
  const ratio = window.devicePixelRatio || 1
  const size = Math.round(side * ratio)
  if (canvas.width !== size) canvas.width = canvas.height = size
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, side, side)
  pen.lineCap = pen.lineJoin = "round"
  const { ink, paper } = theme
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
  for (const { xy, role, position } of paths) {
    if (!xy.length) continue
    const colour = roleColour(role, theme)
    const places = xy.map(place => toPixel(view, side, ...place))
    pen.beginPath()
    places.forEach(place => pen.lineTo(...place))
    stroke(faded(paper, 0.85), 5.5)
    stroke(colour, 2.5, role === "accent" ? [] : [7, 6])
    dot(places[0], 4.5, colour)
    dot(places.at(-1), 4.5, colour)
    if (places[position]) dot(places[position], 7.5, colour)
  }
  for (const { xy } of markers) for (const place of xy) ring(toPixel(view, side, ...place), 4.5, ink)
  if (hover) ring(toPixel(view, side, hover.zx, hover.zy), 7, ink)
}
