/* The latent map. plotly.js draws the points and the axes (scatter.js); whatever moves (the picture beneath, paths, marks, the pin, the
   pointer's tip) is drawn by layers above or beneath them and never costs a redraw of the points. The view is ours as well:
   that makes equal axes, touch, and a zoom that survives every update simple. A component's JavaScript is one module, so
   wrapper.py joins the files of this folder, this one last. */

const LEAST_ROOM = 200 // px: a taller legend than the page has height for makes the map higher

class LatentMap {
  constructor(root) {
    this.root = root
    const names = ["toolbar", "plot", "field", "beneath", "points", "linked", "above", "surface", "controls", "status", "legend"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.view = fitView(null)
    this.touched = false // by hand: then the view is kept
    this.side = 0 // px of the plot area
    this.points = null // what decodePoints gave, once it has come
    this.place = null // whose z the pointer moves; null: there is none
    this.pointer = null // [px, py] on the plot area, while it is there
    this.scatter = new Scatter(this)
    this.hover = new Hover(this)
    this.pin = new Pin(this)
    this.selection = new Selection(this)
    this.legend = new Legend(this.el.legend, shown => this.show(shown))
    this.linked = new Linked(this)
    this.hand = new Hand(this, this.el.surface, this.el.controls)
    this.tools = new Tools(root, name => this.useTool(name))
    this.field = new FieldLayer(this, () => this.refield())
    this.layers = [this.field, this.linked, new Marks(this), this.hover, new DecodedGrid(this), new Lens(this)]
    const tell = error => this.say("error", `${error.message} Reload the page to try again.`)
    this.colouring = new Colouring(() => this.recolour(), tell)
    this.el.status.querySelector("button").onclick = () => window.location.reload()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(root)
  }

  destroy() {
    this.loading?.abort()
    for (const part of [...this.layers, this.pin, this.colouring, this.selection, this.scatter]) part.destroy?.()
    this.unfollow?.()
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
  }

  // ---- what Python says

  update(data, send) {
    const before = this.data
    this.data = data
    this.send = send
    this.plane = this.planeOf(data)
    this.follow(data.place && placeOf(data.place))
    const otherAxes = JSON.stringify([before?.axes, before?.plane]) !== JSON.stringify([data.axes, data.plane])
    if (otherAxes) this.touched = false
    if (JSON.stringify(before?.markers) !== JSON.stringify(data.markers)) {
      this.hover.set(null) // what its tip names has gone
      if (!this.touched) this.view = this.whole() // a sampler may draw where no data lies, and that is to be seen
    }
    const theme = themeAt(this.root, data.colours)
    const otherTheme = JSON.stringify(theme) !== JSON.stringify(this.theme)
    this.theme = theme
    const { surface } = this.el
    surface.setAttribute("aria-label", data.label)
    surface.classList.toggle("still", data.hand === "look" && !this.place)
    const between = Boolean(this.place) && !data.codes
    const isFull = data.tools === "all"
    this.root.classList.toggle("bare", data.tools === "none")
    this.tools.fit({
      decodes: isFull && Boolean(this.place), between: isFull && between, classes: isFull && data.classes.length > 0, groups: Boolean(data.groups),
    })
    this.colouring.take(data.colour)
    this.field.take(data.layer)
    this.fillLegend()
    this.linked.take(data.link)
    this.selection.take(data.group, otherAxes)
    this.resize()
    if (this.key !== data.points.key || this.root.dataset.state === "error") this.load()
    else if (this.points && (otherAxes || otherTheme)) this.scatter.draw()
    this.invalidate()
  }

  /** The plane that the points lie on; or the chart of those codes, filled once they have come. */
  planeOf({ codes, plane }) {
    if (!codes) return plane
    return this.plane?.key === codes.key ? this.plane : new Chart(codes)
  }

  /** Draw what that place does, and no other one. */
  follow(place) {
    if (place === this.place) return
    this.unfollow?.()
    this.place = place
    this.linked.follow(place)
    const unwatch = place && [
      place.watch(() => this.invalidate()),
      place.onRecord((_, facts) => this.hover.learn(facts)),
      ...(this.data.hand === "pin" ? [place.tells(settled => this.send("settled", settled))] : []),
    ]
    this.unfollow = () => unwatch?.forEach(stop => stop())
  }

  async load() {
    this.loading?.abort()
    const { signal } = (this.loading = new AbortController())
    const { key, url, n } = this.data.points
    this.key = key
    if (!this.points) this.say("loading", n ? `Loading ${n.toLocaleString("en")} points …` : "Loading …")
    try {
      const { codes } = this.data
      const coming = [loadPlotly(this.data.plotly), fetchBytes(url, signal).then(decodePoints), codes && fetchBytes(codes.url, signal)]
      const [Plotly, points, bytes] = await Promise.all(coming)
      signal.throwIfAborted()
      this.scatter.Plotly = Plotly
      this.points = points
      this.cells = buildGrid(points)
      if (codes) this.plane.fill(points, this.cells, bytes)
      this.groups = groupByClass(points, this.data.classes.length)
      this.hover.set(null)
      if (!this.touched) this.view = this.whole()
      this.selection.count()
      await this.scatter.draw()
      signal.throwIfAborted()
      if (this.scatter.isBlank) throw new Error("This browser offers no WebGL, which draws the map.")
      const isBare = !n && !this.place // with a place the plane itself is what one looks at
      this.say(isBare ? "empty" : "ready", isBare ? "No points yet." : "")
      performance.mark("map plotted") // for whoever measures
    } catch (error) {
      if (!signal.aborted) this.say("error", `${error.message} Reload the page to try again.`)
    }
  }

  say(state, text) {
    this.el.status.querySelector("p").textContent = text
    this.el.status.querySelector("button").hidden = state !== "error"
    this.root.dataset.state = state
  }

  // ---- drawing

  resize() {
    if (!this.data) return
    this.linked.level()
    const legend = this.el.legend.offsetHeight
    const room = this.data.height - this.el.toolbar.offsetHeight - (legend && legend + 6)
    const outer = Math.floor(Math.min(this.root.clientWidth, Math.max(LEAST_ROOM, room)))
    if (outer === this.outer || outer < 100) return
    this.outer = outer
    this.side = outer - MARGIN.left - MARGIN.right
    const px = value => `${value}px`
    const { plot, field, beneath, linked, above, surface, status } = this.el
    plot.style.width = plot.style.height = px(outer)
    for (const { style } of [field, beneath, linked, above, surface, status]) {
      Object.assign(style, { left: px(MARGIN.left), top: px(MARGIN.top), width: px(this.side), height: px(this.side) })
    }
    if (this.points) this.scatter.draw()
    this.invalidate()
  }

  /** Of a class; a quiet one where a number colours the points. */
  colourOf(label) {
    if (this.colouring.data) return faded(this.theme.ink, 0.6)
    const { classes, accent } = this.theme
    return this.data.classes.length ? classes[label % classes.length] : accent
  }

  symbolOf(label) {
    const isEach = this.tools.can.shapes && this.tools.state.shapes // else only once the colours begin anew
    return SHAPE_NAMES[(isEach ? label : Math.floor(label / this.theme.classes.length)) % SHAPE_NAMES.length]
  }

  fillLegend() {
    const { data, theme, colouring } = this
    const classes = data.classes.map((name, i) => ({ name, colour: this.colourOf(i), symbol: this.symbolOf(i) }))
    const scale = colouring.data && { ...colouring.data, colours: scaleOf(colouring.data, theme) }
    this.legend.fill(classes, data.paths, data.markers, theme, scale, this.field.scale)
    this.legend.tell(this.field.share)
  }

  /** Another colour or other signs: the points stay. */
  recolour() {
    this.fillLegend()
    if (this.points) this.scatter.draw()
  }

  /** Another layer, or more of it. */
  refield() {
    this.fillLegend()
    this.resize()
    this.invalidate()
  }

  useTool(name) {
    if (name === "shapes") this.recolour()
    else this.invalidate()
  }

  /** Ask for one painting in the next frame, however often it is asked for. */
  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.paint()
    })
  }

  paint() {
    const { view } = this
    if (this.points) this.scatter.follow()
    for (const layer of this.layers) layer.paint()
    this.root.dataset.view = [view.x, view.y, view.half].join(" ")
  }

  px(zx, zy) {
    return toPixel(this.view, this.side, zx, zy)
  }

  zAt(pixel) {
    return toZ(this.view, this.side, ...pixel)
  }

  // ---- what the hand asks for

  isShown(label) {
    return this.legend.shown[label] ?? true
  }

  show(shown) {
    this.hover.set(null)
    this.selection.recount()
    if (this.points) this.scatter.show(shown)
    this.linked.show(shown)
  }

  /** Another map of the link shows these classes, and so does this one. */
  showOnly(shown) {
    this.legend.shown = shown
    this.legend.mark()
    if (this.points) this.scatter.show(shown)
  }

  look(view) {
    this.view = view
    this.touched = true
    this.invalidate()
    this.linked.look()
  }

  fit() {
    this.look(this.whole())
    this.touched = false
  }

  /** The view of all points and marks. */
  whole() {
    return fitView(this.points && withMarks(extentOf(this.points), this.data.markers))
  }

  /** A click or a tap on a pixel of the plot area. */
  click(pixel) {
    if (this.root.dataset.state === "error") return
    if (this.pin.isMovable) this.pin.put(pixel)
    if (this.data.hand !== "pick" && !this.data.link) return
    const z = this.zAt(pixel)
    const position = this.hover.nearest(...z)
    if (position >= 0) this.linked.mark(this.points.indices ? this.points.indices[position] : position)
    this.send("click", { z, position: position < 0 ? null : position, points: this.key })
  }
}

export default mountable(".latent-map", LatentMap)
