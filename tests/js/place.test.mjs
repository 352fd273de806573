// Place: one z for all views of a page, owned here and not by Python.
import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"

import { freshPage, imported, offered } from "./joined.mjs"

const js = await imported()
let page, place, told, leave

beforeEach(() => {
  page = freshPage()
  place = js.placeOf(offered({ address: true }))
  told = []
  leave = place.tells(report)
})

const report = settled => told.push(settled)
const socket = () => page.sockets.at(-1)
const requests = kind => socket().sent.filter(buffer => new Uint8Array(buffer)[0] === kind)
const zOf = buffer => [...new Float32Array(buffer, 28)]
const answer = (buffer, text, status) => socket().answer(new DataView(buffer).getUint32(4, true), text, status)

test("components with a place of the same name share it", () => {
  assert.equal(place, js.placeOf(offered({ address: true })))
  assert.notEqual(place, js.placeOf(offered({ name: "there" })))
})

test("Python's z is taken over with another stamp, and never otherwise", () => {
  place.move([2, 3])
  js.placeOf(offered({ z: [9, 9] }))
  assert.deepEqual([2, 3], [...place.z])
  js.placeOf(offered({ z: [9, 9], stamp: "two" }))
  assert.deepEqual([9, 9], [...place.z])
  assert.deepEqual([9, 9], [...place.pin])
  js.placeOf(offered({ z: [1, 1], stamp: "three", pinned: false }))
  assert.equal(null, place.pin)
})

test("the pointer previews, and when it leaves z is back at the pin", () => {
  place.preview([7, 7], { split: "test", index: 4 })
  assert.deepEqual([7, 7], [...place.z])
  assert.deepEqual([0.5, -1], [...place.pin])
  place.leave()
  assert.deepEqual([0.5, -1], [...place.z])
  assert.equal(null, place.pointed)
})

test("without a pin z stays where the pointer left it", () => {
  place.unpin()
  place.preview([7, 7], { sample: 2 })
  place.leave()
  assert.deepEqual([7, 7], [...place.z])
  assert.equal(null, place.pointed)
})

test("watchers hear of each change at once, until they stop", () => {
  const seen = []
  const stop = place.watch(({ z }) => seen.push(z[0]))
  place.preview([1, 0])
  place.move([2, 0])
  stop()
  place.move([3, 0])
  assert.deepEqual([1, 2], seen)
})

test("Python hears once, after the last of several moves", () => {
  for (const x of [1, 2, 3]) {
    place.move([x, 0.25])
    place.settle()
    place.settle()
    page.pass(150)
  }
  assert.deepEqual([], told)
  page.pass(60)
  assert.deepEqual([{ z: [3, 0.25], pinned: true, label: -1 }], told)
  page.pass(1000)
  assert.equal(1, told.length)
})

test("a hand that moves on is not settled", () => {
  place.move([1, 1])
  place.settle()
  place.move([2, 2])
  page.pass(1000)
  assert.deepEqual([], told)
})

test("a z that Python sets overtakes a hand that is about to settle", () => {
  place.move([1, 1])
  place.settle()
  js.placeOf(offered({ z: [9, 9], stamp: "two", address: true }))
  page.pass(1000)
  assert.deepEqual([], told)
})

test("what is settled is told by one component, the last that came", () => {
  const stop = place.tells(() => told.push("second"))
  place.move([1, 1])
  place.settle()
  page.pass(1000)
  assert.deepEqual(["second"], told)
  stop()
  place.move([2, 2])
  place.settle()
  page.pass(1000)
  assert.deepEqual([2, 2], told[1].z)
})

test("a hand at rest that has moved nothing is not told", () => {
  place.settle()
  page.pass(1000)
  assert.deepEqual([], told)
})

const comeBack = python => {
  js.placeOf(offered({ address: true, ...python }))
  place.tells(report)
  page.pass(1000)
}

test("what a hand did just before the page was left is told when the page is come back to, and once", () => {
  place.move([1, 2])
  place.settle()
  page.pass(50)
  leave()
  page.pass(1000)
  assert.deepEqual([], told)
  comeBack({})
  assert.deepEqual([{ z: [1, 2], pinned: true, label: -1 }], told)
  comeBack({ z: [1, 2] })
  assert.equal(1, told.length)
})

