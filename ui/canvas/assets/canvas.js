/* A picture of one's own: drawn here, encoded with each movement of the hand by the live channel, told to Python once the hand
   rests, which then answers with what takes longer (z by gradient). */

const RESTS = 450 // ms without a stroke: the pen is often lifted within a digit
const PICTURES = ["invert", "crop", "centre"]

class OwnCanvas extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["tools", "board", "steps", "terms", "trouble", "hint"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.board = new Board(this.el.board, isResting => this.changed(isResting))
    this.stamp = null // of the drawing that Python knows
    this.answer = null // what came of the drawing, with its facts
    this.lane = null
    const tool = name => this.el.tools.querySelector(`[name=${name}]`)
    this.tool = Object.fromEntries(["pen", "eraser", "width", "colour", "undo", "clear"].map(name => [name, tool(name)]))
    this.tool.pen.onclick = () => this.hold("pen")
    this.tool.eraser.onclick = () => this.hold("eraser")
    this.tool.undo.onclick = () => this.board.undo()
    this.tool.clear.onclick = () => this.board.clear()
    this.tool.width.oninput = () => this.fit()
    this.tool.colour.oninput = () => this.hold("pen")
    for (const box of root.querySelectorAll(".steps input")) box.onchange = () => this.changed(true)
  }

  draw(data) {
    const { board, root, tool } = this
    const { side, channels, mode, drawing } = data
    root.dataset.mode = mode
    this.theme = themeAt(root, { light: [], dark: [] })
    if (board.raster.side !== side || board.raster.channels !== channels) {
      board.raster = new Raster(side, channels)
      this.stamp = null
    }
    if (data.stamp !== this.stamp && !this.dirty) {
      this.stamp = data.stamp
      if (drawing) board.raster.load(bytesOf(drawing.pixels), bytesOf(drawing.cover), !board.raster.isEmpty)
      else board.raster.clear()
      for (const box of root.querySelectorAll(".steps input")) box.checked = Boolean(data.switches & Number(box.value))
      this.fresh = true
    }
    board.under = data.under ? fromPython(data.under) : mode === "follow" ? board.under : null
    board.veil = mode === "mask" ? rgbOf(this.theme.accent) : null
    root.querySelector(".steps").hidden = mode !== "draw"
    tool.colour.hidden = mode === "mask" || (channels === 1 && mode === "draw")
    this.el.board.setAttribute("aria-label", data.label)
    this.el.hint.textContent = data.hint
    for (const figure of this.el.steps.children) {
      const { step } = figure.dataset
      if (PICTURES.includes(step)) figure.hidden = !data.steps.includes(step)
    }
    this.hold(this.held ?? "pen")
    this.board.paint()
    this.show()
  }

  listen(place) {
    this.lane = place.channel.lane()
    if (this.fresh) this.encode()
    return [
      place.channel.watch(() => this.show()),
      place.watch(() => this.otherClass()),
      ...(this.data.mode === "follow" ? [place.onPicture(answer => this.beneath(answer))] : []),
      () => {
        place.channel.free(this.lane)
        this.lane = null
        place.bring([])
      },
    ]
  }

  update(data, trigger) {
    super.update(data, trigger)
    if (this.fresh && this.lane !== null) this.encode()
  }

  // ---- tools

  hold(name) {
    this.held = name
    for (const tool of ["pen", "eraser"]) this.tool[tool].setAttribute("aria-pressed", tool === name)
    this.board.colour = name === "eraser" ? null : this.penColour
    this.fit()
  }

  get penColour() {
    const [red, green, blue] = rgbOf(this.tool.colour.value)
    if (this.data.channels === 3) return [red, green, blue]
    if (this.data.mode === "draw") return [255]
    return [Math.round(0.299 * red + 0.587 * green + 0.114 * blue)]
  }

  fit() {
    this.board.width = (Number(this.tool.width.value) / 100) * this.board.raster.side
  }

  // ---- what the hand does

  get switches() {
    return [...this.root.querySelectorAll(".steps input")].reduce((sum, { checked, value }) => sum + checked * Number(value), 0)
  }

  changed(isResting) {
    this.dirty = true
    this.moved = performance.now()
    this.encode()
    clearTimeout(this.timer)
    if (isResting) this.timer = setTimeout(() => this.report(), RESTS)
  }

  /** The class has changed: what was encoded as another one is encoded anew. */
  otherClass() {
    if (this.encodedAs === undefined || this.encodedAs === this.place.label) return
    this.encode()
  }

  encode() {
    this.fresh = false
    const { place, data, board } = this
    if (data.mode !== "draw" || this.lane === null) return
    if (board.raster.isEmpty) {
      this.answer = this.facts = null
      this.encodedAs = undefined
      return this.show()
    }
    const { side, values } = board.raster
    const moved = this.dirty ? this.moved : null
    this.encodedAs = place.label
    const picture = { height: side, width: side, pixels: values.slice() }
    const request = { kind: ENCODE, model: place.data.model, which: place.label, picture, switches: this.switches }
    place.channel.ask(this.lane, request, answer => this.encoded(answer, moved))
  }

  encoded(answer, moved) {
    const isGood = answer.status === 0
    this.trouble = isGood ? "" : answer.text
    if (isGood) {
      this.answer = answer
      this.facts = JSON.parse(answer.text)
    }
    this.show()
    if (isGood && this.facts.mu && this.dirty) this.place.preview(this.facts.mu)
    if (moved === null) return
    const detail = { moved, painted: performance.now(), mu: this.facts?.mu, server: answer.server_ms, ms: answer.ms }
    this.root.dispatchEvent(new CustomEvent("encoded", { bubbles: true, composed: true, detail }))
  }

  /** Tell Python what was drawn, once the hand rests. */
  report() {
    if (this.board.last || this.board.isDown) return
    const { values, cover } = this.board.raster
    this.dirty = false
    this.stamp = Math.random().toString(36).slice(2)
    this.trigger("drawn", { pixels: base64Of(values), cover: base64Of(cover), switches: this.switches, stamp: this.stamp })
  }

  /** The picture at z lies beneath what is painted on it. */
  beneath(answer) {
    this.board.under = answer
    this.board.paint()
  }

  // ---- drawing

  /** What z explains of the drawing, with what Python has found since, where that is of this very drawing. */
  show() {
    if (!this.place) return
    const { answer, facts, data, el, place } = this
    const { status } = place.channel
    this.root.dataset.state = status
    const text = status === "down" ? "Live encoding is interrupted: reconnecting. What you draw is encoded once you rest." : (this.trouble ?? "")
    if (el.trouble.textContent !== text) el.trouble.textContent = text
    if (data.mode !== "draw") return place.bring(data.codes)
    const found = !this.dirty && data.stamp === this.stamp && data.found
    const names = answer ? facts.steps : []
    for (const figure of el.steps.children) {
      const { step } = figure.dataset
      const canvas = figure.querySelector("canvas")
      if (step === "optimised") {
        figure.hidden = !data.searches
        const isThere = found && found.picture
        figure.toggleAttribute("data-off", !isThere)
        if (isThere) paintPixels(canvas, fromPython(found.picture))
        continue
      }
      if (step === "decoded") figure.hidden = !place.data.encodes
      const i = step === "decoded" ? (facts?.mu ? names.length : -1) : names.indexOf(step)
      figure.toggleAttribute("data-off", i < 0)
      if (i >= 0) paintPixels(canvas, answer, i)
    }
    const own = facts?.mu ? [{ name: "Encoder", role: "contrast", ...facts }] : []
    const rows = found ? found.rows : data.searches && own.length ? [...own, { name: "By gradient", role: "accent" }] : own
    fillTerms(el.terms, answer || found ? rows : [], found ? found.gap : null)
    const codes = facts?.mu ? [{ mu: facts.mu, sigma: facts.sigma, role: "contrast" }] : []
    place.bring(found && found.mu ? [...codes, { mu: found.mu, sigma: found.sigma, role: "accent" }] : codes)
  }

  destroy() {
    clearTimeout(this.timer)
    super.destroy()
  }
}

export default mountable(".own-canvas", OwnCanvas)
