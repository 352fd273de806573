/* Films along several paths, beneath one another, with one frame across them that a hand drags to any place, between two
   pictures too. z follows one of the paths; beside the films stands what each path decodes to there, live. */

const ON = 1e-3 // units of z: closer to the path than this is on it
const LOOK = 500 // ms until the script is asked for the paths that it was still looking for
const LABEL = 26 // px that a step's number takes

class Scrubber extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["names", "strip", "thumb", "ghost", "steps", "lives", "costs"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.canvas = root.querySelector(".strip canvas")
    this.t = 0 // step of the frame, a fraction
    this.mine = null // the pin that this scrubber has set: then it knows the step, on a path that crosses itself too
    this.hover = null // step under the pointer
    this.shownAt = null // step whose live pictures were asked for last
    const { strip } = this.el
    strip.onpointerdown = event => this.down(event)
    onMove(strip, event => this.pass(event))
    strip.onpointerup = strip.onpointercancel = event => this.up(event)
    strip.onpointerleave = () => this.gone()
    strip.onkeydown = event => this.key(event)
    this.onWidth(() => this.drawFilm())
  }

  draw({ rows, film, label, steps }) {
    const { strip } = this.el
    if (this.n && this.n !== steps) this.t *= (steps - 1) / (this.n - 1)
    this.n = steps
    const way = JSON.stringify(rows.map(row => row.path))
    if (way !== this.way) this.mine = this.shownAt = null
    this.way = way
    if (!rows.some(row => row.name === this.chosen && row.path)) this.chosen = this.data.chosen
    if (this.data.chosen !== this.toldChosen) this.chosen = this.toldChosen = this.data.chosen
    strip.setAttribute("aria-label", label)
    strip.setAttribute("aria-valuemax", this.n)
    this.theme = themeAt(this.root, this.data.colours)
    this.drawNames()
    this.drawCosts()
    clearTimeout(this.looking)
    if (rows.some(row => row.pending)) this.looking = setTimeout(() => this.trigger("look", performance.now()), LOOK)
    this.loadSheet(film, () => {
      this.pictured = this.data.film.url
      this.shownAt = null
      this.drawFilm()
    })
    this.drawFilm()
  }

  listen(place) {
    const lane = (this.lane = place.channel.lane())
    return [
      place.watch(() => this.invalidate()),
      this.tells(place),
      place.channel.watch(() => {
        this.shownAt = null
        this.invalidate()
      }),
      () => {
        place.channel.free(lane)
        this.shownAt = null
      },
    ]
  }

  leave() {
    super.leave()
    clearTimeout(this.looking)
  }

  /** z along the path that is followed. */
  get path() {
    return this.data.rows.find(row => row.name === this.chosen)?.path ?? null
  }

  /** Rows whose film has come, in the order of their pictures on the sheet. */
  get filmed() {
    return this.data.rows.filter(row => row.at !== null)
  }

  // ---- what a hand does

  stepUnder(event) {
    const { left } = this.el.strip.getBoundingClientRect()
    return stepAt(event.clientX - left, this.el.strip.clientWidth, this.n, this.film.tile)
  }

  down(event) {
    if (event.button !== 0 || !this.film || !this.path) return
    this.el.strip.setPointerCapture(event.pointerId)
    this.dragging = true
    this.hover = null
    this.go(this.stepUnder(event))
  }

  pass(event) {
    if (!this.film || !this.path) return
    const t = this.stepUnder(event)
    if (this.dragging) return this.go(t)
    if (event.pointerType === "touch") return
    this.hover = t
    this.place.preview(zAt(this.path, t))
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
    if (event.ctrlKey || event.metaKey || event.altKey || !this.path) return
    const t = keyedStep(this.t, event.key, event.shiftKey, this.n)
    if (t === null) return
    event.preventDefault()
    this.go(t)
    this.settle()
  }

  go(t) {
    this.t = t
    this.place.move(zAt(this.path, t))
    this.mine = this.place.pin
  }

  /** Follow another path, at the same share of the way. */
  choose(name) {
    if (name === this.chosen) return
    this.chosen = name
    this.drawNames()
    this.go(this.t)
    this.trigger("chosen", name)
    this.settle()
  }

  // ---- drawing

  drawNames() {
    const { names } = this.el
    const focused = names.contains(names.getRootNode().activeElement) ? names.getRootNode().activeElement.dataset.name : null
    names.replaceChildren(...this.data.rows.map(({ name, title, colour, dash, path, about }) => {
      const entry = document.createElement(path ? "button" : "span")
      const line = `<path d="M1 4H23" stroke-width="2.5" stroke="${colour || "currentColor"}" stroke-dasharray="${dash.map(px => 0.7 * px).join(" ")}"/>`
      entry.innerHTML = `<svg viewBox="0 0 24 8" aria-hidden="true">${path || colour ? line : ""}</svg>`
      entry.append(title)
      entry.title = about
      entry.dataset.name = name
      if (path) {
        entry.type = "button"
        entry.setAttribute("aria-pressed", name === this.chosen)
        entry.onclick = () => this.choose(name)
      }
      return entry
    }))
    names.querySelector(`[data-name="${focused}"]`)?.focus()
  }

  drawCosts() {
    const { rows, measures } = this.data
    const cell = (tag, text, className = "", title = "") => Object.assign(document.createElement(tag), { textContent: text, className, title })
    const line = cells => {
      const row = document.createElement("tr")
      row.append(...cells)
      return row
    }
    const name = title => Object.assign(cell("th", title, "of"), { scope: "row" }) // to be seen where the table stands alone
    const head = line([cell("td", "", "of"), ...measures.map(({ title, about }) => cell("th", title, "", about))])
    const body = rows.map(({ costs, waits, title }) => {
      const row = line(costs ? costs.map(({ text, best, about }) => cell("td", text, best ? "best" : about ? "off" : "", about)) : [cell("td", waits, "waits")])
      if (!costs) row.firstChild.colSpan = measures.length
      row.prepend(name(title))
      return row
    })
    this.el.costs.replaceChildren(head, ...body)
  }

  drawFilm() {
    const room = this.el.strip.clientWidth
    if (!this.data || !room) return
    const { film, rows } = this.data
    this.film = filmOf(room, this.n, film.height, film.width, rows.length < 3 ? LARGEST : SEVERAL)
    const hasBands = rows.some(row => row.probabilities)
    const layout = (this.layout = rowsOf(rows.length, this.film.height, hasBands))
    for (const [name, value] of [["row", layout.row], ["height", layout.height], ["tile", this.film.tile]]) {
      this.root.style.setProperty(`--${name}`, `${value}px`)
    }
    if (this.el.lives.childElementCount !== rows.length) {
      this.el.lives.replaceChildren(...rows.map(() => document.createElement("canvas")))
      this.shownAt = null
    }
    this.drawSteps()
    this.invalidate()
    if (this.pictured !== film.url) return // until it has come, the films before stay
    const ratio = crispRatio(this.film.tile, film.width)
    Object.assign(this.canvas, { width: Math.round(room * ratio), height: Math.round(layout.all * ratio) })
    this.canvas.style.height = `${layout.all}px`
    const pen = this.canvas.getContext("2d")
    pen.imageSmoothingEnabled = false
    rows.forEach(({ at, probabilities }, number) => {
      const top = number * layout.row
      if (at === null) return
      paintStrip(pen, this.picture, film, { ...this.film, indices: this.film.indices.map(i => at + i), middle: i => this.film.middle(i - at) }, top, ratio)
      if (probabilities) paintBands(pen, probabilities, this.theme.classes, this.film.middle, top + layout.height + 1, ratio)
    })
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
    const { place, path, el, hover } = this
    const at = place.pin ?? place.z
    let isActive = Boolean(path)
    if (path && at !== this.mine) {
      const { t, distance } = nearestOn(path, at)
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
    this.show(hover ?? this.t)
  }

  put(frame, t) {
    const { tile, middle } = this.film
    frame.style.width = `${tile + 8}px`
    frame.style.transform = `translateX(${middle(t) - tile / 2 - 4}px)`
  }

  /** What each path decodes to at a step: asked of the live channel in one question; until it answers, the nearest picture. */
  show(t) {
    const { place, data, filmed } = this
    if (this.pictured !== data.film.url || (t === this.shownAt && place.label === this.shownAs)) return
    const isFirst = this.shownAt === null
    this.shownAt = t
    this.shownAs = place.label
    const canvasOf = row => this.el.lives.children[data.rows.indexOf(row)]
    const isOpen = place.channel.status === "open"
    for (const row of filmed) if (!row.path || !isOpen || isFirst) paintBetween(canvasOf(row), this.picture, data.film, row.at + (row.path ? Math.round(t) : t))
    const asked = filmed.filter(row => row.path)
    if (!asked.length) return
    const request = { kind: DECODE, model: place.data.model, which: place.label, z: asked.flatMap(row => [...zAt(row.path, t)]) }
    const { way } = this
    place.channel.ask(this.lane, request, answer => {
      if (answer.status === 0 && way === this.way) asked.forEach((row, i) => paintPixels(canvasOf(row), answer, i))
    })
  }
}

export default mountable(".scrubber", Scrubber)
