// What the map draws beside its points: the decoded grid, the lens, colours by a number, signs, and the tools' state.
import assert from "node:assert/strict"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const map = await imported("latent_map")

const near = (expected, actual, tolerance = 1e-5) =>
  assert.ok(Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected)), `expected ${expected}, came ${actual}`)

const tilted = { a: [0.6, 0, 0.8, 0], b: [0, 1, 0, 0], centre: [1, -2, 0.5, 3] }
const base = Float32Array.from([0.3, -0.7, 2, 5])

test("a grid's places project to the middles of the view's cells, top row first, and keep what is off the plane", () => {
  const view = { x: 0.5, y: -1, half: 2 }
  const z = map.gridPlaces(view, 4, tilted, base)
  assert.equal(4 * 4 * 4, z.length)
  const off = map.lift(tilted, base, 0, 0)
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      const at = z.slice(4 * (4 * row + column), 4 * (4 * row + column + 1))
      const [x, y] = map.project(tilted, at)
      near(-1.5 + 0.5 + column, x)
      near(1 - 0.5 - row, y)
      map.lift(tilted, at, 0, 0).forEach((value, i) => near(off[i], value))
    }
  }
})

test("a grid's cells are about 30 px, within what one message and one canvas may hold", () => {
  assert.equal(24, map.finestGrid(720, [1, 28, 28], 2))
  assert.equal(10, map.finestGrid(290, [1, 28, 28], 2))
  for (const side of [50, 358, 700, 1400, 4000]) {
    for (const shape of [[1, 8, 8], [3, 32, 32], [3, 64, 48], [1, 512, 512], [3, 2000, 2000]]) {
      for (const latentDim of [1, 2, 16, 512, 4096]) {
        const k = map.finestGrid(side, shape, latentDim)
        assert.ok(Number.isInteger(k) && k >= 1 && k * k <= 4096, `${side} ${shape} ${latentDim}: ${k}`)
        assert.ok(k === 1 || 28 + 4 * k * k * latentDim <= 2 ** 20, "a message of more than 1 MiB")
        assert.ok(k === 1 || k * Math.max(shape[1], shape[2]) <= 1024)
      }
    }
  }
})

test("the images of an answer come side by side, upright, with their colours", () => {
  const [height, width, channels, k] = [3, 2, 3, 2]
  const pixels = Uint8Array.from({ length: k * k * height * width * channels }, (_, i) => (i * 7) % 251)
  const { rgba, side } = map.mosaicOf({ pixels, height, width, channels }, k)
  assert.deepEqual([6, 4 * 6 * 6], [side, rgba.length])
  for (let image = 0; image < 4; image++) {
    for (let y = 0; y < 3; y++) {
      for (let x = 0; x < 3; x++) {
        const at = 4 * (((image >> 1) * 3 + y) * 6 + (image % 2) * 3 + x)
        const from = ((image * 3 + y) * 2 + x) * 3
        const expected = x < 2 ? [...pixels.slice(from, from + 3), 255] : [0, 0, 0, 0] // narrow images leave a clear strip
        assert.deepEqual(expected, [...rgba.slice(at, at + 4)])
      }
    }
  }
})

test("grey images are grey in all three channels", () => {
  const { rgba } = map.mosaicOf({ pixels: Uint8Array.of(0, 9, 200, 255), height: 1, width: 1, channels: 1 }, 2)
  assert.deepEqual([0, 0, 0, 255, 9, 9, 9, 255, 200, 200, 200, 255, 255, 255, 255, 255], [...rgba])
})

test("a slice is another one with another model, class, plane or rest, and the same after a rounding error", () => {
  const slice = { model: "m", which: -1, plane: tilted, rest: Float32Array.of(0, 1, 2, 3) }
  assert.ok(map.sameSlice(slice, { ...slice, plane: structuredClone(tilted), rest: Float32Array.of(1e-6, 1, 2, 3) }))
  const others = [{ model: "n" }, { which: 3 }, { plane: { ...tilted, b: [0, 0, 0, 1] } }, { rest: Float32Array.of(0, 1, 2, 3.01) }]
  for (const other of others) assert.ok(!map.sameSlice(slice, { ...slice, ...other }), JSON.stringify(other))
})

test("the picture at the pointer never covers it and stays on the map", () => {
  for (let at = 0; at <= 600; at += 7) {
    const left = map.besides(at, 84, 600)
    assert.ok(left >= 0 && left + 84 <= 600, `${at}: ${left}`)
    assert.ok(at <= left - 10 || at >= left + 84 + 10, `${at} lies under ${left}`)
  }
})

