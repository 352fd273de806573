/* Outlines drawn around points, and ellipses: plain arithmetic on the plane of the map. An outline is a list of corners
   [x, y], the last joined to the first. */

export const MOST_CORNERS = 256 // as MOST_CORNERS in messages.py

const doubleArea = ([ax, ay], [bx, by], [cx, cy]) => Math.abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))

/** The outline with at most `most` corners: those that span the least area with their neighbours go first, one after the other
    (Visvalingam and Whyatt 1993, "Line generalisation by repeated elimination of points"). */
export function simplified(outline, most = MOST_CORNERS) {
  const corners = [...outline]
  const n = () => corners.length
  const spanned = i => doubleArea(corners[(i + n() - 1) % n()], corners[i], corners[(i + 1) % n()])
  const areas = corners.map((_, i) => spanned(i))
  while (n() > Math.max(3, most)) {
    let least = 0
    for (let i = 1; i < n(); i++) if (areas[i] < areas[least]) least = i
    corners.splice(least, 1)
    areas.splice(least, 1)
    for (const i of [(least + n() - 1) % n(), least % n()]) areas[i] = spanned(i)
  }
  return corners
}

/** Positions of the shown points within an outline, by the same rule as vae_core.latent.groups.inside. The edges are
    sorted into strips by their height, so that each point meets few of them. */
export function positionsInside(outline, { n, x, y, labels }, isShown = () => true) {
  const heights = outline.map(corner => corner[1])
  const [low, high] = [Math.min(...heights), Math.max(...heights)]
  const N_STRIPS = 128
  const stripOf = value => Math.min(N_STRIPS - 1, Math.floor(((value - low) / (high - low)) * N_STRIPS))
  const strips = Array.from({ length: N_STRIPS }, () => [])
  outline.forEach((one, i) => {
    const other = outline[(i + 1) % outline.length]
    const [[x0, y0], [x1, y1]] = one[1] <= other[1] ? [one, other] : [other, one]
    if (y0 === y1) return
    for (let s = stripOf(y0); s <= stripOf(y1); s++) strips[s].push({ x0, y0, y1, slope: (x1 - x0) / (y1 - y0) })
  })
  const found = []
  for (let i = 0; i < n; i++) {
    const v = y[i]
    if (!(v >= low && v < high) || (labels && !isShown(labels[i]))) continue
    let isInside = false
    for (const { x0, y0, y1, slope } of strips[stripOf(v)]) {
      if (y0 <= v && v < y1 && x[i] < x0 + (v - y0) * slope) isInside = !isInside
    }
    if (isInside) found.push(i)
  }
  return found
}

/** Half axes and angle (of the long one, from the right, anticlockwise) of the ellipse of one standard deviation of a Gaussian
    with the covariance [xx, xy, yy]: the roots of its eigenvalues, and its first eigenvector. */
export function ellipseOf([xx, xy, yy]) {
  const middle = (xx + yy) / 2
  const reach = Math.hypot((xx - yy) / 2, xy)
  const [long, short] = [middle + reach, middle - reach].map(value => Math.sqrt(Math.max(0, value)))
  return { long, short, angle: 0.5 * Math.atan2(2 * xy, xx - yy) }
}

/** Where the edge of a plot area of `side` px is crossed on the way from its middle to a pixel outside, `inset` px within;
    {at: [px, py], angle} with the angle of the way, or null when the pixel lies inside. */
export function edgeOf([px, py], side, inset) {
  if (px >= 0 && py >= 0 && px <= side && py <= side) return null
  const middle = side / 2
  const [dx, dy] = [px - middle, py - middle]
  const share = (middle - inset) / Math.max(Math.abs(dx), Math.abs(dy))
  return { at: [middle + dx * share, middle + dy * share], angle: Math.atan2(dy, dx) }
}
