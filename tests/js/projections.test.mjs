// A map without an inverse, and the small maps of pairs: what a place means, and where points are drawn.
import assert from "node:assert/strict"
import { test } from "node:test"
import { imported } from "./joined.mjs"

const map = await imported("latent_map")
const small = await imported("pairs")

const points = { n: 3, x: Float32Array.of(0, 10, 0), y: Float32Array.of(0, 0, 10), labels: null, indices: null }
const codes = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9)

/** A chart of the three points, their codes come. */
function filled() {
  const chart = new map.Chart({ key: "k", latentDim: 3 })
  chart.fill(points, map.buildGrid(points), codes.buffer)
  return chart
}

test("a place on a chart means the code of the point beside it, however far", () => {
  assert.deepEqual([4, 5, 6], [...map.lift(filled(), Float32Array.of(0, 0, 0), 9, 1)])
  assert.deepEqual([7, 8, 9], [...map.lift(filled(), Float32Array.of(0, 0, 0), -500, 900)])
})

test("a z on a chart stands where the nearest code does, also after z was changed", () => {
  const chart = filled()
  assert.deepEqual([10, 0], map.project(chart, Float32Array.of(4, 5, 7)))
  assert.deepEqual([0, 10], map.project(chart, Float32Array.of(70, 80, 90)))
})

test("a chart whose codes have not come changes nothing", () => {
  const chart = new map.Chart({ key: "k", latentDim: 3 })
  const z = Float32Array.of(1, 1, 1)
  assert.equal(null, map.project(chart, z))
  assert.equal(z, map.lift(chart, z, 3, 3))
})

test("codes that are cut short are refused", () => {
  assert.throws(() => new map.Chart({ key: "k", latentDim: 3 }).fill(points, null, new ArrayBuffer(8)), /cut short/)
})

test("the small map of a pair has each point in its pixel and its class's colour", () => {
  const z = Float32Array.of(-1, 0, 1, 1, 0, -1)
  const picture = small.pairPicture({ n: 2, k: 3, z, labels: Uint8Array.of(0, 1) }, 0, 2, 5, 1, 1, [[255, 0, 0], [0, 0, 255]])
  const at = (x, y) => [...picture.slice(4 * (5 * y + x), 4 * (5 * y + x) + 4)]
  assert.deepEqual([255, 0, 0, 255], at(0, 0)) // (-1, 1): left, top
  assert.deepEqual([0, 0, 255, 255], at(4, 4)) // (1, -1): right, bottom
  assert.equal(2, picture.filter((_, i) => i % 4 === 3 && picture[i]).length)
})

test("points of pairs are read as they were laid out", () => {
  const bytes = new Uint8Array(12 + 16 + 2)
  bytes.set(new Uint8Array(Uint32Array.of(2, 2, 1).buffer))
  bytes.set(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer), 12)
  bytes.set([7, 8], 28)
  const read = small.readPairs(bytes.buffer)
  assert.deepEqual([[1, 2, 3, 4], [7, 8]], [[...read.z], [...read.labels]])
  assert.throws(() => small.readPairs(bytes.buffer.slice(0, 20)), /cut short/)
})
