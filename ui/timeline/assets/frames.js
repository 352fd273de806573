/* A run's snapshots in the browser: fetched once each, those near the shown one first, and kept. */

const AT_ONCE = 4 // requests under way
const VALUES = { f4: Float32Array, u1: Uint8Array }

/** Read the bytes of `pack` in ui/timeline/frames.py: its head, and each array under its name as {shape, values}. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true)
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)))
  let at = 4 + length
  for (const { name, type, shape } of head.parts) {
    const values = new VALUES[type](buffer, at, shape.reduce((product, n) => product * n, 1))
    head[name] = { shape, values }
    at += 4 * Math.ceil(values.byteLength / 4)
  }
  if (at !== buffer.byteLength) throw new Error("The snapshot is cut short.")
  return head
}

/** Pictures of a part (n, H, W, C), as picture.js takes them; null where there are none. */
export function picturesOf(part) {
  if (!part?.shape[0]) return null
  const [n, height, width, channels] = part.shape
  return { pixels: part.values, n, height, width, channels }
}

/** Places of a snapshot's points, as x, y, x, y, …, turned by [xx, xy, yx, yy]: a row vector times that matrix. */
export function placesOf({ mu, axes }, otherAxes, [xx, xy, yx, yy]) {
  const [n, D] = mu.shape
  const [right, up] = axes ? [0, 1] : otherAxes // an older snapshot has all dimensions of its points
  const places = new Float32Array(2 * n)
  for (let i = 0; i < n; i++) {
    const x = mu.values[i * D + right]
    const y = up < D ? mu.values[i * D + up] : 0
    places[2 * i] = x * xx + y * yx
    places[2 * i + 1] = x * xy + y * yy
  }
  return places
}

/** In which order n frames are to come when `at` is shown: that one, then the others from there outwards. */
export function fromHere(at, n) {
  const order = Array.from({ length: n }, (_, i) => i)
  return order.sort((one, other) => Math.abs(one - at) - Math.abs(other - at) || other - one)
}

class Snapshots {
  constructor(onArrival) {
    this.onArrival = onArrival
    this.held = new Map() // key: what came; null while it is under way
    this.wanted = []
    this.underWay = 0
  }

  /** Have these keys, in this order, and let go of all others. */
  want(keys) {
    const present = new Set(keys)
    for (const key of this.held.keys()) if (!present.has(key)) this.held.delete(key)
    this.wanted = keys
    this.next()
  }

  get(key) {
    return this.held.get(key) ?? null
  }

  next() {
    for (const key of this.wanted) {
      if (this.underWay >= AT_ONCE) return
      if (!this.held.has(key)) this.fetch(key)
    }
  }

  async fetch(key) {
    this.underWay++
    this.held.set(key, null)
    try {
      const response = await fetch(`/timeline/${key}`)
      if (response.status >= 500) this.held.delete(key)
      if (response.ok) {
        const snapshot = unpack(await response.arrayBuffer())
        if (this.held.has(key)) this.held.set(key, snapshot)
      }
    } catch {
      this.held.delete(key) // the network is away: asked for again when it is wanted next
    }
    // A file that was thinned out (404) keeps its empty place: that frame stays empty, the others come.
    this.underWay--
    this.onArrival(key)
    this.next()
  }
}
