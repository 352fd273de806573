// Movements of a pointer: each heard once, as early as the browser tells.
import assert from "node:assert/strict"
import test from "node:test"

import { imported } from "./joined.mjs"

const { onMove } = await imported()

function surface() {
  const listeners = {}
  const heard = []
  onMove({ addEventListener: (type, listener) => (listeners[type] = listener) }, event => heard.push(event.clientX))
  const say = (type, clientX = 0, timeStamp = 0, buttons = 0) =>
    listeners[type]({ type, pointerId: 1, clientX, clientY: 0, buttons, timeStamp })
  return { heard, say }
}

test("a movement that was heard early is not heard again with the frame", () => {
  const { heard, say } = surface()
  say("pointerrawupdate", 5, 100)
  say("pointermove", 5, 107)
  assert.deepEqual(heard, [5])
})

test("where the browser tells nothing early, the frame's movements are heard", () => {
  const { heard, say } = surface()
  for (const x of [5, 6, 7]) say("pointermove", x, 16 * x)
  assert.deepEqual(heard, [5, 6, 7])
})

test("of a mouse that reports 8,000 times a second 250 places are heard, and the last one with the frame", () => {
  const { heard, say } = surface()
  for (let k = 0; k < 8000; k++) say("pointerrawupdate", k, k / 8)
  say("pointermove", 7999, 1000)
  assert.equal(heard.length, 251)
  assert.equal(heard.at(-1), 7999)
})

test("what was heard before the pointer had left the element beside is heard again", () => {
  const { heard, say } = surface()
  say("pointerrawupdate", 5, 100)
  say("pointerenter", 5, 100)
  say("pointermove", 5, 107)
  assert.deepEqual(heard, [5, 5])
})

test("a button that goes down where the pointer stands is a change, and so is coming back", () => {
  const { heard, say } = surface()
  say("pointermove", 5, 0)
  say("pointermove", 5, 16, 1)
  say("pointerleave")
  say("pointermove", 5, 32, 1)
  assert.deepEqual(heard, [5, 5, 5])
})
