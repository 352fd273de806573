// The timeline's arithmetic: what it reads, how it turns, and which frame it shows when.
import assert from "node:assert/strict"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const {
  unpack, placesOf, fromHere, frameAt, keyedFrame, carriedOver, Clock, after, undone, tileOf, gridPlacesOf, calmSpan, across, epochUnder,
} = await imported("timeline")

const turnBy = angle => [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle)]
const near = (expected, found) => expected.forEach((value, i) => assert.ok(Math.abs(value - found[i]) < 1e-5, `${expected} ${found}`))

test("a snapshot's bytes give its arrays, and half of them none", () => {
  const head = new TextEncoder().encode(JSON.stringify({ reach: 3, parts: [{ name: "a", type: "u1", shape: [3] }, { name: "b", type: "f4", shape: [1, 2] }] }))
  const padded = Math.ceil(head.length / 4) * 4
  const bytes = new Uint8Array(4 + padded + 4 + 8).fill(32)
  new DataView(bytes.buffer).setUint32(0, padded, true)
  bytes.set(head, 4)
  bytes.set([1, 2, 3], 4 + padded)
  new Float32Array(bytes.buffer, 8 + padded, 2).set([0.5, -1])
  const found = unpack(bytes.buffer)
  assert.deepEqual([3, [1, 2, 3], [0.5, -1]], [found.reach, [...found.a.values], [...found.b.values]])
  assert.throws(() => unpack(bytes.buffer.slice(0, -4)))
})

test("points and grid are turned alike", () => {
  const turn = turnBy(0.7)
  const mu = { shape: [9, 2], values: Float32Array.from([-2, 2, 0, 2, 2, 2, -2, 0, 0, 0, 2, 0, -2, -2, 0, -2, 2, -2]) }
  near(gridPlacesOf(2, 3, turn).flat(), placesOf({ mu, axes: [0, 1] }, null, turn))
  near([Math.cos(0.7), Math.sin(0.7)], placesOf({ mu: { shape: [1, 3], values: Float32Array.of(9, 1, 0) }, axes: null }, [1, 2], turn))
  assert.deepEqual([2, 0], [...placesOf({ mu: { shape: [1, 1], values: Float32Array.of(2) }, axes: null }, [0, 1], [1, 0, 0, 1])])
})

test("a turn is undone by its transpose, and turns follow one another", () => {
  near([1, 0, 0, 1], after(turnBy(1.1), undone(turnBy(1.1))))
  near(turnBy(0.8), after(turnBy(0.3), turnBy(0.5)))
})

test("no picture of a turned grid covers another, however it is turned", () => {
  for (let angle = 0; angle < 6.3; angle += 0.1) {
    const turn = turnBy(angle)
    const size = tileOf(1, turn) - 1e-9
    const places = gridPlacesOf(2, 5, turn)
    for (const [i, [x, y]] of places.entries()) {
      for (const [u, v] of places.slice(0, i)) assert.ok(Math.abs(x - u) >= size || Math.abs(y - v) >= size, `${angle}`)
    }
  }
})

test("the frame of an epoch is the nearest that was kept", () => {
  const epochs = [1, 4, 8, 10, 11, 12]
  assert.deepEqual([0, 0, 1, 2, 5, 5], [0, 1, 5, 7, 12, 99].map(epoch => frameAt(epochs, epoch)))
  assert.equal(2, carriedOver(1, [1, 7, 8], epochs, false))
  assert.equal(5, carriedOver(0, [1], epochs, true))
})

test("keys go from frame to frame and not past the ends", () => {
  const keys = ["ArrowRight", "ArrowLeft", "Home", "End", "PageUp", "PageDown"]
  assert.deepEqual([4, 2, 0, 19, 13, 0], keys.map(key => keyedFrame(3, key, 20)))
  assert.equal(null, keyedFrame(3, "a", 20))
})

test("as many frames pass as the speed says, in its direction", () => {
  const clock = new Clock()
  clock.start(-1)
  let passed = 0
  for (let now = 1000; now <= 3000; now += 16) passed += clock.pass(now, 15)
  assert.ok(Math.abs(passed + 30) <= 1, `${passed}`)
})

test("what lies near the shown frame comes first", () => {
  assert.deepEqual([3, 4, 2, 5, 1, 0], fromHere(3, 6))
})

test("a steep beginning does not flatten the rest of a curve", () => {
  const values = [-1000, ...Array.from({ length: 29 }, (_, i) => -30 + i / 10)]
  const [low, high] = calmSpan([{ values }])
  assert.ok(low > -40 && high >= -27.3)
  assert.ok(Math.abs(7 - epochUnder(across(7, 1, 20, 300), 1, 20, 300)) < 1e-9)
})
