/* The arithmetic of a path through latent space: z between its steps, and the step that lies nearest to a z. */

const TILE = 36 // px at least: of a longer film fewer pictures are shown
const LARGEST = 96 // px at most
export const SEVERAL = 36 // px at most, of several films beneath one another
const GAP = 3

/** z at step `t` of a path, from 0 to n - 1: between two steps a straight line. */
export function zAt(path, t) {
  const i = Math.max(0, Math.min(Math.floor(t), path.length - 2))
  return Float32Array.from(path[i], (value, k) => value + (t - i) * (path[i + 1][k] - value))
}

/** The step of a path, a fraction between two, that comes nearest to z: {t, distance}. */
export function nearestOn(path, z) {
  let best = { t: 0, distance: Infinity }
  for (let i = 0; i + 1 < path.length; i++) {
    let [along, length] = [0, 0]
    for (let k = 0; k < z.length; k++) {
      const step = path[i + 1][k] - path[i][k]
      along += step * (z[k] - path[i][k])
      length += step * step
    }
    const t = i + Math.max(0, Math.min(1, length ? along / length : 0))
    const distance = distanceOf(zAt(path, t), z)
    if (distance < best.distance) best = { t, distance }
  }
  return best
}

/** How a film of n pictures fills `room` px: which of them are shown, how large in px, and each one's middle. */
export function filmOf(room, n, height, width, largest = LARGEST) {
  const fitting = Math.max(2, Math.floor((room + GAP) / (TILE + GAP)))
  const every = Math.ceil((n - 1) / (fitting - 1))
  const shown = Math.floor((n - 1) / every) + 1
  const indices = Array.from({ length: shown }, (_, i) => i * every)
  indices[shown - 1] = n - 1 // a film that does not come out even leaves out more before its end
  const tile = Math.min(largest / Math.max(1, height / width), ((room + GAP) * every) / (n - 1 + every) - GAP)
  const middle = t => tile / 2 + (t * (room - tile)) / (n - 1)
  return { indices, tile, height: (tile * height) / width, middle }
}

/** The step under a pixel of the film. */
export function stepAt(px, room, n, tile) {
  return Math.max(0, Math.min(n - 1, ((px - tile / 2) * (n - 1)) / (room - tile)))
}

/** The step that a key leads to from `t`; null for keys that mean nothing here. */
export function keyedStep(t, key, isFine, n) {
  const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -5, PageUp: 5 }[key]
  if (key === "Home") return 0
  if (key === "End") return n - 1
  if (by === undefined) return null
  const to = isFine ? Math.round(10 * t + by) / 10 : by > 0 ? Math.floor(t + 1e-6) + by : Math.ceil(t - 1e-6) + by
  return Math.max(0, Math.min(n - 1, to))
}