test("the lens has the pointer in its middle, but stays on the map", () => {
  assert.deepEqual([0, 195, 390], [20, 300, 590].map(at => map.around(at, 210, 600)))
})

test("the picture at the pointer is a whole multiple of its pixels, as far as it fits", () => {
  assert.deepEqual([[84, 84], [80, 80], [64, 64], [42, 84], [84, 84]],
    [[28, 28], [8, 8], [32, 32], [84, 42], [256, 256]].map(([h, w]) => map.pictureSize(h, w)))
})

test("ticks are round numbers within the scale, at most a few", () => {
  assert.deepEqual([6, 7, 8, 9], map.ticksOf(5.8, 9.9))
  assert.deepEqual([-0.2, 0, 0.2], map.ticksOf(-0.35, 0.35))
  assert.deepEqual([-150, -100], map.ticksOf(-190, -60))
  for (const [low, high] of [[0, 1], [-1e-4, 3e-4], [-900, 12], [1e5, 1e5 + 7], [0.001, 4e7]]) {
    const ticks = map.ticksOf(low, high)
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${low} to ${high}: ${ticks}`)
    assert.ok(ticks.every(tick => tick >= low - 1e-9 * (high - low) && tick <= high + 1e-9 * (high - low)))
  }
})

test("values get the colour of their place on the scale, of its end beyond it, and their own where they are no number", () => {
  const values = Float32Array.of(0, 5, 10, -3, 99, NaN, Infinity)
  assert.deepEqual(["a", "b", "c", "a", "c", "none", "none"], map.coloursOf(values, { low: 0, high: 10 }, ["a", "b", "c"], "none"))
})

test("values are put to classes in the order of the coordinates", () => {
  const labels = Uint8Array.of(1, 0, 1, 2)
  const points = { n: 4, x: Float32Array.of(10, 11, 12, 13), y: new Float32Array(4), labels }
  assert.deepEqual(map.groupByClass(points, 4).map(group => [...group.x]), map.valuesByClass([10, 11, 12, 13], labels, 4))
  assert.deepEqual([[1, 2]], map.valuesByClass([1, 2], null, 0))
})

test("colour and sign together are unique for 110 classes", () => {
  const n = Object.keys(map.SHAPES).length
  assert.equal(110, new Set(Array.from({ length: 110 }, (_, label) => `${label % 10} ${label % n}`)).size)
})

test("the tools' state survives a round trip, and whatever else the tab's storage holds", () => {
  const state = { grid: true, opacity: 0.35, lens: false, atPointer: true, shapes: true }
  assert.deepEqual(state, map.readTools(JSON.stringify(state)))
  const fresh = map.readTools(null)
  assert.deepEqual([false, false, false, false], ["grid", "lens", "atPointer", "shapes"].map(name => fresh[name]))
  for (const text of ["", "{", "null", "[1]", '"x"', '{"grid": 1, "opacity": "much", "lens": null}']) {
    assert.deepEqual(fresh, map.readTools(text))
  }
  assert.deepEqual([0.1, 1], ["-4", "1e9"].map(opacity => map.readTools(`{"opacity": ${opacity}}`).opacity))
})

test("lens and picture take turns at the pointer", () => {
  const lens = map.switched(map.readTools(null), "lens")
  assert.deepEqual([true, false], [lens.lens, lens.atPointer])
  const picture = map.switched(lens, "atPointer")
  assert.deepEqual([false, true], [picture.lens, picture.atPointer])
  assert.equal(false, map.switched(picture, "lens").atPointer)
  assert.equal(false, map.switched(picture, "atPointer").atPointer)
})

test("a screen reader hears where the pin stands, and which data point is beside it", () => {
  const facts = { split: "test", index: 3, label: 1, distance: 0.118, pointed: false }
  assert.equal("Decoded at z₁ 0.50, z₂ −1.00; nearest test image dog · no. 3, 0.12 away.",
    map.saidOf([0.5, -1], ["z₁", "z₂"], facts, ["cat", "dog"]))
  assert.equal("Decoded at z₁ 0.50, z₂ −1.00.", map.saidOf([0.5, -1], ["z₁", "z₂"], null, []))
  assert.equal("No pin: the picture follows the pointer.", map.saidOf(null, ["z₁", "z₂"], null, []))
})
