/* The arithmetic of the latent map, free of the page: tested by `node --test tests/js/`. A view is a square of z with
   centre (x, y) and half a side `half`; a plot area is a square of `side` pixels, (0, 0) at its top left. */

const NONE = -1

/** Read the bytes of MapPoints: three uint32 (n, has indices, has labels), x, y, [indices], [labels], little-endian. */
export function decodePoints(buffer) {
  if (buffer.byteLength < 12) throw new Error("The points are cut short.")
  const [n, hasIndices, hasLabels] = new Uint32Array(buffer, 0, 3)
  const size = 8 + (hasIndices ? 4 : 0) + (hasLabels ? 1 : 0)
  if (buffer.byteLength !== 12 + n * size) throw new Error("The points are cut short.")
  const x = new Float32Array(buffer, 12, n)
  const y = new Float32Array(buffer, 12 + 4 * n, n)
  const indices = hasIndices ? new Uint32Array(buffer, 12 + 8 * n, n) : null
  const labels = hasLabels ? new Uint8Array(buffer, 12 + (hasIndices ? 12 : 8) * n, n) : null
  return { n, x, y, indices, labels }
}

/** Coordinates of each class, in the order of the labels; all in one group when there are none. */
export function groupByClass({ n, x, y, labels }, nClasses) {
  if (!labels) return [{ x, y }]
  const sizes = new Uint32Array(nClasses)
  for (const label of labels) sizes[label]++
  const groups = Array.from(sizes, size => ({ x: new Float32Array(size), y: new Float32Array(size), filled: 0 }))
  for (let i = 0; i < n; i++) {
    const group = groups[labels[i]]
    group.x[group.filled] = x[i]
    group.y[group.filled++] = y[i]
  }
  return groups.map(group => ({ x: group.x, y: group.y }))
}

/** Smallest and largest x and y; null without points. */
export function extentOf({ n, x, y }) {
  if (!n) return null
  let [x0, x1, y0, y1] = [x[0], x[0], y[0], y[0]]
  for (let i = 1; i < n; i++) {
    if (x[i] < x0) x0 = x[i]
    else if (x[i] > x1) x1 = x[i]
    if (y[i] < y0) y0 = y[i]
    else if (y[i] > y1) y1 = y[i]
  }
  return { x0, x1, y0, y1 }
}

/** The extent grown by all marks' places; null stays null, as without points the view is the prior's. */
export function withMarks(extent, markers) {
  return extent && markers.flatMap(({ xy }) => xy).reduce(({ x0, x1, y0, y1 }, [x, y]) => (
    { x0: Math.min(x0, x), x1: Math.max(x1, x), y0: Math.min(y0, y), y1: Math.max(y1, y) }), extent)
}

/** Sort the points into square cells of about four points, so that `nearest` looks at few of them. */
export function buildGrid(points) {
  const extent = extentOf(points)
  if (!extent) return null
  const { n, x, y } = points
  const side = Math.max(1, Math.min(1024, Math.ceil(Math.sqrt(n / 4))))
  const cell = Math.max(extent.x1 - extent.x0, extent.y1 - extent.y0) / side || 1
  const cellOf = i =>
    Math.min(side - 1, Math.floor((y[i] - extent.y0) / cell)) * side + Math.min(side - 1, Math.floor((x[i] - extent.x0) / cell))
  const start = new Uint32Array(side * side + 1)
  for (let i = 0; i < n; i++) start[cellOf(i) + 1]++
  for (let c = 0; c < side * side; c++) start[c + 1] += start[c]
  const next = start.slice(0, -1)
  const order = new Uint32Array(n)
  for (let i = 0; i < n; i++) order[next[cellOf(i)]++] = i
  return { points, side, cell, extent, start, order }
}

