// The layer beneath the map's points, and the word where the decoder guesses.
import assert from "node:assert/strict"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const map = await imported("latent_map")

/** The bytes of a field as Python lays them out. */
function fieldBytes(n, numbers, values, angles = null) {
  const bytes = new Uint8Array(32 + 4 * values.length * (angles ? 2 : 1))
  new Uint32Array(bytes.buffer, 0, 2).set([n, angles ? 1 : 0])
  new Float32Array(bytes.buffer, 8).set([...numbers, ...values, ...(angles ?? [])])
  return bytes.buffer
}

test("a field comes back as it was laid out, and one cut short is refused", () => {
  const field = map.readField(fieldBytes(2, [-3, 5, NaN, 0.5, -1, 4], [1, 2, 3, 4], [0, 0.5, 1, 1.5]))
  assert.deepEqual([2, -3, 5, 0.5, -1, 4], [field.n, field.low, field.high, field.x, field.y, field.half])
  assert.deepEqual([[1, 2, 3, 4], [0, 0.5, 1, 1.5]], [[...field.values], [...field.angles]])
  assert.throws(() => map.readField(fieldBytes(2, [0, 1, 0, 0, 0, 1], [1, 2, 3])), /cut short/)
})

test("values take their place on the scale, and the ends beyond it; a logarithmic one by its factors", () => {
  const plain = map.sharesOf({ values: [-9, 0, 5, 10, 99], low: 0, high: 10 }, false)
  assert.deepEqual([0, 0, 0.5, 1, 1], [...plain])
  const factors = [...map.sharesOf({ values: [1, 10, 1000, 0], low: 1, high: 1000 }, true)]
  assert.deepEqual([0, 0.333, 1, 0], factors.map(share => Number(share.toFixed(3))))
})

test("a scale's marks lie within it: powers of ten over decades, finer ones where it is short", () => {
  const wide = map.scaleMarks({ low: 0.8, high: 1011, logarithmic: true })
  assert.deepEqual([1, 10, 100, 1000], wide.map(({ value }) => value))
  const short = map.scaleMarks({ low: 0.04, high: 0.17, logarithmic: true })
  assert.deepEqual([0.05, 0.1], short.map(({ value }) => value))
  for (const { share } of [...wide, ...short]) assert.ok(share >= 0 && share <= 1)
  const plain = map.scaleMarks({ low: -15, high: 5, logarithmic: false })
  assert.deepEqual([0, 0.25, 0.5, 0.75, 1], plain.map(({ share }) => share))
})

test("a grid is blended upright: its last row is the picture's first", () => {
  const found = map.blended([0, 1, 2, 3], 2, 4)
  assert.deepEqual([2, 3, 0, 1], [found[0], found[3], found[12], found[15]])
  for (const share of [found[5], found[6]]) assert.ok(share > 0 && share < 3)
})

test("tones go along the ramp, with a line where a mark is crossed and a bold one at the edge", () => {
  const shares = Float32Array.from({ length: 64 }, (_, i) => (i % 8) / 7)
  const plain = map.tonesOf(shares, 8, ["#000000", "#ffffff"], [255, 0, 0], [], null)
  assert.deepEqual([0, 36, 73, 109], [0, 1, 2, 3].map(i => plain[4 * i + 1]))
  const marked = map.tonesOf(shares, 8, ["#000000", "#ffffff"], [255, 0, 0], [0.5], null)
  assert.deepEqual([4], [0, 1, 2, 3, 4, 5].filter(i => marked[4 * i + 1] !== plain[4 * i + 1]))
  const edged = map.tonesOf(shares, 8, ["#000000", "#ffffff"], [255, 0, 0], [], 0.5)
  assert.ok(edged[4 * 4] > marked[4 * 4])
})

/** The bytes of a region as Python lays them out. */
function regionBytes(n, D, numbers, hasFactor = 0) {
  const bytes = new Uint8Array(12 + 4 * numbers.length)
  new Uint32Array(bytes.buffer, 0, 3).set([n, D, hasFactor])
  new Float32Array(bytes.buffer, 12).set(numbers)
  return bytes.buffer
}

test("a place is outside where the sum of the Gaussians stays below what is needed", () => {
  // Two of variance 1 and 1/4 at (0, 0) and (4, 0): each alone reaches exp(-2) at a distance of 2 of its deviations.
  const region = map.readRegion(regionBytes(2, 2, [-2, 0, 0, 4, 0, 1, 1, 4, 4, 0, 0]))
  assert.deepEqual([false, true, false, true], [[1.9, 0], [2.5, 0], [4, 0.9], [4, 1.1]].map(z => map.isOutside(region, z)))
  assert.throws(() => map.readRegion(regionBytes(2, 2, [0, 0])), /cut short/)
})

test("a factor turns and scales z first", () => {
  const region = map.readRegion(regionBytes(1, 2, [-2, 0.5, 0, 0, 1, 0, 0, 1, 1, 0], 1))
  assert.deepEqual([false, true, false, true], [[3.9, 0], [4.1, 0], [0, 1.9], [0, 2.1]].map(z => map.isOutside(region, z)))
})
