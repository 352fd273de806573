/* The plane of latent space that a map shows: x = a·(z - centre), y = b·(z - centre); a and b are orthonormal. */

/** Where z lies on the plane, [x, y]; null on a chart that has not come yet. */
export function project(plane, z) {
  if (plane.isChart) return plane.project(z)
  const { a, b, centre } = plane
  let x = 0
  let y = 0
  for (let i = 0; i < z.length; i++) {
    x += a[i] * (z[i] - centre[i])
    y += b[i] * (z[i] - centre[i])
  }
  return [x, y]
}

/** z moved within the plane to (x, y): what is at right angles to the plane stays as it is. */
export function lift(plane, z, x, y) {
  if (plane.isChart) return plane.lift(x, y) ?? z
  const [x0, y0] = project(plane, z)
  return Float32Array.from(z, (value, i) => value + (x - x0) * plane.a[i] + (y - y0) * plane.b[i])
}

/** Covariance [xx, xy, yy] on the plane of a diagonal Gaussian with these standard deviations. */
export function covariance({ a, b }, sigma) {
  let [xx, xy, yy] = [0, 0, 0]
  for (let i = 0; i < sigma.length; i++) {
    const variance = sigma[i] * sigma[i]
    xx += a[i] * a[i] * variance
    xy += a[i] * b[i] * variance
    yy += b[i] * b[i] * variance
  }
  return [xx, xy, yy]
}
