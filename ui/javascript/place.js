/* Place: one z of one model, shared by all views of a page. It lives here and not in Python, which hears of what is settled;
   so each view follows the others within a frame, and no rerun can overtake the hand. */

const SETTLED = 200 // ms without another move before Python is told
const LEAVING = 2000 // ms in which a link has led to another page
const RECORD_EVERY = 50 // ms between two questions for the data point beside z: nobody reads faster

class Place {
  constructor(name) {
    this.name = name
    this.z = null // Float32Array: what is shown now
    this.pin = null // Float32Array: where the pin stands; null: none, and z stays where the pointer left it
    this.pointed = null // under the pointer: {split, index} of a data point, or {sample} of a drawn one
    this.label = -1 // class that z is decoded as, by models that take one
    this.latestPicture = null // [answer, z]
    this.latestRecord = null // [answer, facts, z]
    this.lane = this.recordLane = null // lanes of the channel, while somebody watches
    this.pictureOf = null // the z whose picture was asked for last, or has come
    this.recordOf = null
    this.brought = [] // codes of an image of one's own: {mu, sigma or null, role}
    this.trouble = "" // why the server refuses to decode, in one sentence
    this.untold = false // a hand has settled, or is about to, and Python does not know yet
    this.reporters = new Set() // how components tell Python
    this.watchers = new Set()
    this.pictureWatchers = new Set()
    this.recordWatchers = new Set()
    const isLink = event => event.target.closest?.("a[href]")
    window.addEventListener("click", event => this.untold && isLink(event) && this.settle(LEAVING), true)
  }

  /** Take over what Python says: the model, a fresh token, and z when Python itself has moved it. */
  take(data) {
    const isSameModel = this.data?.model === data.model
    if (!isSameModel) this.latestPicture = this.latestRecord = this.pictureOf = this.recordOf = null
    const isSameSplit = this.data?.split === data.split
    this.data = data
    this.channel = channelOf(data)
    const isBack = !this.watchers.size // a page shows it that did not, or not any more
    if (isBack) this.path = window.location.pathname
    if (data.stamp !== this.stamp) {
      this.stamp = data.stamp
      if (data.first && isSameModel) {
        this.untold = true // the session is new, as after a restart of the server, but not the hand
        this.settle()
      } else this.obey(data)
    } else if (isBack) this.untold ||= !this.agrees(data) // it may have left the page before it was told
    if (isSameModel && !isSameSplit) this.otherImages()
    this.writeAddress() // a page switch has emptied it
  }

  /** The data points are those of another split: no old one is pointed at, and another one is the nearest. */
  otherImages() {
    this.pointed = this.recordOf = null
    this.tell()
    this.askRecord()
  }

  /** Does Python know where the pin is, and the class? */
  agrees({ z, pinned, label }) {
    if (label !== this.label) return false
    return this.pin ? pinned && this.pin.every((value, i) => value === Math.fround(z[i])) : !pinned
  }

  /** Python has moved z. */
  obey(data) {
    clearTimeout(this.timer)
    this.untold = false
    const z = Float32Array.from(data.z)
    this.pin = data.pinned ? z : null
    this.label = data.label
    this.show(z, null)
  }

  // ---- what a hand does

  /** The pointer passes by: show z, over the data point `pointed` if there is one. */
  preview(z, pointed = null) {
    this.show(this.within(z), pointed)
  }

  /** Another data point is meant; z stays. */
  point(pointed) {
    this.show(this.z, pointed)
  }

  /** The pointer is gone: back to the pin, and to the data point `pointed` if one is meant all the same. */
  leave(pointed = null) {
    if (this.pin) this.show(this.pin, pointed)
    else if (this.pointed || pointed) this.show(this.z, pointed)
  }

  /** A hand drags the pin or a slider: z and the pin go there, without being settled. */
  move(z) {
    clearTimeout(this.timer)
    this.untold = true
    this.pin = this.within(z)
    this.show(this.pin, null)
  }

  /** A hand chooses another class, here and on the model's other pages. */
  choose(label) {
    if (label === this.label) return
    for (const place of sharedHere().places.values()) if (place.data.model === this.data.model) place.relabel(label)
    this.untold = true
    this.settle()
  }

  /** Show on the map where an image of one's own lies: its codes, {mu, sigma or null, role "accent" or "contrast"}. */
  bring(codes) {
    this.brought = codes
    this.tell()
  }

  /** z stays where it is, its pictures do not. */
  relabel(label) {
    const { z, pin } = this
    this.label = label
    // What was decoded of a z is kept by its identity: a copy is a place of which nothing is known.
    this.pin = pin?.slice() ?? null
    this.show(z === pin ? this.pin : z.slice(), this.pointed)
  }

  /** z with every coordinate as far out as places go. */
  within(z) {
    const { farthest } = this.data
    return Float32Array.from(z, value => Math.max(-farthest, Math.min(farthest, value)))
  }

