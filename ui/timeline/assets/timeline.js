/* The timeline: the snapshots of a run as a film that plays in both directions, with curves and pictures beside it. No frame is
   asked of Python: what is shown is what the browser holds, and what the address says. */

const SPEEDS = [1, 2, 4, 8, 15, 30, 60] // snapshots a second
const USUAL_SPEED = 4
const CALM_AFTER = 250 // ms without another move before the address says which epoch is shown

class Timeline extends LiveComponent {
  constructor(root) {
    super(root)
    const names = [
      "first", "backward", "forward", "newest", "scrub", "epoch", "speed", "map", "aligned", "strength", "classes", "pairs",
      "draws", "charts", "note", "looks", "space", "pictures",
    ]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.stage = new Stage(this.el.map)
    this.snapshots = new Snapshots(() => this.arrived())
    this.clock = new Clock()
    this.path = window.location.pathname
    this.at = null // which frame is to be shown; it is painted as soon as it is here
    this.el.speed.replaceChildren(...SPEEDS.map(speed => new Option(`${speed}/s`, speed, false, speed === USUAL_SPEED)))
    this.listenToHands()
    this.onWidth(() => this.invalidate())
  }

  listenToHands() {
    const { first, backward, forward, newest, scrub, aligned, strength } = this.el
    first.onclick = () => this.goByHand(0)
    newest.onclick = () => this.goByHand(this.epochs.length - 1)
    forward.onclick = () => this.play(1)
    backward.onclick = () => this.play(-1)
    scrub.oninput = () => this.goByHand(frameAt(this.epochs, Number(scrub.value)))
    aligned.onchange = strength.oninput = () => this.invalidate()
    this.root.onkeydown = event => this.key(event)
  }

  update(data) {
    const before = this.epochs
    this.data = data
    this.epochs = data.frames.map(({ epoch }) => epoch)
    this.theme = themeAt(this.root, data.colours)
    if (this.at === null) {
      const asked = data.asked === null ? null : frameAt(this.epochs, data.asked)
      this.at = asked ?? this.epochs.length - 1
      this.follows = this.at === this.epochs.length - 1
      this.base = undone(data.frames.at(-1).turn) // the newest epoch of now lies as the model has it
    } else this.at = carriedOver(this.at, before, this.epochs, this.follows && !this.clock.direction)
    const { scrub, aligned, strength, note } = this.el
    Object.assign(scrub, { min: this.epochs[0], max: Math.max(this.epochs.at(-1), this.epochs[0] + 1) })
    aligned.parentElement.hidden = !data.encodes
    strength.parentElement.hidden = !data.encodes
    note.textContent = data.note
    this.drawClasses()
    this.drawCharts()
    this.wantAll()
    this.invalidate()
  }

  wantAll() {
    const { frames, fixed } = this.data
    const order = fromHere(this.at, frames.length).map(i => frames[i].key)
    this.snapshots.want(fixed ? [order[0], fixed, ...order.slice(1)] : order)
  }

  arrived() {
    const { fixed } = this.data
    if (fixed && fixed !== this.fixedShown && this.snapshots.get(fixed)) {
      this.fixedShown = fixed
      this.fixed = this.snapshots.get(fixed)
      this.shown = null
    }
    const here = this.data.frames.filter(({ key }) => this.snapshots.get(key)).length
    this.root.dataset.held = here
    this.invalidate()
  }

  /* -- going from frame to frame ------------------------------------------------------------------------------------- */

  go(at) {
    this.at = Math.max(0, Math.min(this.epochs.length - 1, at))
    this.follows = this.at === this.epochs.length - 1
    this.invalidate()
    clearTimeout(this.telling)
    this.telling = setTimeout(() => this.writeAddress(), CALM_AFTER)
  }

  goByHand(at) {
    this.pause()
    this.go(at)
  }

  key(event) {
    const { target, key } = event
    if (target.matches("select") || target === this.el.strength) return
    if (key === " ") {
      if (target.matches("button, input[type='checkbox']")) return // it presses what has the focus
      this.play(event.shiftKey ? -1 : 1)
    } else {
      const at = keyedFrame(this.at, key, this.epochs.length)
      if (at === null || event.altKey || event.ctrlKey || event.metaKey) return
      this.goByHand(at)
    }
    event.preventDefault()
  }

