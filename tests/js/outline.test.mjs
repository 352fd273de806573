// Outlines around points, ellipses and the edge of the map; run by `node --test tests/js/`.
import assert from "node:assert/strict"
import { test } from "node:test"
import { imported } from "./joined.mjs"

const map = await imported("latent_map")
const close = (expected, actual, tolerance = 1e-9) =>
  assert.ok(Math.abs(expected - actual) <= tolerance, `expected ${expected}, came ${actual}`)
const ring = (n, radius = 1) =>
  Array.from({ length: n }, (_, i) => [radius * Math.cos((2 * Math.PI * i) / n), radius * Math.sin((2 * Math.PI * i) / n)])
const areaOf = outline =>
  Math.abs(outline.reduce((sum, [x, y], i) => {
    const [u, v] = outline[(i + 1) % outline.length]
    return sum + (x * v - u * y) / 2
  }, 0))

function somePoints(n) {
  let state = 7
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const draw = () => Float32Array.from({ length: n }, () => random() * 4 - 2)
  return { n, x: draw(), y: draw(), labels: Uint8Array.from({ length: n }, () => random() * 3) }
}

/** The even-odd rule at its plainest: how often a ray to the right crosses the outline. */
function isInside(outline, x, y) {
  let inside = false
  outline.forEach(([x0, y0], i) => {
    const [x1, y1] = outline[(i + 1) % outline.length]
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) inside = !inside
  })
  return inside
}

test("a long outline keeps at most as many corners as allowed, and nearly all of its area", () => {
  const outline = ring(1500)
  const short = map.simplified(outline)
  assert.equal(map.MOST_CORNERS, short.length)
  close(areaOf(outline), areaOf(short), 0.002)
  assert.deepEqual(short, outline.filter(corner => short.includes(corner)), "its corners are some of them, in order")
})

test("a short outline stays as it is, and corners on a line go before true ones", () => {
  const square = [[0, 0], [0, 2], [2, 2], [2, 0]]
  assert.deepEqual(square, map.simplified(square))
  const more = [[0, 0], [0, 1], [0, 2], [2, 2], [2, 1.5], [2, 0], [1, 0]]
  assert.deepEqual(square, map.simplified(more, 4))
  assert.equal(3, map.simplified(square, 1).length, "an outline has three corners at least")
})

test("points are counted as a look at every edge counts them, also where the outline crosses itself", () => {
  const points = somePoints(4000)
  const star = [0, 2, 4, 1, 3].map(i => ring(5, 1.7)[i])
  for (const outline of [ring(3), ring(200, 1.3), star, [[-1, -1], [-1, 1], [1, 1], [1, -1]]]) {
    let expected = 0
    for (let i = 0; i < points.n; i++) if (isInside(outline, points.x[i], points.y[i])) expected++
    assert.ok(expected > 100)
    assert.equal(expected, map.positionsInside(outline, points).length)
  }
})

test("points of hidden classes are not counted, and neither are any without an area", () => {
  const points = somePoints(900)
  const of = label => map.positionsInside(ring(30, 1.5), points, other => other === label).length
  assert.equal(map.positionsInside(ring(30, 1.5), points).length, of(0) + of(1) + of(2))
  assert.equal(0, map.positionsInside([[-1, 0], [0, 0], [1, 0]], points).length)
})

test("of two boxes that share an edge exactly one has a point on it", () => {
  const points = { n: 1, x: new Float32Array([1]), y: new Float32Array([0.5]), labels: null }
  const box = (x0, x1) => [[x0, 0], [x0, 1], [x1, 1], [x1, 0]]
  assert.equal(1, map.positionsInside(box(0, 1), points).length + map.positionsInside(box(1, 2), points).length)
})

test("an ellipse has the covariance that it was made of", () => {
  for (const [xx, xy, yy] of [[4, 0, 1], [1, 0, 4], [2, 0.9, 1], [1, -0.7, 3], [1, 0, 1], [2, 2, 2]]) {
    const { long, short, angle } = map.ellipseOf([xx, xy, yy])
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    close(xx, (long * c) ** 2 + (short * s) ** 2)
    close(yy, (long * s) ** 2 + (short * c) ** 2)
    close(xy, (long ** 2 - short ** 2) * c * s)
    assert.ok(long >= short && short >= 0)
  }
})

test("what lies outside is pointed to from the edge on the way there, what lies inside is not", () => {
  assert.equal(null, map.edgeOf([50, 99], 100, 10))
  assert.deepEqual({ at: [90, 50], angle: 0 }, map.edgeOf([500, 50], 100, 10))
  const { at: [x, y], angle } = map.edgeOf([-100, 350], 100, 10)
  close(90, y)
  close((y - 50) / (x - 50), Math.tan(angle))
  assert.ok(x > 10 && x < 50)
})
