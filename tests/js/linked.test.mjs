// What linked maps share: views as seen from each map's own box, and the way around the first page's map.
import assert from "node:assert/strict"
import { test } from "node:test"
import { imported } from "./joined.mjs"

const map = await imported("latent_map")
const living = await imported("living")

test("a view carried to another map shows the same part of that map's box, and back it is itself", () => {
  const [one, other] = [{ x: 1, y: -2, half: 4 }, { x: 30, y: 5, half: 100 }]
  assert.deepEqual(other, map.absoluteView(map.relativeView(one, one), other))
  const view = { x: 2, y: 0, half: 1 }
  const there = map.absoluteView(map.relativeView(view, one), other)
  assert.deepEqual({ x: 55, y: 55, half: 25 }, there)
  assert.deepEqual(view, map.absoluteView(map.relativeView(there, other), one))
})

test("z goes round a closed way without a jump", () => {
  const way = [[0, 0], [2, 0], [2, 2], [0, 0]]
  assert.deepEqual([1, 0], [...living.alongWay(way, 1 / 6)])
  assert.deepEqual([2, 1], [...living.alongWay(way, 0.5)])
  for (const share of [0, 1, 2, -1]) assert.deepEqual([0, 0], [...living.alongWay(way, share)])
  assert.deepEqual([...living.alongWay(way, 0.25)], [...living.alongWay(way, 3.25)])
})
