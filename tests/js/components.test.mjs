// The components' own arithmetic, and that each joins to one module.
import assert from "node:assert/strict"
import { readdir, readFile } from "node:fs/promises"
import { test } from "node:test"

import { imported } from "./joined.mjs"

const ui = new URL("../../ui/", import.meta.url)
const folders = []
for (const { name } of (await readdir(ui, { withFileTypes: true })).filter(entry => entry.isDirectory())) {
  const wrapper = await readFile(new URL(`${name}/wrapper.py`, ui), "utf8").catch(() => "")
  if (/= component\(/.test(wrapper)) folders.push(name)
}

for (const folder of folders) {
  test(`${folder}: the shared files and its own make one module, which mounts`, async () => {
    assert.equal("function", typeof (await imported(folder)).default)
  })
}

test("the pictures are whole multiples of their pixels, and fit", async () => {
  const { layoutOf } = await imported("view")
  for (let room = 180; room <= 700; room += 13) {
    for (const [height, width] of [[8, 8], [28, 28], [64, 64], [20, 32], [32, 20]]) {
      const { large, small, stacked } = layoutOf(room, height, width)
      assert.deepEqual([0, 0], [large % width, small % width])
      assert.ok((stacked ? Math.max(large, 2 * small + 10) : large + 16 + small) <= room, `${room}: ${large} ${small}`)
      assert.ok(large <= 256 && (large * height) / width <= 256)
    }
  }
  assert.deepEqual({ large: 252, small: 112, stacked: false }, layoutOf(414, 28, 28))
})

test("the line at the foot says how far the data is", async () => {
  const { awayText } = await imported("readout")
  const z = Float32Array.of(3, 4)
  assert.equal("nearest test image 0.25 away", awayText({ split: "test", distance: 0.25, pointed: false }, z, []))
  const pointed = { split: "train", index: 7, label: 1, mu: [0, 0], distance: null, pointed: true }
  assert.equal("5.00 from image dog · training no. 7", awayText(pointed, z, ["cat", "dog"], [80, 20, 10]))
})

const PATH = [[0, 0], [2, 0], [2, 4]]

test("between two steps of a path z lies on the straight line", async () => {
  const { zAt } = await imported("scrubber")
  assert.deepEqual([[0, 0], [1, 0], [2, 0], [2, 1], [2, 4]], [0, 0.5, 1, 1.25, 2].map(t => [...zAt(PATH, t)]))
})

test("the step nearest to a z is found, also between two steps and beyond the ends", async () => {
  const { nearestOn, zAt } = await imported("scrubber")
  for (const t of [0, 0.25, 1, 1.75, 2]) {
    const found = nearestOn(PATH, zAt(PATH, t))
    assert.ok(Math.abs(found.t - t) < 1e-6 && found.distance < 1e-6)
  }
  assert.deepEqual({ t: 0, distance: 5 }, nearestOn(PATH, [-3, -4]))
  assert.deepEqual({ t: 0, distance: 1 }, nearestOn([[1, 1], [1, 1]], [1, 2]))
})

test("a film shows its first and last picture, evenly, none over another and none outside", async () => {
  const { filmOf, stepAt } = await imported("scrubber")
  for (const room of [300, 360, 1009]) {
    for (const n of [2, 3, 11, 40, 59, 60]) {
      const { indices, tile, middle } = filmOf(room, n, 28, 28)
      assert.deepEqual([0, n - 1], [indices[0], indices.at(-1)])
      assert.ok(indices.every((t, k) => k === 0 || middle(t) - middle(indices[k - 1]) >= tile))
      assert.ok(middle(0) - tile / 2 >= -1e-9 && middle(n - 1) + tile / 2 <= room + 1e-9)
      assert.ok(tile >= 30 || room / n < 36, `${room} px, ${n} pictures: ${tile}`)
      for (const t of [0, (n - 1) / 3, n - 1]) assert.ok(Math.abs(stepAt(middle(t), room, n, tile) - t) < 1e-6)
      assert.deepEqual([0, n - 1], [stepAt(-50, room, n, tile), stepAt(room + 50, room, n, tile)])
    }
  }
})

test("keys go from step to step, shift a tenth, and not past the ends", async () => {
  const { keyedStep } = await imported("scrubber")
  const at = (t, key, fine = false) => keyedStep(t, key, fine, 11)
  assert.deepEqual([5, 4], [at(4, "ArrowRight"), at(4.5, "ArrowLeft")])
  assert.deepEqual([4.6, 4.4], [at(4.5, "ArrowUp", true), at(4.5, "ArrowDown", true)])
  assert.deepEqual([0, 10, 0, 10, 9], [at(4, "Home"), at(4, "End"), at(0, "ArrowLeft"), at(8, "PageUp"), at(4, "PageUp")])
  assert.equal(null, at(4, "Tab"))
})

test("each pixel of the wall belongs to the picture that is drawn there", async () => {
  const { wallOf, tileUnder } = await imported("wall")
  const wall = wallOf(400, 3, 7, 20, 10)
  assert.deepEqual([3, 128], [wall.columns, wall.tile])
  for (let i = 0; i < 7; i++) {
    const [x, y] = [(i % 3) * wall.pitch, Math.floor(i / 3) * wall.rise]
    assert.deepEqual([i, i], [tileUnder(wall, x + 1, y + 1), tileUnder(wall, x + wall.tile - 1, y + wall.tall - 1)])
  }
  assert.deepEqual([-1, -1, -1], [tileUnder(wall, 200, 600), tileUnder(wall, -1, 5), tileUnder(wall, wall.width + 10, 5)])
})

test("arrow keys walk the wall and stop at its edge", async () => {
  const { keyedTile } = await imported("wall")
  const keys = ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"]
  assert.deepEqual([5, 3, 1, 4, 0, 6], keys.map(key => keyedTile(4, key, 3, 7)))
  assert.equal(null, keyedTile(4, "a", 3, 7))
})

test("an image has the number of its own split, as the ledger and the tables have it", async () => {
  const { awayText } = await imported("readout")
  const said = (split, index) => awayText({ split, index, label: null, pointed: true, mu: [0] }, [0], [], [80, 20, 10])
  assert.equal("0.00 from image training no. 79", said("all", 79))
  assert.equal("0.00 from image validation no. 0", said("all", 80))
  assert.equal("0.00 from image test no. 9", said("all", 109))
  assert.equal("0.00 from image validation no. 19", said("train", 99))
  assert.equal("0.00 from test image no. 9", said("test", 9))
})
