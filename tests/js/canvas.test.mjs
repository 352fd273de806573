// The raster of the canvas: what a pen leaves, what undo brings back.
import assert from "node:assert/strict"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const js = await imported("canvas")
const drawn = (raster, from, to, width, colour = [255]) => {
  raster.begin(colour)
  raster.line(from, to, width)
  raster.end()
}

test("a line is as wide as the pen, full within, grey at its edge, and nothing elsewhere", () => {
  const raster = new js.Raster(20, 1)
  drawn(raster, [3, 10], [17, 10], 4)
  const column = Array.from({ length: 20 }, (_, row) => raster.values[row * 20 + 10])
  assert.deepEqual(column.slice(8, 12), [255, 255, 255, 255])
  assert.ok(column[7] === 0 || column[7] < 255)
  assert.equal(column.slice(0, 7).some(Boolean) || column.slice(13).some(Boolean), false)
  const ink = raster.values.reduce((sum, value) => sum + value, 0) / 255
  assert.ok(Math.abs(ink - (14 * 4 + Math.PI * 4)) < 4, `${ink} pixels of ink`)
})

test("a stroke that crosses itself covers a pixel once, so that it stays as grey as it was", () => {
  const [once, twice] = [new js.Raster(12, 1), new js.Raster(12, 1)]
  drawn(once, [2, 6.3], [10, 6.3], 3)
  twice.begin([255])
  for (let i = 0; i < 5; i++) twice.line([2, 6.3], [10, 6.3], 3)
  twice.end()
  assert.deepEqual(once.values, twice.values)
})

test("undo brings back what was there, stroke by stroke, and clearing can be undone", () => {
  const raster = new js.Raster(8, 3)
  drawn(raster, [1, 1], [6, 6], 2, [255, 0, 9])
  const [values, cover] = [raster.values.slice(), raster.cover.slice()]
  drawn(raster, [6, 1], [1, 6], 2, null)
  assert.notDeepEqual(values, raster.values)
  raster.clear()
  assert.equal(raster.isEmpty, true)
  assert.equal(raster.undo() && raster.undo(), true)
  assert.deepEqual([values, cover], [raster.values, raster.cover])
  assert.equal(raster.undo(), true)
  assert.equal(raster.isEmpty, true)
  assert.equal(raster.undo(), false)
})

test("the eraser takes away what was drawn, and a stroke beyond the edge does not come in on the other side", () => {
  const raster = new js.Raster(10, 1)
  drawn(raster, [-5, 5], [3, 5], 2)
  assert.equal(raster.values[5 * 10 + 9] + raster.values[4 * 10 + 9], 0)
  drawn(raster, [-5, 5], [3, 5], 6, null)
  assert.equal(raster.isEmpty, true)
})

test("bytes survive being written as text, many of them too", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7)
  assert.deepEqual(bytes, js.bytesOf(js.base64Of(bytes)))
})
