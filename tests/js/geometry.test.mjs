// The map's arithmetic; run by `node --test tests/js/`, and by pytest through test_javascript.py.
import assert from "node:assert/strict"
import { test } from "node:test"
import { imported } from "./joined.mjs"

const map = await imported("latent_map")

function randomNumbers(seed) {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 // a linear congruential generator
}

function randomPoints(n, seed = 1, nClasses = 3) {
  const random = randomNumbers(seed)
  const draw = () => Float32Array.from({ length: n }, () => random() * 8 - 4)
  return { n, x: draw(), y: draw(), indices: null, labels: Uint8Array.from({ length: n }, () => random() * nClasses) }
}

function encode(n, { x = [], y = [], indices, labels } = {}) {
  const parts = [new Uint32Array([n, indices ? 1 : 0, labels ? 1 : 0]), new Float32Array(x), new Float32Array(y)]
  if (indices) parts.push(new Uint32Array(indices))
  if (labels) parts.push(new Uint8Array(labels))
  return new Blob(parts).arrayBuffer()
}

const close = (expected, actual, tolerance = 1e-9) =>
  assert.ok(Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected)), `expected ${expected}, came ${actual}`)

test("the joined files are one module with a renderer", () => assert.equal("function", typeof map.default))

test("points are read back as they were written, with and without indices and labels", async () => {
  const full = map.decodePoints(await encode(2, { x: [1, 2], y: [3, 4], indices: [70_000, 5], labels: [1, 0] }))
  assert.deepEqual([[1, 2], [3, 4], [70_000, 5], [1, 0]], ["x", "y", "indices", "labels"].map(k => [...full[k]]))
  const bare = map.decodePoints(await encode(1, { x: [1], y: [3] }))
  assert.deepEqual([1, null, null], [bare.n, bare.indices, bare.labels])
})

test("bytes that are cut short or too many are refused", async () => {
  const buffer = await encode(3, { x: [1, 2, 3], y: [4, 5, 6], labels: [0, 1, 2] })
  for (const length of [0, 11, 12, buffer.byteLength - 1]) assert.throws(() => map.decodePoints(buffer.slice(0, length)))
  const longer = new Uint8Array(buffer.byteLength + 1)
  assert.throws(() => map.decodePoints(longer.fill(1).buffer))
})

test("grouping by class keeps every point once, in order", () => {
  const points = randomPoints(200)
  const groups = map.groupByClass(points, 3)
  for (const label of [0, 1, 2]) {
    assert.deepEqual([...points.x].filter((_, i) => points.labels[i] === label), [...groups[label].x])
    assert.deepEqual([...points.y].filter((_, i) => points.labels[i] === label), [...groups[label].y])
  }
  assert.equal(1, map.groupByClass({ ...points, labels: null }, 0).length)
})

test("marks outside of the points widen the view, marks among them and a map without points leave it", () => {
  const extent = { x0: -1, x1: 1, y0: 2, y1: 3 }
  assert.deepEqual(extent, map.withMarks(extent, [{ xy: [[0, 2.5]] }, { xy: [] }]))
  assert.deepEqual({ x0: -1, x1: 4, y0: -5, y1: 3 }, map.withMarks(extent, [{ xy: [[0, -5]] }, { xy: [[4, 2]] }]))
  assert.equal(null, map.withMarks(null, [{ xy: [[9, 9]] }]))
})

test("the nearest shown point is the one that a search through all finds", () => {
  const points = randomPoints(3000, 7)
  const grid = map.buildGrid(points)
  const random = randomNumbers(3)
  for (let trial = 0; trial < 300; trial++) {
    const [zx, zy, radius] = [random() * 10 - 5, random() * 10 - 5, random()]
    const hidden = trial % 4
    let [expected, best] = [-1, radius]
    for (let i = 0; i < points.n; i++) {
      const distance = Math.hypot(points.x[i] - zx, points.y[i] - zy)
      if (points.labels[i] !== hidden && distance <= best) [expected, best] = [i, distance]
    }
    assert.equal(expected, map.nearest(grid, zx, zy, radius, label => label !== hidden))
  }
})

test("no points, one point and points on one spot have a nearest too, or none", () => {
  const at = (xs, zx) => map.nearest(map.buildGrid({ n: xs.length, x: new Float32Array(xs), y: new Float32Array(xs), labels: null }), zx, zx, 0.5)
  assert.deepEqual([-1, 0, -1, true], [at([], 0), at([2], 2.1), at([2], 9), at([2, 2, 2], 2) >= 0])
})

