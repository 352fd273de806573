// The document's channel: newest wins, and what it does when the server is gone.
import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { freshPage, imported, offered } from "./joined.mjs"

const js = await imported()
const MODEL = offered().model
let page, channel, got

beforeEach(() => {
  page = freshPage()
  channel = js.channelOf(offered())
  channel.needsToken(() => {})
  got = []
})

const opened = () => page.sockets.at(-1).open() ?? page.sockets.at(-1)
const ask = (lane, mark) => channel.ask(lane, { kind: 1, model: MODEL, z: [mark] }, () => got.push(mark))
const marks = socket => socket.sent.map(buffer => new Float32Array(buffer, 28)[0])
const numberOf = (socket, i) => new DataView(socket.sent[i]).getUint32(4, true)

test("a socket is opened at the page's own host, with protocol and token", () => {
  const [socket] = page.sockets
  assert.equal("ws://here:8501/live", socket.url)
  assert.deepEqual(["latent-space.v1", "t1"], socket.protocols)
})

test("all components of a page share one socket", () => {
  assert.equal(channel, js.channelOf(offered()))
  assert.equal(channel, js.channelOf(offered({ token: "t2" })))
  assert.equal(1, page.sockets.length)
})

test("two requests of a lane are under way, and of those that wait the newest is sent", () => {
  const socket = opened()
  const lane = channel.lane()
  for (const mark of [1, 2, 3, 4]) ask(lane, mark)
  assert.deepEqual([1, 2], marks(socket))
  socket.answer(numberOf(socket, 0))
  assert.deepEqual([1, 2, 4], marks(socket))
  assert.deepEqual([1], got)
})

test("lanes do not wait for each other, and each request says its lane", () => {
  const socket = opened()
  const [one, other] = [channel.lane(), channel.lane()]
  for (const mark of [1, 2, 3]) ask(one, mark)
  ask(other, 9)
  assert.deepEqual([1, 2, 9], marks(socket))
  assert.deepEqual([one, other], [0, 2].map(i => new Uint8Array(socket.sent[i])[1]))
})

test("an answer that a newer one has overtaken is not shown", () => {
  const socket = opened()
  const lane = channel.lane()
  ask(lane, 1)
  ask(lane, 2)
  socket.answer(numberOf(socket, 1))
  socket.answer(numberOf(socket, 0))
  assert.deepEqual([2], got)
})

test("a lane that is freed hears nothing more, and its number is given again", () => {
  const socket = opened()
  const lane = channel.lane()
  ask(lane, 1)
  channel.free(lane)
  socket.answer(numberOf(socket, 0))
  assert.deepEqual([], got)
  assert.equal(lane, channel.lane())
})

test("requests that are never answered do not block their lane", () => {
  const socket = opened()
  const lane = channel.lane()
  for (const mark of [1, 2, 3]) ask(lane, mark)
  page.pass(2900)
  assert.deepEqual([1, 2], marks(socket))
  page.pass(3200)
  assert.deepEqual([1, 2, 3], marks(socket))
})

test("a lost connection is tried again, less and less often, and says that it is down", () => {
  const said = []
  channel.watch(status => said.push(status))
  opened().break()
  const waits = []
  for (let i = 0; i < 5; i++) {
    const n = page.sockets.length
    let waited = 0
    while (page.sockets.length === n) {
      page.pass(100)
      waited += 100
    }
    waits.push(waited)
    page.sockets.at(-1).break()
  }
  assert.deepEqual([300, 1000, 2000, 5000, 5000], waits)
  assert.deepEqual(["open", "down"], said)
  page.pass(5000)
  opened()
  assert.equal("open", channel.status)
})

test("what was asked last is asked again after a lost connection", () => {
  const first = opened()
  const lane = channel.lane()
  ask(lane, 1)
  ask(lane, 2)
  first.break()
  page.pass(300)
  const second = opened()
  assert.deepEqual([2], marks(second))
  second.answer(numberOf(second, 0))
  assert.deepEqual([2], got)
})

test("what is asked while the channel is down goes out when it is back", () => {
  opened().break()
  ask(channel.lane(), 5)
  page.pass(300)
  assert.deepEqual([5], marks(opened()))
})

test("after two failures one component asks Python for a fresh token, and not more often than each five seconds", () => {
  let asked = 0
  channel.needsToken(() => assert.fail("the component that came first was asked as well"))
  channel.needsToken(() => asked++)
  opened().break()
  assert.equal(0, asked)
  page.pass(300)
  page.sockets.at(-1).break()
  assert.equal(1, asked)
  page.pass(1000)
  page.sockets.at(-1).break()
  assert.equal(1, asked)
  page.pass(5000)
  page.sockets.at(-1).break()
  assert.equal(2, asked)
})

test("a fresh token connects at once, and once for all components", () => {
  opened().break()
  page.pass(300)
  page.sockets.at(-1).break()
  const n = page.sockets.length
  for (let i = 0; i < 3; i++) js.channelOf(offered({ token: "t2" }))
  assert.equal(n + 1, page.sockets.length)
  assert.equal("t2", page.sockets.at(-1).protocols[1])
  page.pass(10_000)
  assert.equal(n + 1, page.sockets.length)
})

test("an expired token is not tried: a fresh one is asked for", () => {
  let asked = 0
  channel.needsToken(() => asked++)
  opened()
  page.pass(601_000)
  page.sockets.at(-1).break()
  const n = page.sockets.length
  page.pass(300)
  assert.equal(n, page.sockets.length)
  assert.equal(1, asked)
  js.channelOf(offered({ token: "t2" }))
  assert.equal("t2", page.sockets.at(-1).protocols[1])
})

test("a connection that the server closed for idleness rests until somebody asks", () => {
  opened().break(1001)
  assert.equal("asleep", channel.status)
  page.pass(60_000)
  assert.equal(1, page.sockets.length)
  ask(channel.lane(), 3)
  assert.equal(2, page.sockets.length)
  assert.deepEqual([3], marks(opened()))
})

test("each device has a channel of its own, and places on two devices do not take turns", () => {
  const first = opened()
  const other = js.channelOf(offered({ device: "cuda:0", token: "t2" }))
  opened()
  for (let rerun = 0; rerun < 3; rerun++) {
    assert.equal(channel, js.channelOf(offered({ token: "t3" })))
    assert.equal(other, js.channelOf(offered({ device: "cuda:0", token: "t4" })))
  }
  assert.deepEqual([2, false, "open", "open"], [page.sockets.length, first.closed, channel.status, other.status])
  assert.deepEqual(["t1", "t2"], page.sockets.map(socket => socket.protocols[1]))
})

test("a lost connection that no component is left to miss is not tried again", () => {
  const other = js.channelOf(offered({ device: "cuda:0" }))
  const stop = other.needsToken(() => assert.fail("a component that is gone was asked for a token"))
  opened()
  stop()
  page.sockets.at(-1).break()
  page.pass(60_000)
  assert.deepEqual(["asleep", 2], [other.status, page.sockets.length])
  js.channelOf(offered({ device: "cuda:0" }))
  assert.equal(3, page.sockets.length)
})

test("the milliseconds are the median of the last thirty", () => {
  assert.equal(null, channel.milliseconds)
  for (let i = 0; i < 30; i++) channel.timed(1000)
  for (let i = 0; i < 16; i++) channel.timed(i)
  assert.equal(1000, [...channel.times].sort((a, b) => a - b)[16])
  assert.equal(15, channel.milliseconds)
})
