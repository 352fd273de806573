/* A film along a path, with a frame that a hand drags to any place on it, between two pictures too. */

const ON = 1e-3 // units of z: closer to the path than this is on it
const LABEL = 26 // px that a step's number takes

class Scrubber extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["strip", "thumb", "ghost", "steps"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.canvas = root.querySelector("canvas")
    this.t = 0 // step of the frame, a fraction
    this.mine = null // the pin that this scrubber has set: then it knows the step, on a path that crosses itself too
    this.hover = null // step under the pointer
    const { strip } = this.el
    strip.onpointerdown = event => this.down(event)
    onMove(strip, event => this.pass(event))
    strip.onpointerup = strip.onpointercancel = event => this.up(event)
    strip.onpointerleave = () => this.gone()
    strip.onkeydown = event => this.key(event)
    this.onWidth(() => this.drawFilm())
  }

  draw({ film, path, label }) {
    const { strip } = this.el
    this.n = path.length
    this.t = Math.min(this.t, this.n - 1)
    if (String(path) !== this.way) this.mine = null
    this.way = String(path)
    strip.setAttribute("aria-label", label)
    strip.setAttribute("aria-valuemax", this.n)
    this.loadSheet(film, () => this.drawFilm())
    this.drawFilm()
  }

  listen(place) {
    return [place.watch(() => this.invalidate()), this.tells(place)]
  }

  // ---- what a hand does

  stepUnder(event) {
    const { left } = this.el.strip.getBoundingClientRect()
    return stepAt(event.clientX - left, this.root.clientWidth, this.n, this.film.tile)
  }

  down(event) {
    if (event.button !== 0 || !this.film) return
    this.el.strip.setPointerCapture(event.pointerId)
    this.dragging = true
    this.hover = null
    this.go(this.stepUnder(event))
  }

  pass(event) {
    if (!this.film) return
    const t = this.stepUnder(event)
    if (this.dragging) return this.go(t)
    if (event.pointerType === "touch") return
    this.hover = t
    this.place.preview(zAt(this.data.path, t))
  }

  up() {
    if (!this.dragging) return
    this.dragging = false
    this.settle()
  }

  gone() {
    if (this.hover === null) return
    this.hover = null
    this.place.leave()
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const t = keyedStep(this.t, event.key, event.shiftKey, this.n)
    if (t === null) return
    event.preventDefault()
    this.go(t)
    this.settle()
  }

  go(t) {
    this.t = t
    this.place.move(zAt(this.data.path, t))
    this.mine = this.place.pin
  }

  // ---- drawing

  drawFilm() {
    const room = this.root.clientWidth
    if (!this.data || !room) return
    const { film } = this.data
    this.film = filmOf(room, this.n, film.height, film.width)
    this.drawSteps()
    this.invalidate()
    if (!this.picture) return
    const { indices, tile, height, middle } = this.film
    const ratio = crispRatio(tile, film.width)
    const [width, rise] = [Math.round(tile * ratio), Math.round(height * ratio)]
    Object.assign(this.canvas, { width: Math.round(room * ratio), height: rise })
    this.canvas.style.height = `${height}px`
    const pen = this.canvas.getContext("2d")
    pen.imageSmoothingEnabled = false
    for (const i of indices) drawTile(pen, this.picture, film, i, Math.round((middle(i) - tile / 2) * ratio), 0, width, rise)
  }

  drawSteps() {
    const { indices, middle } = this.film
    let end = -Infinity
    const numbers = indices.filter(i => middle(i) - end >= LABEL && ((end = middle(i)), true))
    const labels = numbers.map(i => this.stepLabel(i, String(i + 1)))
    this.here = this.stepLabel(this.t, "")
    this.here.className = "here"
    this.el.steps.replaceChildren(...labels, this.here)
  }

  stepLabel(t, text) {
    const label = document.createElement("span")
    label.textContent = text
    label.style.transform = `translateX(${this.film.middle(t)}px) translateX(-50%)`
    return label
  }

  paint() {
    if (!this.film) return
    const { place, data, el, hover } = this
    const at = place.pin ?? place.z
    let isActive = true
    if (at !== this.mine) {
      const { t, distance } = nearestOn(data.path, at)
      isActive = distance < ON
      if (isActive) this.t = t
    }
    this.root.toggleAttribute("data-active", isActive)
    this.put(el.thumb, this.t)
    el.ghost.hidden = hover === null
    if (hover !== null) this.put(el.ghost, hover)
    const step = numberText(this.t + 1, 1).replace(".0", "")
    this.here.textContent = step
    this.here.style.transform = `translateX(${this.film.middle(this.t)}px) translateX(-50%)`
    el.strip.setAttribute("aria-valuenow", step)
    el.strip.setAttribute("aria-valuetext", `step ${step} of ${this.n}`)
  }

  put(frame, t) {
    const { tile, middle } = this.film
    frame.style.width = `${tile + 8}px`
    frame.style.transform = `translateX(${middle(t) - tile / 2 - 4}px)`
  }
}

export default mountable(".scrubber", Scrubber)