test("nothing is told while a link leads to another page; where it leads nowhere, it is told late", () => {
  place.move([1, 2])
  place.settle()
  page.pass(50)
  page.clickLink()
  page.pass(1900)
  assert.deepEqual([], told)
  page.pass(200)
  assert.equal(1, told.length)
  page.clickLink()
  page.pass(3000)
  assert.equal(1, told.length)
})

test("what Python was told and did not hear, it is told again when the page is come back to", () => {
  place.move([Math.PI, 2])
  place.settle()
  page.pass(1000)
  leave()
  comeBack({ z: [Math.fround(Math.PI), 2] })
  assert.equal(1, told.length)
  comeBack({})
  assert.equal(2, told.length)
  place.unpin()
  page.pass(1000)
  comeBack({ pinned: false, z: [9, 9] })
  assert.equal(3, told.length)
  comeBack({})
  assert.deepEqual([4, { z: [Math.fround(Math.PI), 2], pinned: false, label: -1 }], [told.length, told[3]])
})

test("the address of another page gets no z", () => {
  const stop = place.watch(() => {})
  place.move([1, 2])
  place.settle()
  page.pass(50)
  Object.assign(window.location, { href: "http://here:8501/sample?model=a+b", pathname: "/sample" })
  delete page.href
  js.placeOf(offered({ address: true })) // a late look at a component that is about to go
  stop()
  leave()
  page.pass(1000)
  assert.equal(undefined, page.href)
})

const FIRST = { stamp: "new session", first: true, address: true, z: [0, 0] }

test("a new session does not move a hand's place: it is told of it", () => {
  place.move([1.23456789, 2])
  js.placeOf(offered(FIRST)) // the server was restarted while a hand drags
  assert.deepEqual([Math.fround(1.23456789), 2], [...place.pin])
  page.pass(1000)
  assert.deepEqual([{ z: [Math.fround(1.23456789), 2], pinned: true, label: -1 }], told)
  js.placeOf(offered(FIRST))
  page.pass(1000)
  assert.equal(1, told.length)
  js.placeOf(offered({ ...FIRST, stamp: "moved", first: false }))
  assert.deepEqual([0, 0], [...place.z])
})

test("a place without a pin stays without one through a new session", () => {
  place.unpin()
  place.preview([3, 4])
  page.pass(1000)
  told.length = 0
  js.placeOf(offered(FIRST))
  page.pass(1000)
  assert.deepEqual([null, { z: [3, 4], pinned: false, label: -1 }], [place.pin, told[0]])
})

test("a fresh document, or another model, takes the new session's z", () => {
  assert.deepEqual([0, 0], [...js.placeOf(offered({ ...FIRST, name: "there" })).pin])
  place.move([1, 1])
  js.placeOf(offered({ ...FIRST, model: "ff".repeat(16) }))
  page.pass(1000)
  assert.deepEqual([[0, 0], []], [[...place.pin], told])
})

test("taking the pin away is told, with z where it stands", () => {
  place.unpin()
  page.pass(200)
  assert.deepEqual([{ z: [0.5, -1], pinned: false, label: -1 }], told)
})

test("the address gets four digits of the pin and keeps everything else", () => {
  place.move([1.23456, -0.000012345])
  place.settle()
  page.pass(200)
  assert.equal("http://here:8501/explore?model=a+b&z=1.235,-0.00001234", page.href)
  assert.deepEqual({ key: "x" }, page.state)
  place.unpin()
  page.pass(200)
  assert.equal("http://here:8501/explore?model=a+b", page.href)
})

test("a place that is not in the address leaves it alone", () => {
  delete page.href
  const other = js.placeOf(offered({ name: "there" }))
  other.tells(report)
  other.move([1, 1])
  other.settle()
  page.pass(200)
  assert.equal(undefined, page.href)
})

test("z is decoded once for all views, and only while there is one", () => {
  socket().open()
  place.move([4, 4])
  assert.equal(0, requests(1).length)
  const seen = []
  place.onPicture((_, z, moved) => seen.push([...z, moved]))
  const stop = place.onPicture((_, z) => seen.push([...z]))
  stop()
  page.pass(5)
  place.move([5, 5])
  const last = requests(1).at(-1)
  assert.deepEqual([5, 5], zOf(last))
  page.pass(2)
  answer(last)
  assert.deepEqual([[5, 5, 1005]], seen)
  assert.equal(2, place.channel.milliseconds)
})

