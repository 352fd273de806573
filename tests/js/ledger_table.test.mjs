// The arithmetic of the ledger's table.
import assert from "node:assert/strict"
import test from "node:test"
import { imported } from "./joined.mjs"

const { imageText, keyedRow, orderAfter, rowsInSight, scrolledTo, sortedRows } = await imported("ledger_table")

test("the rows in sight are all that a window touches, and some more, and never beyond the ends", () => {
  for (const scrolled of [0, 29, 30, 45_000, 69_990 * 30]) {
    const { first, last } = rowsInSight(scrolled, 330, 70_000)
    assert.ok(first >= 0 && last <= 70_000)
    assert.ok(first * 30 <= scrolled)
    assert.ok(last === 70_000 || last * 30 >= scrolled + 330)
    assert.ok(last - first <= 330 / 30 + 10)
  }
  assert.deepEqual({ first: 0, last: 0 }, rowsInSight(0, 330, 0))
})

test("scrolling brings a row into sight by the shortest way, and does nothing where it is", () => {
  assert.equal(null, scrolledTo(5, 0, 330))
  assert.equal(300, scrolledTo(10, 600, 330))
  assert.equal(21 * 30 - 330, scrolledTo(20, 0, 330))
})

test("a row's image is its place in its split", () => {
  const counts = [5, 0, 3]
  assert.equal("training 0", imageText(0, counts))
  assert.equal("training 4", imageText(4, counts))
  assert.equal("test 0", imageText(5, counts))
  assert.equal("test 2", imageText(7, counts))
})

test("a head orders upwards, then downwards, then upwards", () => {
  assert.equal("kl", orderAfter("elbo", "kl"))
  assert.equal("-kl", orderAfter("kl", "kl"))
  assert.equal("kl", orderAfter("-kl", "kl"))
})

test("keys stay within the table", () => {
  assert.equal(0, keyedRow(-1, "ArrowDown", 10, 4))
  assert.equal(9, keyedRow(8, "PageDown", 10, 4))
  assert.equal(0, keyedRow(3, "Home", 10, 4))
  assert.equal(9, keyedRow(3, "End", 10, 4))
  assert.equal(null, keyedRow(3, "x", 10, 4))
})

test("rows are sorted by value, and equal ones keep the order of their numbers both ways", () => {
  const values = Float32Array.from([2, -1, 2, 0.5, -1])
  const rows = Uint32Array.from([4, 3, 2, 1, 0])
  assert.deepEqual([1, 4, 3, 0, 2], [...sortedRows(rows, values, false)])
  assert.deepEqual([0, 2, 3, 1, 4], [...sortedRows(rows, values, true)])
  assert.deepEqual([4, 3, 2, 1, 0], [...rows])
})