  /** The hand is at rest: soon tell Python and the address. */
  settle(wait = SETTLED) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.report(), wait)
  }

  /** Take the pin away: z then follows the pointer, and stays where it leaves the map. */
  unpin() {
    this.untold = true
    this.pin = null
    this.show(this.z, null)
    this.settle()
  }

  // ---- what Python hears

  /** `report({z, pinned, label})` tells Python where a hand has settled; one of a page's components does. Returns how to stop. */
  tells(report) {
    this.reporters.add(report)
    if (this.untold) this.settle()
    return () => {
      this.reporters.delete(report)
      if (!this.reporters.size) clearTimeout(this.timer) // Python has left the page and would not hear: when it comes back
    }
  }

  report() {
    clearTimeout(this.timer)
    const report = [...this.reporters].at(-1)
    if (!this.untold || !report) return
    this.untold = false
    this.writeAddress()
    report({ z: Array.from(this.pin ?? this.z), pinned: Boolean(this.pin), label: this.label })
  }

  // ---- what the views hear

  /** `fn(place)` at each change of z, of the pin, of what is pointed at, and of `trouble`; returns how to stop. */
  watch(fn) {
    this.watchers.add(fn)
    return () => this.watchers.delete(fn)
  }

  /** `fn(answer, z, moved)` with each picture of z, at once with the latest; returns how to stop. `moved` is when z was asked
      for (`performance.now`), null when the picture is Python's, or no new one. */
  onPicture(fn) {
    this.pictureWatchers.add(fn)
    this.lane ??= this.channel.lane()
    if (this.latestPicture) fn(...this.latestPicture, null)
    if (this.pictureOf !== this.z) this.decode()
    return () => {
      this.pictureWatchers.delete(fn)
      if (this.pictureWatchers.size || this.lane === null) return
      this.channel.free(this.lane)
      this.lane = null
      this.pictureOf = this.latestPicture?.[1] ?? null // what is under way will not come
    }
  }

  /** `fn(answer, facts, z)` with the record of the data point that is pointed at, else of the one nearest to z: see POINT in
      ui/live.py. `facts.pointed` tells which; at once with the latest; returns how to stop. */
  onRecord(fn) {
    this.recordWatchers.add(fn)
    this.recordLane ??= this.channel.lane()
    if (this.latestRecord) fn(...this.latestRecord)
    if (this.recordOf !== this.z) this.askRecord()
    return () => {
      this.recordWatchers.delete(fn)
      if (this.recordWatchers.size || this.recordLane === null) return
      this.channel.free(this.recordLane)
      this.recordLane = null
      this.recordOf = this.latestRecord?.[2] ?? null
    }
  }

  /** `fn(facts)` once with what is known of a data point; with null when that has not come within `patience` ms. */
  learn({ split, index }, patience, fn) {
    const { channel } = this
    if (channel.status === "down") return fn(null)
    const lane = channel.lane()
    const end = facts => {
      clearTimeout(timer)
      channel.free(lane)
      fn(facts)
    }
    const timer = setTimeout(() => end(null), patience)
    const request = { kind: POINT, split, model: this.data.model, which: index }
    channel.ask(lane, request, answer => end(answer.status === 0 ? JSON.parse(answer.text) : null))
  }

  show(z, pointed) {
    const moved = z !== this.z
    this.z = z
    this.pointed = pointed
    if (moved) this.decode()
    this.recordTimer ??= setTimeout(() => {
      this.recordTimer = null
      this.askRecord()
    }, RECORD_EVERY)
    this.tell()
  }

  tell() {
    for (const watcher of [...this.watchers]) watcher(this)
  }

  decode() {
    if (!this.pictureWatchers.size || !this.z) return
    const z = (this.pictureOf = this.z)
    const moved = performance.now()
    const isOpen = this.channel.status === "open" // else the wait for the connection would be timed
    const request = { kind: DECODE, model: this.data.model, which: this.label, z }
    this.channel.ask(this.lane, request, answer => {
      if (answer.status === 0) {
        this.picture(answer, z, moved)
        if (isOpen) this.channel.timed(performance.now() - moved)
        return
      }
      this.trouble = answer.text
      this.tell()
    })
  }

  /** A picture of z has come, asked for at `moved`; or from Python's own run while the channel is down, then null. */
  picture(answer, z, moved = null) {
    this.trouble = ""
    this.pictureOf = z
    this.latestPicture = [answer, z]
    for (const watcher of [...this.pictureWatchers]) watcher(answer, z, moved)
  }

  askRecord() {
    if (!this.recordWatchers.size || !this.z || !this.data.encodes) return // without an encoder there are none
    const { pointed } = this
    const z = (this.recordOf = this.z)
    const { model } = this.data
    const index = pointed?.index ?? -1
    const split = pointed?.split ?? this.data.split
    const request = { kind: POINT, split, model, which: index, z: index < 0 ? z : [] }
    this.channel.ask(this.recordLane, request, answer => {
      if (answer.status === 0) this.record(answer, { ...JSON.parse(answer.text), pointed: index >= 0 }, z)
    })
  }

  record(answer, facts, z) {
    this.recordOf = z
    this.latestRecord = [answer, facts, z]
    for (const watcher of [...this.recordWatchers]) watcher(...this.latestRecord)
  }

  /** z in the page's address, with four digits, without a new entry in the history: Back leads to the page before. */
  writeAddress() {
    if (!this.data.address || window.location.pathname !== this.path) return
    const url = new URL(window.location.href)
    if (this.pin) url.searchParams.set("z", addressOf(this.pin))
    else url.searchParams.delete("z")
    const text = url.href.replaceAll("%2C", ",")
    if (text !== window.location.href) window.history.replaceState(window.history.state, "", text)
  }
}

/** z as text: four significant digits a number. */
export const addressOf = z => Array.from(z, value => String(Number(value.toPrecision(4)))).join(",")

/** The document's place of that name, brought up to date. `data` is what Python's Place.data gives. */
export function placeOf(data) {
  const { places } = sharedHere()
  let place = places.get(data.name)
  if (!place) places.set(data.name, (place = new Place(data.name)))
  place.take(data)
  return place
}
