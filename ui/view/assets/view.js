/* The pictures: what z decodes to, and beside it the data point under the pointer or nearest to z. */

const PATIENCE = 600 // ms without the channel before the page says so: a reconnection is often faster
const SCORED = 1500 // ms after which the server may have computed the ELBO that it did not know yet
const AGAIN = 2000 // ms between two looks whether the server answers at all
const HEALTH = "/_stcore/health" // Streamlit's own
const DEAD = "The server does not answer. This page reconnects by itself."
const DOWN = "Live decoding is interrupted: reconnecting. Clicks and released sliders still work."
const OFF = "Off the data: a guess" // not longer than the usual words: the rest must not move
const WHY_OFF = "Less than 1 % of held-out images lie where codes are as rare as here, so the decoder was hardly ever trained here."
const READ_EVERY = 60 // ms between two words on that: nobody reads faster
const SMOOTH = "smooth pictures" // in the browser's sessionStorage

class View extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["decoded", "point", "original", "reconstruction", "which", "terms", "missing", "trouble"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.onWidth(() => this.resize())
    const smooth = root.querySelector(".smooth input")
    smooth.checked = sessionStorage.getItem(SMOOTH) === "yes"
    smooth.onchange = () => this.smoothen(smooth.checked)
    this.smoothen(smooth.checked)
  }

  draw() {
    this.resize()
    this.fallBack()
    this.look()
  }

  listen(place) {
    return [
      place.onPicture((answer, z, moved) => this.show(answer, z, moved)),
      ...(this.data.record ? [place.onRecord((answer, facts) => this.showPoint(answer, facts))] : []),
      place.watch(() => this.look()),
      place.channel.watch(() => this.look()),
      () => this.rest(),
      () => clearTimeout(this.warning),
    ]
  }

  resize() {
    if (!this.data || !this.root.clientWidth) return
    const [, height, width] = this.data.place.image_shape
    const { large, small, stacked } = layoutOf(this.root.clientWidth, height, width, this.data.inRow)
    this.root.style.setProperty("--large", `${large}px`)
    this.root.style.setProperty("--small", `${small}px`)
    this.root.toggleAttribute("data-stacked", stacked)
    this.root.toggleAttribute("data-row", this.data.inRow)
  }

  smoothen(smooth) {
    sessionStorage.setItem(SMOOTH, smooth ? "yes" : "no")
    this.root.toggleAttribute("data-smooth", smooth)
  }

  // ---- what the place says

  /** Paint at once: this is the picture that the hand waits for. */
  show(answer, z, moved) {
    const { decoded } = this.el
    paintPixels(decoded, answer)
    if (moved !== null) {
      const detail = { z, moved, painted: performance.now() }
      decoded.dispatchEvent(new CustomEvent("painted", { bubbles: true, composed: true, detail }))
    }
    this.shown = z
    if (this.root.dataset.state !== "ready") this.root.dataset.state = "ready"
    if (this.troubled) this.look()
  }

  showPoint(answer, facts) {
    const { point, original, reconstruction, which, terms, missing } = this.el
    const hasOriginal = answer.n > 1
    const distance = facts.pointed ? distanceOf(facts.mu, this.place.z) : facts.distance
    const title = pointText(facts, this.data.classNames, this.place.data.counts)
    point.hidden = false
    which.firstElementChild.textContent = facts.pointed ? this.data.pointed : "Nearest"
    which.lastElementChild.textContent = `${title}${distance === null ? "" : ` · ${numberText(distance)} away`}`
    paintPixels(reconstruction, answer, 0)
    reconstruction.ariaLabel = `Reconstruction of ${title}`
    point.querySelector(".of-original").hidden = !hasOriginal
    if (hasOriginal) paintPixels(original, answer, 1)
    original.ariaLabel = `Original of ${title}`
    missing.hidden = hasOriginal
    terms.hidden = !hasOriginal || facts.kl === null
    for (const term of ["elbo", "log_likelihood", "kl"]) {
      terms.querySelector(`.${term}`).textContent = facts[term] === null ? "…" : numberText(facts[term], 1)
    }
    clearTimeout(this.again)
    if (!terms.hidden && facts.elbo === null) this.again = setTimeout(() => this.place.askRecord(), SCORED)
  }

  // ---- without the channel

  /** z, the pin or the channel has changed: say what is amiss, and use Python's picture where there is no newer one. */
  look() {
    const { place, root } = this
    this.warning ??= setTimeout(() => this.warn(), READ_EVERY)
    const isOpen = place.channel.status === "open"
    if (!isOpen) this.fallBack()
    root.toggleAttribute("data-stale", !isOpen && this.shown !== place.z)
    if (place.channel.status !== "down") {
      this.rest()
      this.say(place.trouble)
    } else this.timer ??= setTimeout(() => this.complain(), PATIENCE)
  }

  /** Say beneath the picture where the decoder guesses: off the region that the data covers. */
  warn() {
    clearTimeout(this.warning)
    this.warning = null
    const { place, data, root } = this
    const url = data.support[place.label]
    const region = url && place.z && regionAt(url, () => this.warn())
    const isOff = Boolean(region) && isOutside(region, place.z)
    const caption = root.querySelector(".at-z figcaption")
    const text = isOff ? OFF : data.caption
    if (caption.textContent !== text) caption.textContent = text
    caption.title = isOff ? WHY_OFF : ""
    root.toggleAttribute("data-off", isOff)
  }

  /** Say that the channel is down, and whether the server is: again and again, as either may come back first. */
  async complain() {
    const { timer } = this
    const answers = await fetch(HEALTH, { signal: AbortSignal.timeout(AGAIN) }).then(({ ok }) => ok, () => false)
    if (timer !== this.timer) return // the channel is back, or the view has gone
    this.say(answers ? DOWN : DEAD)
    this.timer = setTimeout(() => this.complain(), AGAIN)
  }

  rest() {
    for (const timer of [this.timer, this.again]) clearTimeout(timer)
    this.timer = null
  }

  say(text) {
    this.troubled = Boolean(text)
    if (this.el.trouble.textContent !== text) this.el.trouble.textContent = text
  }

  /** Show what Python decoded, if it is of this z. */
  fallBack() {
    const { place, data } = this
    const { status } = place.channel
    const { split } = place.data
    const isOther = data.record?.facts.split === split && place.latestRecord && place.latestRecord[1].split !== split
    if (this.shown === place.z && !isOther) return
    const isThere = place.label === data.place.label && place.z.every((value, i) => value === Math.fround(data.place.z[i]))
    if (!isThere) return
    if (!place.latestPicture || (status !== "open" && this.shown !== place.z)) place.picture(fromPython(data.picture), place.z)
    if (data.record && (!place.latestRecord || isOther || status !== "open")) {
      place.record(fromPython(data.record), { ...data.record.facts, pointed: false }, place.z)
    }
  }
}

export default mountable(".view", View)