test("a view that comes later has the latest picture at once, and a stale one is asked for anew", () => {
  socket().open()
  const stop = place.onPicture(() => {})
  answer(requests(1)[0])
  stop()
  const seen = []
  place.onPicture((_, z, moved) => seen.push([...z, moved]))()
  assert.deepEqual([[0.5, -1, null]], seen)
  assert.equal(1, requests(1).length)
  place.move([8, 8])
  place.onPicture(() => {})
  assert.deepEqual([8, 8], zOf(requests(1).at(-1)))
})

test("a page that was left before its picture came asks for it anew when it is come back to", () => {
  socket().open()
  const stops = [place.onPicture(() => {}), place.onRecord(() => {})]
  answer(requests(1)[0])
  answer(requests(2)[0], "{}")
  place.move([6, 6])
  page.pass(100)
  for (const stop of stops) stop()
  const [pictures, records] = [requests(1).length, requests(2).length]
  place.onPicture(() => {})
  place.onRecord(() => {})
  assert.deepEqual([pictures + 1, records + 1], [requests(1).length, requests(2).length])
  assert.deepEqual([[6, 6], [6, 6]], [1, 2].map(kind => zOf(requests(kind).at(-1))))
})

test("what is known of a data point is asked for once, and given up after a while", () => {
  socket().open()
  const got = []
  place.learn({ split: "train", index: 9 }, 1000, facts => got.push(facts))
  const view = new DataView(requests(2)[0])
  assert.deepEqual([1, 9], [view.getUint16(2, true), view.getInt32(24, true)])
  answer(requests(2)[0], '{"mu": [1]}')
  place.learn({ split: "test", index: 3 }, 1000, facts => got.push(facts))
  page.pass(1000)
  answer(requests(2)[1], '{"mu": [2]}')
  assert.deepEqual([[{ mu: [1] }, null], 0], [got, place.channel.lanes.size])
})

test("a refusal is told to the views, until a picture comes", () => {
  socket().open()
  const seen = []
  place.onPicture(() => {})
  place.watch(({ trouble }) => seen.push(trouble))
  answer(requests(1)[0], "This model is not here any more.", 1)
  assert.deepEqual(["This model is not here any more."], seen)
  place.move([1, 1])
  answer(requests(1).at(-1))
  assert.equal("", place.trouble)
})

test("the record is of the point under the pointer in its own split, else of the one nearest to z", () => {
  socket().open()
  const seen = []
  place.onRecord((_, facts) => seen.push(facts))
  const [nearest] = requests(2)
  assert.deepEqual([0.5, -1], zOf(nearest))
  answer(nearest, '{"index": 3}')
  place.preview([1, 1], { split: "all", index: 70 })
  page.pass(50)
  const view = new DataView(requests(2).at(-1))
  assert.deepEqual([2, 70, 28], [view.getUint16(2, true), view.getInt32(24, true), view.byteLength])
  answer(requests(2).at(-1), '{"index": 70}')
  assert.deepEqual([{ index: 3, pointed: false }, { index: 70, pointed: true }], seen)
})

test("the record is asked for twenty times a second at most, and for the last z", () => {
  socket().open()
  place.onRecord(() => {})
  answer(requests(2)[0], "{}")
  for (let i = 1; i <= 100; i++) {
    place.preview([i, 0])
    page.pass(10)
    const last = requests(2).at(-1)
    answer(last, "{}")
  }
  page.pass(100)
  assert.ok(requests(2).length <= 22, `${requests(2).length} questions in a second`)
  assert.deepEqual([100, 0], zOf(requests(2).at(-1)))
})

test("another model under the same name forgets the pictures of the first", () => {
  socket().open()
  place.onPicture(() => {})
  answer(requests(1)[0])
  js.placeOf(offered({ model: "ff".repeat(16), stamp: "two" }))
  assert.equal(null, place.latestPicture)
})

test("no hand goes farther than Python follows", () => {
  place.preview([1e4, -3])
  assert.deepEqual([100, -3], [...place.z])
  place.move([-1e4, 3])
  assert.deepEqual([-100, 3], [...place.pin])
})

test("however many places a page has shown, only those that are watched hold lanes", () => {
  for (let k = 0; k < 100; k++) {
    const other = js.placeOf(offered({ name: `model ${k}` }))
    const stops = [other.onPicture(() => {}), other.onRecord(() => {}), other.onPicture(() => {})]
    assert.equal(2, other.channel.lanes.size)
    for (const stop of stops) stop()
  }
  assert.equal(0, place.channel.lanes.size)
})

