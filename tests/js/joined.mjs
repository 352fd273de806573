// The components' JavaScript as Python joins it, and a page for it to live in: a clock and a socket that a test moves by hand.
import { readFile } from "node:fs/promises"

const ui = new URL("../../ui/", import.meta.url)
const names = text => [...text.matchAll(/"(\w+)"/g)].map(match => match[1])
const packageFile = await readFile(new URL("javascript/__init__.py", ui), "utf8")
const shared = names(/^SHARED = \((.*?)\)$/ms.exec(packageFile)[1]).map(name => `javascript/${name}.js`)

/** The shared files and those of a component, joined and imported as one module: what node cannot read so, no browser can. */
export async function imported(folder = null) {
  const files = [...shared]
  if (folder) {
    const wrapper = await readFile(new URL(`${folder}/wrapper.py`, ui), "utf8")
    const own = names(/component\(\s*"\w+", .*?assets", [([](.*?)[)\]]\)/s.exec(wrapper)[1])
    files.push(...own.map(name => `${folder}/assets/${name}.js`))
  }
  const source = await Promise.all(files.map(name => readFile(new URL(name, ui), "utf8")))
  return import(`data:text/javascript,${encodeURIComponent(source.join("\n"))}`)
}

/** A fresh page: `page.pass(ms)` moves its clock, `page.sockets` are those that were opened, newest last. */
export function freshPage() {
  let now = 1000
  let timers = []
  let lastId = 0
  const sockets = []
  class FakeSocket {
    constructor(url, protocols) {
      Object.assign(this, { url: String(url), protocols, sent: [], closed: false })
      sockets.push(this)
    }
    send(buffer) {
      if (!this.isOpen) throw new Error("InvalidStateError: this socket is not open.")
      this.sent.push(buffer)
    }
    close() {
      this.closed = true
    }
    open() {
      this.isOpen = true
      this.onopen()
    }
    answer(number, text = "", status = 0) {
      this.onmessage({ data: answerBytes({ number, text, status }) })
    }
    break(code = 1006) {
      this.onclose({ code, wasClean: code !== 1006 })
    }
  }
  globalThis.WebSocket = FakeSocket
  globalThis.setTimeout = (fn, ms = 0) => {
    timers.push({ fn, at: now + ms, id: ++lastId })
    return lastId
  }
  globalThis.clearTimeout = id => (timers = timers.filter(timer => timer.id !== id))
  globalThis.performance = { now: () => now }
  const page = {
    sockets,
    pass(ms) {
      const end = now + ms
      for (;;) {
        const next = timers.filter(timer => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (!next) break
        clearTimeout(next.id)
        now = next.at
        next.fn()
      }
      now = end
    },
  }
  const location = { href: "http://here:8501/explore?model=a%20b&z=1,2", pathname: "/explore" }
  const history = { state: { key: "x" }, replaceState: (state, _, href) => Object.assign(page, { state, href }) }
  const listeners = []
  globalThis.window = { location, history, addEventListener: (_, listener) => listeners.push(listener) }
  page.clickLink = () => listeners.forEach(listener => listener({ target: { closest: () => ({}) } }))
  return page
}

/** Bytes of an answer, written field by field. */
export function answerBytes({
  number = 0, status = 0, pixels = [], channels = 1, height = 0, width = 0, n = 0, ms = 0, text = "",
}) {
  const words = new TextEncoder().encode(text)
  const view = new DataView(new ArrayBuffer(24))
  view.setUint32(0, number, true)
  view.setUint8(4, status)
  view.setUint8(5, channels)
  for (const [i, value] of [height, width, n].entries()) view.setUint16(6 + 2 * i, value, true)
  view.setFloat32(12, ms, true)
  view.setUint32(20, words.length, true)
  return Uint8Array.from([...new Uint8Array(view.buffer), ...pixels, ...words]).buffer
}

/** What Python's Place.data gives. */
export const offered = change => ({
  path: "/live", token: "t1", expires: 600, model: "00112233445566778899aabbccddeeff", device: "cpu", latent_dim: 2,
  image_shape: [1, 1, 1], name: "here", z: [0.5, -1], pinned: true, stamp: "one", address: false, split: "test", counts: [80, 20, 10], first: false,
  label: -1, farthest: 100, encodes: true, ...change,
})
