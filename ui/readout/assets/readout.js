/* The line at the foot of a page: model, z, how far the data is, where it is decoded and how long that takes. */

const EVERY = 60 // ms between two texts: nobody reads faster, and each costs a layout of the page
const TIMED_EVERY = 200 // ms between two figures of milliseconds

class Readout extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["model", "z", "nearest", "device"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.timed = -Infinity // when the milliseconds were last written
  }

  draw(data) {
    this.el.model.textContent = data.name
    this.facts ??= data.facts && { ...data.facts, pointed: false }
    this.paint()
    this.root.dataset.state = "ready"
  }

  listen(place) {
    return [
      place.watch(() => this.soon()),
      place.onPicture(answer => this.time(answer)),
      place.channel.watch(() => this.paint()),
      ...(this.data.facts ? [place.onRecord((_, facts) => this.near(facts))] : []),
      () => clearTimeout(this.timer),
    ]
  }

  soon() {
    this.timer ??= setTimeout(() => this.paint(), EVERY)
  }

  near(facts) {
    this.facts = facts
    this.soon()
  }

  time(answer) {
    this.latest = answer
    if (performance.now() - this.timed > TIMED_EVERY) this.paintDevice()
  }

  paint() {
    clearTimeout(this.timer)
    this.timer = null
    const { place, facts, el, data } = this
    el.z.textContent = zText(place.z, data.order)
    el.nearest.textContent = facts ? awayText(facts, place.z, data.classNames, place.data.counts) : ""
    this.paintDevice()
  }

  paintDevice() {
    const { device } = this.el
    const { channel } = this.place
    const { device: name } = this.place.data
    const ms = channel.milliseconds
    this.timed = performance.now()
    if (channel.status === "down") device.textContent = `${name} · live decoding is down`
    else device.textContent = ms === null ? name : `${name} · ${numberText(ms, 1)} ms`
    device.title = ms === null || !this.latest?.ms ? "" :
      `Decoded on ${name}. From the move to the picture: ${numberText(ms, 1)} ms, the median of the last ${N_TIMES}; ` +
      `of the last one the decoder itself took ${numberText(this.latest.ms, 2)} ms.`
  }
}

/** How far z is from the data point that it is compared with. */
export function awayText(facts, z, classNames, counts) {
  const what = splitText(facts.split)
  if (facts.pointed) return `${numberText(distanceOf(facts.mu, z))} from ${what} ${pointText(facts, classNames, counts)}`
  return facts.distance === null ? "" : `nearest ${what} ${numberText(facts.distance)} away`
}

export default mountable(".readout", Readout)
