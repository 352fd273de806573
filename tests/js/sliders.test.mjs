// The sliders' arithmetic; run by `node --test tests/js/`, and by pytest through test_javascript.py.
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import { test } from "node:test"

const ui = new URL("../../ui/", import.meta.url)
const named = async (file, pattern) =>
  [...pattern.exec(await readFile(new URL(file, ui), "utf8"))[1].matchAll(/\w+/g)].map(match => `${match[0]}.js`)
const shared = await named("javascript/__init__.py", /^SHARED = \((.*?)\)$/ms)
const own = await named("sliders/wrapper.py", /component\("sliders", .*?, \((.*?)\)\)/s)
const files = [...shared.map(name => `javascript/${name}`), ...own.map(name => `sliders/assets/${name}`)]
const source = await Promise.all(files.map(name => readFile(new URL(name, ui), "utf8")))
// As Python joins them: what node cannot read as one module, no browser can.
const sliders = await import(`data:text/javascript,${encodeURIComponent(source.join("\n"))}`)

const close = (expected, actual, tolerance = 1e-7) =>
  assert.ok(Math.abs(expected - actual) <= tolerance, `expected ${expected}, came ${actual}`)

test("the joined files are one module with a renderer", () => assert.equal("function", typeof sliders.default))

test("Φ is that of Python's statistics.NormalDist, into the tails", () => {
  const known = [
    [-6, 9.865876449133282e-10], [-4.5, 3.3976731247387093e-6], [-1.5, 0.06680720126885809], [-0.25, 0.4012936743170763],
    [0, 0.5], [0.7, 0.758036347776927], [2, 0.9772498680518208], [3.7, 0.9998922002665226], [5, 0.9999997133484281],
  ]
  for (const [z, p] of known) close(p, sliders.normalCdf(z), 1e-14)
  assert.deepEqual([0, 1], [-40, 40].map(sliders.normalCdf))
})

test("Φ⁻¹ is that of Python's statistics.NormalDist, and undoes Φ", () => {
  const known = [
    [1e-6, -4.753424308822899], [0.001, -3.0902323061678136], [0.02425, -1.9729610513118845], [0.3, -0.5244005127080409],
    [0.5, 0], [0.84, 0.994457883209753], [0.999, 3.0902323061678136], [1 - 1e-6, 4.753424308817087],
  ]
  for (const [p, z] of known) close(z, sliders.normalQuantile(p))
  for (let z = -4; z <= 4; z += 0.01) close(z, sliders.normalQuantile(sliders.normalCdf(z)))
})

test("draws have mean 0 and variance 1, and a first number of 0 is no infinity", () => {
  let state = 1
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const draws = Array.from({ length: 40_000 }, () => sliders.normalDraw(random))
  const mean = draws.reduce((sum, z) => sum + z, 0) / draws.length
  close(0, mean, 0.02)
  close(1, draws.reduce((sum, z) => sum + (z - mean) ** 2, 0) / draws.length, 0.03)
  assert.ok(Number.isFinite(sliders.normalDraw(() => 0)))
})

test("what stands under the thumb is what z gives, and 0 is in the middle, on both scales", () => {
  for (const scale of Object.values(sliders.SCALES)) {
    const [n, reach] = [9, 4]
    const values = sliders.stripValues(scale, reach, n)
    values.forEach((z, k) => close((k + 0.5) / n, sliders.shareOf(scale, reach, z), 1e-9))
    close(0, values[4], 1e-12)
    assert.deepEqual([0, 0.5, 1], [-99, 0, 99].map(z => sliders.shareOf(scale, reach, z))) // beyond: at the end
    close(1.25, scale.z(scale.at(1.25)))
  }
})

test("a typed number is a z within reach, or a share strictly between 0 and 100 %, or nothing", () => {
  const { sigma, quantile } = sliders.SCALES
  assert.deepEqual([-100, 2.5, null, null], [-100, 2.5, 100.5, NaN].map(value => sigma.read(value, 100)))
  assert.deepEqual([null, null, null, null], [0, 100, -5, NaN].map(value => quantile.read(value, 100)))
  close(-1.2815515655446004, quantile.read(10, 100))
})

