/* Place: one z of one model, shared by all views of a page. It lives here and not in Python, which hears of what is settled;
   so each view follows the others within a frame, and no rerun can overtake the hand. */

const SETTLED = 200 // ms without another move before Python is told
const FARTHEST = 100 // as in ui/place.py: what lies beyond is no place in a latent space
const RECORD_EVERY = 50 // ms between two questions for the data point beside z: nobody reads faster

class Place {
  constructor(name) {
    this.name = name
    this.z = null // Float32Array: what is shown now
    this.pin = null // Float32Array: where the pin stands; null: none, and z stays where the pointer left it
    this.pointed = null // under the pointer: {split, index} of a data point, or {sample} of a drawn one
    this.label = -1 // class, for models that take one
    this.latestPicture = null // [answer, z]
    this.latestRecord = null // [answer, facts]
    this.lane = this.recordLane = null // lanes of the channel, while somebody watches
    this.pictureOf = null // the z whose picture was asked for last, or has come
    this.recordOf = null
    this.trouble = "" // why the server refuses to decode, in one sentence
    this.watchers = new Set()
    this.pictureWatchers = new Set()
    this.recordWatchers = new Set()
  }

  /** Take over what Python says: the model, a fresh token, and z when Python itself has moved it. */
  take(data) {
    if (this.data && this.data.model !== data.model) {
      this.latestPicture = this.latestRecord = this.pictureOf = this.recordOf = null
    }
    this.data = data
    this.channel = channelOf(data)
    if (data.stamp !== this.stamp) {
      this.stamp = data.stamp
      clearTimeout(this.timer)
      const z = Float32Array.from(data.z)
      this.pin = data.pinned ? z : null
      this.show(z, null)
    }
    this.writeAddress() // a page switch has emptied it
  }

  // ---- what a hand does

  /** The pointer passes by: show z, over the data point `pointed` if there is one. */
  preview(z, pointed = null) {
    this.show(within(z), pointed)
  }

  /** The pointer is gone: back to the pin. */
  leave() {
    if (this.pin) this.show(this.pin, null)
    else if (this.pointed) this.show(this.z, null)
  }

  /** A hand drags the pin or a slider: z and the pin go there, without being settled. */
  move(z) {
    clearTimeout(this.timer)
    this.pin = within(z)
    this.show(this.pin, null)
  }

  /** The hand is at rest: tell the address, and Python through `report({z, pinned})`. */
  settle(report) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      this.writeAddress()
      report({ z: Array.from(this.pin ?? this.z), pinned: Boolean(this.pin) })
    }, SETTLED)
  }

  /** Take the pin away: z then follows the pointer, and stays where it leaves the map. */
  unpin(report) {
    this.pin = null
    this.show(this.z, null)
    this.settle(report)
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
    return () => (this.lane = this.dropped(this.pictureWatchers, fn, this.lane))
  }

  /** `fn(answer, facts)` with the record of the data point that is pointed at, else of the one nearest to z: see POINT in
      ui/live.py. `facts.pointed` tells which; at once with the latest; returns how to stop. */
  onRecord(fn) {
    this.recordWatchers.add(fn)
    this.recordLane ??= this.channel.lane()
    if (this.latestRecord) fn(...this.latestRecord)
    if (this.recordOf !== this.z) this.askRecord()
    return () => (this.recordLane = this.dropped(this.recordWatchers, fn, this.recordLane))
  }

  /** Without a watcher the lane is given back, as there are only 64 of them; returns the lane that is left. */
  dropped(watchers, fn, lane) {
    watchers.delete(fn)
    if (watchers.size || lane === null) return lane
    this.channel.free(lane)
    return null
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
    const request = { kind: DECODE, model: this.data.model, which: this.label, z }
    this.channel.ask(this.lane, request, answer => {
      if (answer.status === 0) return this.picture(answer, z, moved)
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
    if (moved !== null) this.channel.timed(performance.now() - moved)
  }

  askRecord() {
    if (!this.recordWatchers.size || !this.z) return
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
    this.latestRecord = [answer, facts]
    for (const watcher of [...this.recordWatchers]) watcher(answer, facts)
  }

  /** z in the page's address, with four digits, without a new entry in the history: Back leads to the page before. */
  writeAddress() {
    if (!this.data.address) return
    const url = new URL(window.location.href)
    if (this.pin) url.searchParams.set("z", addressOf(this.pin))
    else url.searchParams.delete("z")
    const text = url.href.replaceAll("%2C", ",")
    if (text !== window.location.href) window.history.replaceState(window.history.state, "", text)
  }
}

const within = z => Float32Array.from(z, value => Math.max(-FARTHEST, Math.min(FARTHEST, value)))

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