  /** Begin to play in a direction, or pause where that is what goes on; from its end a film begins anew. */
  play(direction) {
    if (this.clock.direction === direction) return this.pause()
    const [from, to] = direction > 0 ? [0, this.epochs.length - 1] : [this.epochs.length - 1, 0]
    if (this.at === to) this.go(from)
    this.clock.start(direction)
    this.showPressed()
    cancelAnimationFrame(this.ticking)
    this.ticking = requestAnimationFrame(now => this.tick(now))
  }

  pause() {
    this.clock.stop()
    cancelAnimationFrame(this.ticking)
    this.showPressed()
  }

  tick(now) {
    const frames = this.clock.pass(now, Number(this.el.speed.value))
    const isPainted = this.shown?.key === this.data.frames[this.at].key
    if (frames && (isPainted || this.isGone())) this.go(this.at + frames)
    const end = this.clock.direction > 0 ? this.epochs.length - 1 : 0
    if (this.at === end) this.pause()
    else this.ticking = requestAnimationFrame(later => this.tick(later))
  }

  /** Has the frame come to nothing? Then the film goes on without it. */
  isGone() {
    return !this.snapshots.underWay && !this.snapshots.get(this.data.frames[this.at].key)
  }

  showPressed() {
    for (const [name, direction] of [["forward", 1], ["backward", -1]]) {
      this.el[name].setAttribute("aria-pressed", this.clock.direction === direction)
    }
  }

  /** The shown epoch in the page's address, unless it is the newest: then the link leads to that. */
  writeAddress() {
    if (window.location.pathname !== this.path) return
    const url = new URL(window.location.href)
    if (this.follows) url.searchParams.delete("epoch")
    else url.searchParams.set("epoch", this.epochs[this.at])
    if (url.href !== window.location.href) window.history.replaceState(window.history.state, "", url.href)
  }

  /* -- painting ------------------------------------------------------------------------------------------------------ */

  paint() {
    const { data, el, root } = this
    const frame = data.frames[this.at]
    el.scrub.value = frame.epoch
    const last = this.epochs.at(-1)
    el.scrub.setAttribute("aria-valuetext", `epoch ${frame.epoch} of ${last}`)
    el.epoch.textContent = `Epoch ${frame.epoch} of ${last}${data.live && this.follows ? " · live" : ""}`
    const snapshot = this.snapshots.get(frame.key)
    if (!snapshot) return // until it has come the frame before stays
    const turn = el.aligned.checked ? after(frame.turn, this.base) : [1, 0, 0, 1]
    const strength = data.encodes ? Number(el.strength.value) / 100 : 1
    const labels = this.fixed?.labels?.values ?? null
    const { half } = data
    this.stage.paint(snapshot, { turn, half, strength, labels, theme: this.theme, axes: frame.axes, titles: frame.titles })
    el.map.setAttribute("aria-label", `Map of epoch ${frame.epoch}: ${snapshot.mu.shape[0]} encoded images over the decoded grid`)
    this.paintPictures(snapshot, frame.key)
    this.paintCharts(frame.epoch)
    this.shown = { key: frame.key }
    Object.assign(root.dataset, { state: "ready", epoch: frame.epoch, snapshot: frame.key })
  }

  paintPictures(snapshot, key) {
    if (this.shown?.key === key) return
    const { pairs, draws, pictures } = this.el
    const [originals, made] = [picturesOf(this.fixed?.originals), picturesOf(snapshot.reconstructions)]
    pairs.previousElementSibling.hidden = pairs.hidden = !made
    if (made) {
      fill(pairs, made.n, originals ? 2 : 1)
      for (let i = 0; i < made.n; i++) {
        const canvases = pairs.children[i].children
        if (originals && i < originals.n && canvases[0].width !== originals.width) paintPixels(canvases[0], originals, i)
        paintPixels(canvases[canvases.length - 1], made, i)
      }
    }
    const drawn = picturesOf(snapshot.draws)
    draws.previousElementSibling.hidden = draws.hidden = !drawn
    if (drawn) {
      fill(draws, drawn.n, 1)
      for (let i = 0; i < drawn.n; i++) paintPixels(draws.children[i].firstChild, drawn, i)
    }
    pictures.hidden = !made && !drawn
  }

