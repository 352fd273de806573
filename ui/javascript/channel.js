/* A document's websocket to `/live`, one for each device, shared by all components of the page. Requests go out at once; a
   lane has at most two of them under way, and of those that must wait only the newest is kept. */

const PROTOCOL = "latent-space.v1"
const IN_FLIGHT = 2 // requests under way a lane: one is decoded while the next one travels
const FORGOTTEN = 3000 // ms after which a request counts as lost
const RETRIES = [300, 1000, 2000, 5000] // ms between attempts to connect
const RENEW_EVERY = 5000 // ms between two wishes for a fresh token
const N_TIMES = 30 // round trips whose median is shown

class Channel {
  constructor() {
    this.status = "asleep" // asleep | connecting | open | down
    this.lanes = new Map() // lane -> {underway: Map(number -> {request, callback, sent}), waiting: {request, callback}, timer}
    this.watchers = new Set()
    this.renewers = new Set()
    this.number = 0
    this.failures = 0
    this.renewed = -Infinity
    this.times = []
  }

  /** A fresh token, and where to connect. */
  take(offer) {
    this.offer = { ...offer, until: performance.now() + 1000 * offer.expires }
    if (!this.socket) this.connect()
  }

  connect() {
    clearTimeout(this.timer)
    this.drop()
    if (performance.now() > this.offer.until) return this.lost(true)
    this.say(this.failures ? "down" : "connecting")
    const url = new URL(this.offer.path, window.location.href)
    url.protocol = url.protocol.replace("http", "ws")
    const socket = new WebSocket(url, [PROTOCOL, this.offer.token])
    socket.binaryType = "arraybuffer"
    this.socket = socket
    socket.onopen = () => {
      if (this.socket !== socket) return
      this.failures = 0
      this.say("open")
      for (const [number, lane] of this.lanes) this.flush(number, lane)
    }
    socket.onmessage = event => this.receive(event.data)
    socket.onclose = event => {
      if (this.socket !== socket) return
      this.drop()
      if (event.code === 1001 && event.wasClean) this.say("asleep") // nobody asked for a while
      else this.lost(this.failures > 0)
    }
  }

  /** Leave the socket there is; what each lane had asked last is asked again of the next one. */
  drop() {
    this.socket?.close()
    this.socket = null
    for (const state of this.lanes.values()) {
      state.waiting ??= [...state.underway.values()].at(-1) ?? null
      state.underway.clear()
    }
  }

  /** The connection failed or broke: try again, after two failures with another token. */
  lost(needsToken) {
    if (!this.renewers.size) return this.say("asleep") // no component is left that would miss it
    this.say("down")
    const now = performance.now()
    if (needsToken && now - this.renewed > RENEW_EVERY) {
      this.renewed = now
      for (const renew of [...this.renewers].slice(-1)) renew()
    }
    const wait = RETRIES[Math.min(this.failures++, RETRIES.length - 1)]
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.connect(), wait)
  }

  say(status) {
    if (status === this.status) return
    this.status = status
    for (const watcher of [...this.watchers]) watcher(status)
  }

  /** Call `fn` with each change of status; returns how to stop. */
  watch(fn) {
    this.watchers.add(fn)
    return () => this.watchers.delete(fn)
  }

  /** `renew` asks Python for a fresh token; returns how to stop. */
  needsToken(renew) {
    this.renewers.add(renew)
    return () => this.renewers.delete(renew)
  }

  /** A lane of one's own: its newest request replaces older ones. */
  lane() {
    let lane = 0
    while (this.lanes.has(lane)) lane++
    this.lanes.set(lane, { underway: new Map(), waiting: null, timer: null })
    return lane
  }

  free(lane) {
    clearTimeout(this.lanes.get(lane)?.timer)
    this.lanes.delete(lane)
  }

  /** Ask, and have `callback(answer)` called; when a newer request of the lane is faster, it is not called. */
  ask(lane, request, callback) {
    const state = this.lanes.get(lane)
    if (!state) return
    state.waiting = { request, callback }
    if (this.status === "asleep") this.connect()
    this.flush(lane, state)
  }

  flush(lane, state) {
    if (!state.waiting || this.status !== "open") return
    const now = performance.now()
    for (const [number, { sent }] of state.underway) if (now - sent > FORGOTTEN) state.underway.delete(number)
    clearTimeout(state.timer)
    if (state.underway.size >= IN_FLIGHT) {
      state.timer = setTimeout(() => this.flush(lane, state), FORGOTTEN) // in case neither is ever answered
      return
    }
    const { request, callback } = state.waiting
    state.waiting = null
    const number = (this.number = (this.number + 1) >>> 0)
    state.underway.set(number, { request, callback, sent: now })
    this.socket.send(encodeRequest({ ...request, lane, number }))
  }

  receive(buffer) {
    const answer = decodeAnswer(buffer)
    for (const [lane, state] of this.lanes) {
      const asked = state.underway.get(answer.number)
      if (!asked) continue
      for (const number of state.underway.keys()) if (number <= answer.number) state.underway.delete(number)
      answer.roundTrip = performance.now() - asked.sent
      this.flush(lane, state)
      return asked.callback(answer)
    }
  }

  /** Note how long a picture took, from the hand to the canvas. */
  timed(ms) {
    this.times.push(ms)
    if (this.times.length > N_TIMES) this.times.shift()
  }

  /** Median of the last ones, in milliseconds; null before the first. */
  get milliseconds() {
    const sorted = [...this.times].sort((a, b) => a - b)
    return sorted.length ? sorted[sorted.length >> 1] : null
  }
}

/** What the components of this document share; each of them carries this code, the first one's is used. */
function sharedHere() {
  return (window[Symbol.for("latent space explorer")] ??= { channels: new Map(), places: new Map() })
}

/** The document's channel to the device of `offer`, with its token. */
export function channelOf(offer) {
  const { channels } = sharedHere()
  if (!channels.has(offer.device)) channels.set(offer.device, new Channel())
  const channel = channels.get(offer.device)
  channel.take(offer)
  return channel
}