test("a slider goes as far as its data, and farther only with z", () =>
  assert.deepEqual([3, 5, 8], [[3, 2.9], [5, -1], [3, -7.2]].map(([data, z]) => sliders.reachOf(data, z))))

test("draw and reset leave what is held", () => {
  const z = Float32Array.of(1, 2, 3)
  assert.deepEqual(Float32Array.of(0, 2, 0), sliders.freed(z, new Set([1]), () => 0))
  assert.deepEqual(Float32Array.of(1, 2, 3), z)
})

test("a strip's pictures are whole multiples of their own size, odd in number, and fit", () => {
  for (const image of [[1, 8, 8], [1, 28, 28], [3, 32, 32], [1, 64, 64], [3, 48, 20]]) {
    for (const width of [60, 186, 262, 344, 424, 900]) {
      for (const [height, ratio] of [[28, 1], [28, 2], [56, 1], [56, 1.5]]) {
        const { n, wide, high, size, smooth } = sliders.stripLayout(width, height, image, ratio)
        assert.ok(n >= 3 && n <= 15 && n % 2 === 1, `${n} pictures`)
        assert.ok(n * size[0] <= wide + n && size[1] <= high, `${n} of ${size} on ${wide} × ${high}`)
        if (smooth) assert.ok(size[0] <= image[2] && size[1] <= image[1])
        else assert.deepEqual([0, 0], [size[0] % image[2], size[1] % image[1]])
      }
    }
  }
  assert.deepEqual([9, [28, 28]], Object.values(sliders.stripLayout(262, 28, [1, 28, 28])).flatMap((v, i) => (i % 3 ? [] : [v])))
})

test("a batch has, for each row, z with its own entry taking the row's values", () => {
  const rows = [{ axis: sliders.dimensionAxis(2), values: [-1, 4] }, { axis: sliders.dimensionAxis(0), values: [7] }]
  const batch = sliders.stripBatch(Float32Array.of(1, 2, 3), rows)
  assert.deepEqual([1, 2, -1, 1, 2, 4, 7, 2, 3], [...batch])
})

test("only another dimension makes a strip untrue", () => {
  const z = Float32Array.of(1, 2, 3)
  assert.equal(true, sliders.dimensionAxis(1).sameBut(z, Float32Array.of(1, 9, 3)))
  assert.equal(false, sliders.dimensionAxis(0).sameBut(z, Float32Array.of(1, 9, 3)))
})

test("a direction's coordinate counts from the codes' middle in their spread, and what is at right angles stays", () => {
  const axis = sliders.directionAxis({ vector: [0.6, 0.8, 0], middle: 2, spread: 0.5 })
  const z = Float32Array.of(1, -2, 3)
  close((0.6 - 1.6 - 2) / 0.5, axis.read(z), 1e-6)
  const moved = axis.write(z, 1.5)
  close(1.5, axis.read(moved), 1e-5)
  close(0.8 * 1 - 0.6 * -2, 0.8 * moved[0] - 0.6 * moved[1], 1e-5)
  close(3, moved[2])
  assert.deepEqual([1, -2, 3], [...z])
  assert.equal(true, axis.sameBut(z, moved))
  assert.equal(false, axis.sameBut(z, Float32Array.of(1, -2, 3.01)))
})

test("the codes' own quantiles make a scale: its middle is their median, and it undoes itself", () => {
  const quantiles = Array.from({ length: 101 }, (_, k) => (k / 100) ** 2 * 40 - 4) // skew: the median is 6
  const { sigma, quantile } = sliders.scalesOfCodes(quantiles)
  close(6, quantile.z(50), 1e-12)
  for (let z = -3.9; z < 36; z += 0.1) close(z, quantile.z(quantile.at(z)), 1e-9)
  assert.deepEqual([0, 100, "", "%"], [quantile.at(-9), quantile.at(99), sigma.unit, quantile.unit])
  assert.deepEqual([-4, 36, null, null], [...[-1, 101].map(quantile.z), ...[0, 100].map(share => quantile.read(share))])
  const values = sliders.stripValues(quantile, 40, 9)
  values.forEach((z, k) => close((k + 0.5) / 9, sliders.shareOf(quantile, 40, z), 1e-9))
})