/** Position of the shown point nearest to (zx, zy) within `radius`, in units of z; -1 when there is none. */
export function nearest(grid, zx, zy, radius, isShown = () => true) {
  if (!grid) return NONE
  const { points: { x, y, labels }, side, cell, extent, start, order } = grid
  const clip = value => Math.max(0, Math.min(side - 1, Math.floor(value / cell)))
  const [c0, c1] = [clip(zx - radius - extent.x0), clip(zx + radius - extent.x0)]
  const [r0, r1] = [clip(zy - radius - extent.y0), clip(zy + radius - extent.y0)]
  let best = NONE
  let bestSquare = radius * radius
  for (let r = r0; r <= r1; r++) {
    for (let k = start[r * side + c0]; k < start[r * side + c1 + 1]; k++) {
      const i = order[k]
      const square = (x[i] - zx) ** 2 + (y[i] - zy) ** 2
      if (square <= bestSquare && (!labels || isShown(labels[i]))) [best, bestSquare] = [i, square]
    }
  }
  return best
}

/** The square view that shows the whole extent with some air; without points, three standard deviations of the prior. */
export function fitView(extent) {
  if (!extent) return { x: 0, y: 0, half: 3 }
  const half = Math.max(extent.x1 - extent.x0, extent.y1 - extent.y0) / 2
  return { x: (extent.x0 + extent.x1) / 2, y: (extent.y0 + extent.y1) / 2, half: (half || 1) * 1.04 }
}

/** Scale the view by `factor` (below 1: closer) so that the place (zx, zy) stays where it is on the screen. */
export function zoomView(view, factor, zx = view.x, zy = view.y) {
  const half = Math.max(1e-4, Math.min(1e5, view.half * factor))
  const share = half / view.half
  return { x: zx + (view.x - zx) * share, y: zy + (view.y - zy) * share, half }
}

/** Pixel within a plot area of `side` pixels, (0, 0) top left, of a place in z; `toZ` is its inverse. */
export const toPixel = (view, side, zx, zy) => [
  ((zx - view.x) / view.half + 1) * (side / 2), (1 - (zy - view.y) / view.half) * (side / 2)]
export const toZ = (view, side, px, py) => [
  view.x + (px / (side / 2) - 1) * view.half, view.y + (1 - py / (side / 2)) * view.half]

/** The view after the fingers that held it at `before` have moved to `after`: one pans, two also zoom. */
export function heldView(view, side, before, after) {
  const middle = points => [0, 1].map(k => points.reduce((sum, p) => sum + p[k], 0) / points.length)
  const spread = points => (points.length > 1 ? Math.hypot(points[0][0] - points[1][0], points[0][1] - points[1][1]) : 1)
  const held = toZ(view, side, ...middle(before))
  const zoomed = zoomView(view, spread(before) / Math.max(1, spread(after)), ...held)
  const now = toZ(zoomed, side, ...middle(after))
  return { ...zoomed, x: zoomed.x + held[0] - now[0], y: zoomed.y + held[1] - now[1] }
}

/** Diameter in pixels and opacity of n points on a plot area of `side` pixels: the more, the smaller and fainter. */
export function pointLook(n, side) {
  const crowd = Math.log10(Math.max(1, n / 300))
  const size = Math.max(2.4, 7 - 1.7 * crowd) * Math.max(0.75, Math.min(1.15, side / 620))
  return { size: Math.round(size * 10) / 10, opacity: Math.max(0.38, 0.9 - 0.2 * crowd) }
}

/** Which classes are shown after `label` was clicked (toggled) or isolated; isolating the only one left shows all. */
export const toggled = (shown, label) => shown.map((on, i) => (i === label ? !on : on))
export function isolated(shown, label) {
  const alone = shown.every((on, i) => on === (i === label))
  return shown.map((_, i) => alone || i === label)
}

/** Where an arrow key moves a place: a fortieth of the view, with Shift a two-hundredth; null for other keys. */
export function stepped([zx, zy], key, view, fine) {
  const step = view.half * (fine ? 0.01 : 0.05)
  const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[key] ?? []
  return dx === undefined ? null : [zx + dx * step, zy + dy * step]
}