test("the fitted view holds every point, is square, and exists for none and for one", () => {
  const points = randomPoints(500, 9)
  const view = map.fitView(map.extentOf(points))
  for (let i = 0; i < points.n; i++) {
    const [px, py] = map.toPixel(view, 100, points.x[i], points.y[i])
    assert.ok(px > 0 && px < 100 && py > 0 && py < 100)
  }
  assert.ok(map.fitView(null).half > 0)
  assert.ok(map.fitView(map.extentOf({ n: 1, x: [5], y: [5] })).half > 0)
})

test("toZ undoes toPixel, and y points up", () => {
  const view = { x: 1.5, y: -2, half: 0.7 }
  const [px, py] = map.toPixel(view, 640, 1.2, -1.9)
  map.toZ(view, 640, px, py).forEach((value, k) => close([1.2, -1.9][k], value))
  assert.ok(map.toPixel(view, 640, 0, 1)[1] < map.toPixel(view, 640, 0, 0)[1])
})

test("zooming keeps the place under the pointer, and zooming back gives the same view", () => {
  const view = { x: 0.3, y: -0.4, half: 2 }
  const before = map.toPixel(view, 500, 1.1, 0.9)
  const zoomed = map.zoomView(view, 0.25, 1.1, 0.9)
  map.toPixel(zoomed, 500, 1.1, 0.9).forEach((value, k) => close(before[k], value))
  const back = map.zoomView(zoomed, 4, 1.1, 0.9)
  for (const part of ["x", "y", "half"]) close(view[part], back[part])
})

test("zoom ends before the numbers do", () => {
  let view = { x: 1, y: 1, half: 1 }
  for (let i = 0; i < 200; i++) view = map.zoomView(view, 0.5, 1.2, 1.2)
  assert.ok(view.half > 0 && Number.isFinite(view.x))
})

test("what a finger holds stays under it, for one finger and for two", () => {
  const view = { x: 0, y: 0, half: 3 }
  const [start, end] = [[100, 200], [160, 170]]
  const held = map.toZ(view, 600, ...start)
  map.toPixel(map.heldView(view, 600, [start], [end]), 600, ...held).forEach((value, k) => close(end[k], value))
  const fingers = [[[200, 300], [400, 300]], [[150, 310], [550, 310]]]
  const pinched = map.heldView(view, 600, ...fingers)
  close(view.half / 2, pinched.half) // twice as far apart
  fingers[0].forEach((finger, i) =>
    map.toPixel(pinched, 600, ...map.toZ(view, 600, ...finger)).forEach((value, k) => close(fingers[1][i][k], value)))
})

test("more points are drawn smaller and fainter, never invisible", () => {
  const looks = [10, 1000, 10_000, 70_000, 1e7].map(n => map.pointLook(n, 640))
  for (let i = 1; i < looks.length; i++) {
    assert.ok(looks[i].size <= looks[i - 1].size && looks[i].opacity <= looks[i - 1].opacity)
  }
  assert.ok(looks.at(-1).size >= 2 && looks.at(-1).opacity >= 0.3)
})

test("colours are read in the ways a theme may write them", () => {
  for (const colour of ["#fff", "#FFFFFF", "rgb(255, 255, 255)", "#ffffffcc"]) assert.deepEqual([255, 255, 255], map.rgbOf(colour))
  assert.deepEqual([true, false], ["#0F151B", "#FBFAF7"].map(map.isDark))
  assert.equal("rgba(15,21,27,0.5)", map.faded("#0F151B", 0.5))
})

test("a double click shows one class alone, and a second one all again", () => {
  assert.deepEqual([true, false, true], map.toggled([true, true, true], 1))
  assert.deepEqual([false, true, false], map.isolated([true, true, true], 1))
  assert.deepEqual([true, true, true], map.isolated([false, true, false], 1))
  assert.deepEqual([false, true, false], map.isolated([true, false, false], 1))
})

test("arrow keys step up, down, left and right; Shift steps finer; other keys do not", () => {
  const view = { x: 0, y: 0, half: 2 }
  const step = (key, fine) => map.stepped([1, 1], key, view, fine)
  assert.ok(step("ArrowUp")[1] > 1 && step("ArrowDown")[1] < 1 && step("ArrowLeft")[0] < 1 && step("ArrowRight")[0] > 1)
  assert.ok(step("ArrowRight", true)[0] < step("ArrowRight")[0])
  assert.equal(null, step("a"))
})