  drawClasses() {
    const { classNames } = this.data
    const key = [...classNames, this.theme.paper].join()
    if (key === this.classesDrawn) return
    this.classesDrawn = key
    const dots = (classNames.length <= 12 ? classNames : []).map((name, i) => {
      const one = document.createElement("span")
      const dot = document.createElement("i")
      dot.style.background = this.theme.classes[i % this.theme.classes.length]
      one.append(dot, name)
      return one
    })
    this.el.classes.replaceChildren(...dots)
  }

  drawCharts() {
    const { curves, kl } = this.data
    const titles = [...(kl.names.length ? ["KL per dimension"] : []), ...curves.panels.map(({ title }) => title)]
    if (titles.join() === this.charted) return
    this.charted = titles.join()
    for (const key of this.root.querySelectorAll(".legend .key")) {
      const line = curves.panels.flatMap(({ lines }) => lines).find(({ name }) => name === key.dataset.of)
      key.parentElement.hidden = !line
      if (line) key.style.background = line.colour
    }
    const figures = titles.map(title => {
      const figure = document.createElement("figure")
      const caption = document.createElement("figcaption")
      caption.append(Object.assign(document.createElement("b"), { textContent: title }), document.createElement("span"))
      const canvas = document.createElement("canvas")
      canvas.setAttribute("aria-hidden", "true")
      figure.append(caption, canvas)
      return figure
    })
    figures.slice(kl.names.length ? 1 : 0).forEach(figure => this.scrubOn(figure.lastChild))
    this.el.charts.replaceChildren(...figures)
  }

  scrubOn(canvas) {
    canvas.className = "curve"
    const to = event => {
      const x = event.clientX - canvas.getBoundingClientRect().left
      const { epochs } = this.data.curves
      this.goByHand(frameAt(this.epochs, epochUnder(x, epochs[0], epochs.at(-1), canvas.clientWidth)))
    }
    canvas.onpointerdown = event => {
      canvas.setPointerCapture(event.pointerId)
      to(event)
    }
    canvas.onpointermove = event => event.buttons && to(event)
  }

  paintCharts(epoch) {
    const { curves, kl } = this.data
    const figures = [...this.el.charts.children]
    if (kl.names.length) {
      const [caption, canvas] = figures.shift().children
      const row = kl.rows[this.at]
      caption.lastChild.textContent = row ? `${numberText(row.reduce((a, b) => a + b, 0))} nats${kl.n_left_out ? ` in ${row.length} of ${row.length + kl.n_left_out}` : ""}` : ""
      const most = Math.max(1e-9, ...kl.rows.flatMap(values => values ?? []))
      paintBars(canvas, { names: kl.names, row, most }, this.theme)
    }
    const at = curves.epochs.indexOf(epoch)
    curves.panels.forEach(({ lines }, i) => {
      const [caption, canvas] = figures[i].children
      const said = lines.map(({ colour, values }) => {
        const text = values[at] === undefined || values[at] === null ? "" : numberText(values[at])
        const one = document.createElement("span")
        one.append(Object.assign(document.createElement("i"), { className: "key" }), text)
        one.firstChild.style.background = colour
        return one
      })
      caption.lastChild.replaceChildren(...said)
      paintCurves(canvas, { epochs: curves.epochs, lines }, epoch, this.theme)
    })
  }

  destroy() {
    super.destroy()
    cancelAnimationFrame(this.ticking)
    clearTimeout(this.telling)
  }
}

/** Have `place` hold n cells of so many canvases each. */
function fill(place, n, each) {
  if (place.childElementCount === n && place.firstChild?.childElementCount === each) return
  const cells = Array.from({ length: n }, () => {
    const cell = document.createElement("div")
    cell.append(...Array.from({ length: each }, () => document.createElement("canvas")))
    return cell
  })
  place.replaceChildren(...cells)
}

export default mountable(".timeline", Timeline)
