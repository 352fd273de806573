// Where the boxes of a computation graph stand, and what a tensor looks like.
import assert from "node:assert/strict"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const { barsOf, edgeOf, layerText, mapColour, placesOf, shortNumber } = await imported("graph")
const layers = (part, n) => Array.from({ length: n }, (_, i) => ({ name: `${part} ${i + 1}`, part, inputs: [] }))
const named = (part, ...names) => names.map(name => ({ name, part, inputs: [] }))
const GRAPHS = {
  vae: [...named("image", "x"), ...layers("encoder", 3), ...named("posterior", "mu", "logvar", "sigma"), ...named("draw", "epsilon", "z"),
    ...layers("decoder", 4), ...named("image", "x_hat"), ...named("bound", "log p(x|z)", "KL", "ELBO")],
  cvae: [...named("image", "x"), ...named("class", "class"), ...layers("encoder", 2), ...named("posterior", "mu", "logvar", "sigma"), ...named("draw", "epsilon", "z"),
    ...named("class", "class for z"), ...layers("decoder", 3), ...named("image", "x_hat"), ...named("bound", "log p(x|z)", "KL", "ELBO")],
  ae: [...named("image", "x"), ...layers("encoder", 1), ...named("draw", "z"), ...layers("decoder", 2), ...named("image", "x_hat"), ...named("bound", "log p(x|z)")],
  gan: [...named("draw", "z"), ...layers("decoder", 3), ...named("image", "x_hat")],
}

for (const [family, boxes] of Object.entries(GRAPHS)) {
  test(`${family}: no box lies on another or outside, at any width`, () => {
    for (const room of [330, 640, 760, 1010, 1160, 1900]) {
      const { places, height } = placesOf(boxes, room)
      const all = boxes.map(({ name }) => places[name])
      for (const [i, one] of all.entries()) {
        assert.ok(one.x >= 0 && one.x + one.width <= room + 0.5 && one.y >= 0 && one.y + one.height <= height + 0.5, boxes[i].name)
        for (const [k, other] of all.entries()) {
          if (k <= i) continue
          const apart = one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y
          assert.ok(apart, `${family} at ${room}: ${boxes[i].name} lies on ${boxes[k].name}`)
        }
      }
    }
  })
}

test("every edge ends at a side of its box", () => {
  const { places, narrow } = placesOf(GRAPHS.vae, 1160)
  for (const [from, to] of [["x", "encoder 1"], ["mu", "z"], ["mu", "KL"], ["z", "decoder 1"], ["x_hat", "log p(x|z)"], ["KL", "ELBO"]]) {
    const [x, y] = edgeOf(places[from], places[to], narrow, 1160).match(/([\d.]+),([\d.]+)$/).slice(1).map(Number)
    const box = places[to]
    const onSide = [x - box.x, x - box.x - box.width].some(d => Math.abs(d) < 0.01) || [y - box.y, y - box.y - box.height].some(d => Math.abs(d) < 0.01)
    assert.ok(onSide && x >= box.x - 0.01 && x <= box.x + box.width + 0.01 && y >= box.y - 0.01 && y <= box.y + box.height + 0.01, `${from} to ${to}`)
  }
})

test("a map is the paper's colour at 0, and the two colours at its ends", () => {
  assert.deepEqual([250, 250, 250], mapColour(128, [250, 250, 250], [0, 100, 90]))
  assert.deepEqual([0, 100, 90], mapColour(255, [250, 250, 250], [0, 100, 90]))
  assert.deepEqual([213, 94, 0], mapColour(1, [250, 250, 250], [0, 100, 90]))
  assert.deepEqual([250, 250, 250], mapColour(0, [250, 250, 250], [0, 100, 90]))
})

test("numbers are short, bars as many as counts, layers named in a few letters", () => {
  assert.deepEqual(["0", "−0.123", "12.35", "−145.0", "1.0e−5"], [0, -0.1234, 12.345, -145.04, 1e-5].map(shortNumber))
  assert.equal(3, barsOf([1, 0, 4]).match(/<rect/g).length)
  assert.equal("transposed conv.", layerText("transposed convolution, stride 2, then ReLU"))
  assert.equal("normalisation", layerText("normalisation over 2 groups of channels"))
})
