// The wire format of /live, and the plane of a map.
import assert from "node:assert/strict"
import { test } from "node:test"

import { answerBytes, imported } from "./joined.mjs"

const js = await imported()
const hex = buffer => Buffer.from(buffer).toString("hex")
const MODEL = "00112233445566778899aabbccddeeff"

test("a decode request has the bytes that the protocol says", () => {
  const number = 0x01020304
  const bytes = js.encodeRequest({ kind: js.DECODE, lane: 5, split: "all", number, model: MODEL, which: 7, z: [1, -0.5] })
  assert.equal(hex(bytes), `01050000${"04030201"}${MODEL}07000000${"0000803f"}${"000000bf"}`)
})

test("a point request names its split, and no class or index is -1", () => {
  const bytes = js.encodeRequest({ kind: js.POINT, lane: 63, split: "all", number: 1, model: MODEL, z: [] })
  assert.equal(hex(bytes), `023f0200${"01000000"}${MODEL}ffffffff`)
})

test("an answer's fields, pixels and text are read from where they stand", () => {
  const pixels = [0, 1, 254, 255, 7, 8]
  const answer = js.decodeAnswer(answerBytes({ number: 9, n: 1, height: 1, width: 2, channels: 3, ms: 0.5, pixels, text: "σ" }))
  const { number, status, n, height, width, channels, ms, text } = answer
  assert.deepEqual({ number: 9, status: 0, n: 1, height: 1, width: 2, channels: 3, ms: 0.5, text: "σ" },
    { number, status, n, height, width, channels, ms, text })
  assert.deepEqual(pixels, [...answer.pixels])
})

test("an answer that is cut short, or longer than it says, is refused", () => {
  const whole = new Uint8Array(answerBytes({ n: 1, height: 2, width: 2, pixels: [1, 2, 3, 4], text: "ab" }))
  for (const n of [0, 23, 24, whole.length - 1]) assert.throws(() => js.decodeAnswer(whole.slice(0, n).buffer))
  assert.throws(() => js.decodeAnswer(Uint8Array.from([...whole, 0]).buffer), /cut short/)
})

test("a picture's pixels come out as red, green, blue and opaque", () => {
  const colour = { pixels: Uint8Array.of(9, 9, 9, 1, 2, 3), channels: 3, height: 1, width: 1 }
  assert.deepEqual([1, 2, 3, 255], [...js.rgbaOf(colour, 1)])
  const grey = { pixels: Uint8Array.of(0, 255), channels: 1, height: 1, width: 2 }
  assert.deepEqual([0, 0, 0, 255, 255, 255, 255, 255], [...js.rgbaOf(grey)])
})

test("pictures that Python sends along are read as answers are", () => {
  const answer = js.fromPython({ n: 1, height: 1, width: 3, channels: 1, data: Buffer.from([0, 127, 255]).toString("base64") })
  assert.deepEqual([0, 127, 255], [...answer.pixels])
  assert.deepEqual([0, 1, 3], [answer.status, answer.height, answer.width])
})

test("what is lifted to a place of the plane projects to it, and leaves the rest of z alone", () => {
  const s = Math.SQRT1_2
  const plane = { a: [s, s, 0], b: [0, 0, 1], centre: [1, 0, -1] }
  const z = Float32Array.of(0.25, 2, 3)
  const lifted = js.lift(plane, z, -0.5, 0.75)
  const [x, y] = js.project(plane, lifted)
  assert.ok(Math.hypot(x + 0.5, y - 0.75) < 1e-6)
  const across = v => s * v[0] - s * v[1] // at right angles to the plane
  assert.ok(Math.abs(across(lifted) - across(z)) < 1e-6)
})

test("a covariance on the plane is that of the standard deviations there", () => {
  const s = Math.SQRT1_2
  const [xx, xy, yy] = js.covariance({ a: [s, s], b: [s, -s] }, [2, 1])
  assert.ok(Math.max(Math.abs(xx - 2.5), Math.abs(xy - 1.5), Math.abs(yy - 2.5)) < 1e-9)
})

test("numbers have a true minus sign, and zero none", () => {
  assert.deepEqual(["−1.50", "0.00", "−0.1"], [js.numberText(-1.5), js.numberText(-0.001), js.numberText(-0.1, 1)])
  assert.equal("z = (0.50, −1.00)", js.zText(Float32Array.of(0.5, -1), [1, 0]))
})

test("of many dimensions those that say most of the image are named, and how many there are", () => {
  const z = Float32Array.from({ length: 16 }, (_, i) => i / 10 - 1)
  assert.equal("z₁₀ −0.10, z₁₆ 0.50, z₆ −0.50, z₁ −1.00, … (16)", js.zText(z, [9, 15, 5, 0, ...Array(12).fill(1)]))
})

test("a request asks for no more images than the server takes, in no more than one message", () => {
  assert.deepEqual([4096, 4096, 511, 1], [1, 63, 512, 2 ** 18 - 7].map(js.mostImages))
  for (const D of [1, 63, 64, 65, 512]) {
    const request = js.encodeRequest({ model: MODEL, z: new Float32Array(js.mostImages(D) * D) })
    assert.ok(request.byteLength <= 2 ** 20, `${D} dimensions: ${request.byteLength} bytes`)
  }
})

test("a data point is named by its class where it has one", () => {
  assert.equal("cat · no. 4", js.pointText({ label: 0, index: 4 }, ["cat"]))
  assert.equal("no. 4", js.pointText({ label: null, index: 4 }, ["cat"]))
  assert.equal("no. 4", js.pointText({ label: 3, index: 4 }, ["cat"]))
  const ofAll = index => js.pointText({ label: 0, index, split: "all" }, ["cat"], [60, 40, 20])
  assert.deepEqual(["cat · training no. 59", "cat · validation no. 39", "cat · test no. 0"], [ofAll(59), ofAll(99), ofAll(100)])
  assert.equal("validation no. 15", js.pointText({ label: null, index: 75, split: "train" }, [], [60, 40, 20]))
})

test("a typed number may have a comma and a true minus, and nothing else", () => {
  const numbers = { "-1,5": -1.5, "−1.5": -1.5, "+2": 2, ".5": 0.5, " 3. ": 3, "0": 0 }
  for (const [text, number] of Object.entries(numbers)) assert.equal(number, js.typedNumber(text))
  for (const text of ["", " ", "-", ".", "1,5,2", "1e2", "Infinity", "0x10", "--1", "1 2"]) assert.ok(isNaN(js.typedNumber(text)), text)
})

test("a request to encode has its picture's sides and pixels in the place of z", () => {
  const picture = { height: 2, width: 3, pixels: Uint8Array.of(1, 2, 3, 4, 5, 255) }
  const bytes = js.encodeRequest({ kind: js.ENCODE, lane: 1, number: 2, model: MODEL, which: -1, picture, switches: 5 })
  assert.equal(hex(bytes), `03010500${"02000000"}${MODEL}ffffffff${"02000300"}0102030405ff`)
})
