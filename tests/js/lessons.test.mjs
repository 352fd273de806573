// The lessons' progress in the browser, and the pad of epsilon; run by `node --test tests/js/`.
import assert from "node:assert/strict"
import { test } from "node:test"
import { readFile } from "node:fs/promises"
import { imported } from "./joined.mjs"

const file = new URL("../../ui/lessons/progress/assets/progress.js", import.meta.url)
const { merge, stored } = await import(`data:text/javascript,${encodeURIComponent(await readFile(file, "utf8"))}`)
const epsilon = await imported("lessons/epsilon")

/** A localStorage of one value. */
const storage = text => ({ text, getItem() { return this.text }, setItem(_, text) { this.text = text } })

test("what is stored and what the page knows are joined, and the page hears of what it did not know", () => {
  const kept = storage('["1/a","1/b"]')
  assert.deepEqual({ all: ["1/a", "1/b", "1/c"], news: true }, merge(kept, ["1/c", "1/a"], false))
  assert.equal('["1/a","1/b","1/c"]', kept.text)
  assert.equal(false, merge(kept, ["1/a", "1/b", "1/c"], false).news)
})

test("forgetting leaves what the page knows alone", () => {
  const kept = storage('["1/a"]')
  assert.deepEqual({ all: [], news: false }, merge(kept, [], true))
  assert.equal("[]", kept.text)
})

test("a store with something else in it, or none at all, is an empty one", () => {
  for (const text of [null, "x", "5", '{"a":1}']) assert.deepEqual([], stored(storage(text)))
  const refuses = { getItem() { throw new Error("SecurityError") }, setItem() { throw new Error("QuotaExceededError") } }
  assert.deepEqual({ all: ["1/a"], news: false }, merge(refuses, ["1/a"], false))
})

test("z of an epsilon has that epsilon", () => {
  const q = { mu: [1, -1], sigma: [0.5, 0.25] }
  assert.deepEqual([2, -1.5], epsilon.zOf([2, -2], q))
  assert.deepEqual([2, -2], epsilon.epsilonOf([2, -1.5], q))
})
