/* Where the decoder was trained: the density of encoded images, against that of 99 % of held-out ones (latent/density.py). */

/** Read the bytes of region_bytes in ui/map_layers.py. */
export function readRegion(buffer) {
  const [n, D, hasFactor] = new Uint32Array(buffer, 0, 3)
  const size = 1 + hasFactor * D * D + n * (2 * D + 1)
  if (buffer.byteLength !== 12 + 4 * size) throw new Error("The supported region is cut short.")
  const numbers = new Float32Array(buffer, 12)
  let at = 1
  const take = length => numbers.subarray(at, (at += length))
  const inverse = hasFactor ? take(D * D) : null
  return { n, D, need: numbers[0], inverse, means: take(n * D), precisions: take(n * D), constants: take(n) }
}

/** Is z where fewer than 1 % of held-out images lie at so low a density? A sum of exponentials that ends when it is enough. */
export function isOutside({ n, D, need, inverse, means, precisions, constants }, z) {
  const u = inverse ? Array.from({ length: D }, (_, i) => z.reduce((sum, value, k) => sum + inverse[i * D + k] * value, 0)) : z
  let sum = 0
  for (let m = 0, at = 0; m < n; m++) {
    let square = 0
    for (let i = 0; i < D; i++, at++) {
      const step = u[i] - means[at]
      square += step * step * precisions[at]
    }
    sum += Math.exp(constants[m] - square / 2 - need)
    if (sum >= 1) return false
  }
  return true
}

const regions = new Map() // by url: null while it is under way

/** The region at `url`, or null until it has come; then `onArrival` is called. */
function regionAt(url, onArrival) {
  if (!regions.has(url)) {
    regions.set(url, null)
    fetchWork(url).then(readRegion).then(
      region => {
        regions.set(url, region)
        onArrival()
      },
      () => regions.delete(url), // the next look asks again
    )
  }
  return regions.get(url)
}
