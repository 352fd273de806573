/* The map of a frame: points in their classes' colours, the decoded grid beneath them, both turned alike. */

const RADIUS = 2.3 // px of a point
const RINGS = [0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000]

/** a b of two turns [xx, xy, yx, yy]: first a, then b. */
export const after = ([a, b, c, d], [e, f, g, h]) => [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h]

/** What undoes a turn: of an orthogonal one its transpose. */
export const undone = ([xx, xy, yx, yy]) => [xx, yx, xy, yy]

/** How large, in units of z, upright pictures may be on a grid of that spacing when it is turned, none over another. */
export const tileOf = (spacing, [xx, xy]) => spacing * Math.max(Math.abs(xx), Math.abs(xy))

/** Places of the k x k pictures of a grid from -reach to reach, row by row from the top left, turned: [x, y] each. */
export function gridPlacesOf(reach, k, [xx, xy, yx, yy]) {
  const step = i => (k > 1 ? (2 * reach * i) / (k - 1) - reach : 0)
  return Array.from({ length: k * k }, (_, i) => {
    const [x, y] = [step(i % k), -step(Math.floor(i / k))]
    return [x * xx + y * yx, x * xy + y * yy]
  })
}

/** The circle about z = 0 that shows how large a map is: a round number, well inside. */
export const ringOf = half => RINGS.findLast(radius => radius < 0.85 * half) ?? half / 2

/** The k x k pictures side by side on a canvas, as they are. */
function mosaicOnto(canvas, pictures, k) {
  const { height, width } = pictures
  Object.assign(canvas, { width: k * width, height: k * height })
  const rgba = new Uint32Array(canvas.width * canvas.height)
  for (let i = 0; i < k * k; i++) writePixels(rgba, k * width, Math.floor(i / k) * height * k * width + (i % k) * width, pictures, i)
  canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer), canvas.width, canvas.height), 0, 0)
}

class Stage {
  constructor(canvas) {
    this.canvas = canvas
    this.scratch = document.createElement("canvas")
  }

  /** Paint a snapshot. `look`: turn, half, strength of the grid, labels, theme, axes, titles. */
  paint(snapshot, look) {
    const size = this.canvas.clientWidth
    if (!size) return
    const ratio = window.devicePixelRatio || 1
    const sharp = Math.round(size * ratio)
    if (this.canvas.width !== sharp || this.canvas.height !== sharp) this.canvas.width = this.canvas.height = sharp
    const pen = this.canvas.getContext("2d")
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, size, size)
    const scale = size / (2 * look.half)
    const px = x => size / 2 + x * scale
    const py = y => size / 2 - y * scale
    if (look.strength > 0) this.paintGrid(pen, snapshot, look, { px, py, scale: scale * ratio, ratio })
    paintAxes(pen, look, { size, px, py, scale })
    paintPoints(pen, placesOf(snapshot, look.axes, look.turn), look, px, py)
  }

  paintGrid(pen, snapshot, { turn, strength }, { px, py, scale, ratio }) {
    const pictures = picturesOf(snapshot.grid)
    if (!pictures) return
    const { height, width, n } = pictures
    const k = Math.round(Math.sqrt(n))
    if (this.painted !== snapshot) mosaicOnto(this.scratch, pictures, k)
    this.painted = snapshot
    const spacing = k > 1 ? (2 * snapshot.reach) / (k - 1) : 2 * snapshot.reach
    const cell = tileOf(spacing, turn) * scale // device pixels
    const [wide, high] = [(cell * width) / Math.max(height, width), (cell * height) / Math.max(height, width)]
    pen.setTransform(1, 0, 0, 1, 0, 0)
    pen.globalAlpha = strength
    pen.imageSmoothingEnabled = cell < 2 * Math.max(height, width)
    gridPlacesOf(snapshot.reach, k, turn).forEach(([x, y], i) => {
      const [left, right] = [Math.round(px(x) * ratio - wide / 2), Math.round(px(x) * ratio + wide / 2)]
      const [top, bottom] = [Math.round(py(y) * ratio - high / 2), Math.round(py(y) * ratio + high / 2)]
      pen.drawImage(this.scratch, (i % k) * width, Math.floor(i / k) * height, width, height, left, top, right - left, bottom - top)
    })
    pen.globalAlpha = 1
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  }
}

/** The model's own two axes, turned as the points are, and a circle that says how large the map is. */
function paintAxes(pen, { turn: [xx, xy, yx, yy], half, titles, theme }, { size, px, py, scale }) {
  const ring = ringOf(half)
  pen.strokeStyle = faded(theme.ink, 0.28)
  pen.lineWidth = 1
  pen.font = `11px ${theme.font}`
  pen.textBaseline = "middle"
  pen.textAlign = "center"
  for (const [x, y, title] of [[xx, xy, titles[0]], [yx, yy, titles[1]]]) {
    if (!title) continue
    const far = (0.94 * half) / Math.max(Math.abs(x), Math.abs(y))
    pen.beginPath()
    pen.moveTo(px(-far * x), py(-far * y))
    pen.lineTo(px(far * x), py(far * y))
    pen.stroke()
    label(pen, title, px(far * x), py(far * y), theme)
  }
  pen.setLineDash([3, 4])
  pen.beginPath()
  pen.arc(size / 2, size / 2, ring * scale, 0, 2 * Math.PI)
  pen.stroke()
  pen.setLineDash([])
  const slant = Math.SQRT1_2 * ring
  label(pen, `‖z‖ = ${ring}`, px(slant), py(-slant), theme)
}

function label(pen, text, x, y, { ink, paper }) {
  const width = pen.measureText(text).width + 6
  pen.fillStyle = faded(paper, 0.85)
  pen.fillRect(x - width / 2, y - 8, width, 16)
  pen.fillStyle = faded(ink, 0.8)
  pen.fillText(text, x, y)
}

function paintPoints(pen, places, { labels, theme, strength }, px, py) {
  const groups = new Map()
  for (let i = 0; 2 * i < places.length; i++) {
    const label = labels ? labels[i] : -1
    if (!groups.has(label)) groups.set(label, new Path2D())
    const [x, y] = [px(places[2 * i]), py(places[2 * i + 1])]
    groups.get(label).moveTo(x + RADIUS, y)
    groups.get(label).arc(x, y, RADIUS, 0, 2 * Math.PI)
  }
  pen.globalAlpha = 0.85
  pen.strokeStyle = theme.paper
  pen.lineWidth = strength > 0.2 ? 1.4 : 0 // over pictures a point needs an edge
  for (const [label, path] of groups) {
    if (strength > 0.2) pen.stroke(path)
    pen.fillStyle = label < 0 ? theme.accent : theme.classes[label % theme.classes.length]
    pen.fill(path)
  }
  pen.globalAlpha = 1
}