test("with another split the record is asked for anew, and no old point is pointed at", () => {
  socket().open()
  const stop = place.onRecord(() => {})
  place.preview([1, 2], { split: "test", index: 4 })
  page.pass(100)
  for (const buffer of requests(2)) answer(buffer, '{"index":4,"split":"test"}')
  js.placeOf(offered({ address: true, split: "train" }))
  const last = new DataView(requests(2).at(-1))
  assert.deepEqual([1, -1, null], [last.getUint16(2, true), last.getInt32(24, true), place.pointed])
  const n = requests(2).length
  js.placeOf(offered({ address: true, split: "train" }))
  assert.equal(n, requests(2).length)
  stop()
})

test("what is timed is the way from the hand to the picture, not the wait for a connection", () => {
  place.onPicture(() => {})
  socket().open()
  answer(requests(1).at(-1))
  assert.equal(null, place.channel.milliseconds)
  place.preview([1, 2])
  answer(requests(1).at(-1))
  assert.notEqual(null, place.channel.milliseconds)
})

const which = buffer => new DataView(buffer).getInt32(24, true)

test("another class is another picture of the same z, and Python hears of it", () => {
  socket().open()
  js.placeOf(offered({ address: true, stamp: "conditional", label: 2 }))
  const seen = []
  place.onPicture((_, z) => seen.push([...z]))
  assert.deepEqual([2], requests(1).map(which))
  answer(requests(1)[0])
  place.choose(5)
  const last = requests(1).at(-1)
  assert.deepEqual([2, 5, [0.5, -1]], [requests(1).length, which(last), zOf(last)])
  assert.notEqual(place.latestPicture[1], place.z) // the old class's picture is not the present one
  assert.equal(place.pin, place.z)
  answer(last)
  assert.equal(place.latestPicture[1], place.z)
  place.choose(5)
  assert.equal(2, requests(1).length)
  page.pass(200)
  assert.deepEqual([{ z: [0.5, -1], pinned: true, label: 5 }], told)
})

test("Python's class is taken over with another stamp, and never otherwise", () => {
  js.placeOf(offered({ address: true, stamp: "two", label: 3 }))
  place.choose(7)
  js.placeOf(offered({ address: true, stamp: "two", label: 3 }))
  assert.equal(7, place.label)
  js.placeOf(offered({ address: true, stamp: "three", label: 1 }))
  page.pass(1000)
  assert.deepEqual([1, []], [place.label, told])
})

test("a class chosen just before the page was left is told when it is come back to", () => {
  js.placeOf(offered({ address: true, stamp: "two", label: 3 }))
  place.choose(4)
  page.pass(50)
  leave()
  page.pass(1000)
  assert.deepEqual([], told)
  comeBack({ stamp: "two", label: 3 })
  assert.deepEqual([4], told.map(({ label }) => label))
  comeBack({ stamp: "two", label: 4 })
  assert.equal(1, told.length)
  comeBack({ stamp: "two", label: 3 })
  assert.equal(2, told.length)
})

test("under the pointer the class changes too, and the pin keeps its place", () => {
  place.preview([3, 4])
  place.choose(1)
  assert.deepEqual([[3, 4], [0.5, -1]], [[...place.z], [...place.pin]])
  place.leave()
  assert.equal(place.pin, place.z)
})

test("without an encoder no data point is asked for", () => {
  socket().open()
  js.placeOf(offered({ address: true, encodes: false }))
  place.onRecord(() => {})
  place.move([1, 1])
  page.pass(100)
  assert.equal(0, requests(2).length)
})

test("a place goes as far as its model's codes", () => {
  js.placeOf(offered({ address: true, farthest: 250 }))
  place.move([-400, 240])
  assert.deepEqual([-250, 240], [...place.pin])
})

test("a class is chosen for all places of the model, and is told when one of them is come to", () => {
  js.placeOf(offered({ address: true, stamp: "two", label: 3 }))
  const there = js.placeOf(offered({ name: "there", label: 3, z: [8, 9] }))
  const other = js.placeOf(offered({ name: "other model", model: "ff".repeat(16), label: 3 }))
  place.choose(4)
  leave()
  assert.deepEqual([4, [8, 9], 3], [there.label, [...there.z], other.label])
  js.placeOf(offered({ name: "there", label: 3, z: [8, 9] })) // Python has not heard of it yet
  there.tells(report)
  page.pass(1000)
  assert.deepEqual([{ z: [8, 9], pinned: true, label: 4 }], told)
})
