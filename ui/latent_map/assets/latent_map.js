/* The latent map. plotly.js draws the points and the axes (scatter.js); whatever moves (the picture beneath, paths, marks, the pin, the
   pointer's tip) is drawn here above or beneath them and never costs a redraw of the points. The view is ours as well:
   that makes equal axes, touch, and a zoom that survives every update simple. A component's JavaScript is one module, so
   wrapper.py joins the files of this folder, this one last. */

class LatentMap {
  constructor(root) {
    this.root = root
    const names = ["toolbar", "plot", "beneath", "points", "above", "pin", "surface", "controls", "tip", "status", "legend"]
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
    this.hand = new Hand(this, this.el.surface, this.el.controls)
    this.tools = new Tools(root, name => this.useTool(name))
    this.grid2 = new DecodedGrid(this)
    this.lens = new Lens(this)
    const tell = error => this.say("error", `${error.message} Reload the page to try again.`)
    this.colouring = new Colouring(() => this.recolour(), tell)
    this.el.status.querySelector("button").onclick = () => window.location.reload()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(root)
  }

  destroy() {
    this.loading?.abort()
    for (const part of [this.grid2, this.lens, this.colouring, this.selection, this.scatter]) part.destroy()
    this.unfollow?.()
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
  }

  // ---- what Python says

  update(data, send) {
    const before = this.data
    this.data = data
    this.send = send
    this.plane = data.plane
    this.follow(data.place && placeOf(data.place))
    const otherAxes = JSON.stringify([before?.axes, before?.plane]) !== JSON.stringify([data.axes, data.plane])
    if (otherAxes) this.touched = false
    const otherTheme = this.readTheme()
    const { surface } = this.el
    surface.setAttribute("aria-label", data.label)
    surface.classList.toggle("still", data.hand === "look" && !this.place)
    this.tools.fit({ decodes: Boolean(this.place), classes: data.classes.length > 0, groups: Boolean(data.groups) })
    this.colouring.take(data.colour)
    this.fillLegend()
    this.selection.take(data.group, otherAxes)
    this.resize()
    if (this.key !== data.points.key || this.root.dataset.state === "error") this.load()
    else if (this.points && (otherAxes || otherTheme)) this.scatter.draw()
    this.invalidate()
  }

  /** Draw what that place does, and no other one. */
  follow(place) {
    if (place === this.place) return
    this.unfollow?.()
    this.place = place
    const unwatch = place && [
      place.watch(() => this.invalidate()),
      place.onRecord((_, facts) => this.hover.learn(facts)),
      place.channel.needsToken(() => this.send("renew", performance.now())),
    ]
    this.unfollow = () => unwatch?.forEach(stop => stop())
  }

  /** How to tell Python something by the name of a trigger. */
  reporter(name) {
    return message => this.send(name, message)
  }

  /** Take the theme's colours from the page; true when they have changed. */
  readTheme() {
    const style = getComputedStyle(this.root)
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
    const before = JSON.stringify(this.theme)
    this.theme = {
      ink: read("--st-text-color", "#222222"),
      paper: read("--st-background-color", "#ffffff"),
      accent: read("--st-link-color", "#0066cc"), // the accent as it can be read on the page's background
      font: read("--st-font", "sans-serif"),
    }
    this.classColours = this.data.colours[isDark(this.theme.paper) ? "dark" : "light"]
    return JSON.stringify(this.theme) !== before
  }

  async load() {
    this.loading?.abort()
    const { signal } = (this.loading = new AbortController())
    const { key, url, n } = this.data.points
    this.key = key
    if (!this.points) this.say("loading", n ? `Loading ${n.toLocaleString("en")} points …` : "Loading …")
    try {
      const [Plotly, points] = await Promise.all([loadPlotly(this.data.plotly), fetchBytes(url, signal).then(decodePoints)])
      signal.throwIfAborted()
      this.scatter.Plotly = Plotly
      this.points = points
      this.grid = buildGrid(points)
      this.groups = groupByClass(points, this.data.classes.length)
      this.hover.set(null)
      if (!this.touched) this.view = fitView(extentOf(points))
      this.selection.count()
      await this.scatter.draw()
      signal.throwIfAborted()
      if (this.scatter.isBlank) throw new Error("This browser offers no WebGL, which draws the map.")
      this.say(n ? "ready" : "empty", n ? "" : "No points yet.")
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
    const legend = this.el.legend.offsetHeight
    const room = (this.data.height ?? this.root.clientHeight) - this.el.toolbar.offsetHeight - (legend && legend + 6)
    const width = this.root.clientWidth
    const outer = Math.floor(Math.min(width, room < 200 ? width : room)) // a container without a height gives no room
    if (outer === this.outer || outer < 100) return
    this.outer = outer
    this.side = outer - MARGIN.left - MARGIN.right
    const px = value => `${value}px`
    const { plot, beneath, above, surface, status } = this.el
    plot.style.width = plot.style.height = px(outer)
    for (const { style } of [beneath, above, surface, status]) {
      Object.assign(style, { left: px(MARGIN.left), top: px(MARGIN.top), width: px(this.side), height: px(this.side) })
    }
    if (this.points) this.scatter.draw()
    this.invalidate()
  }

  /** Of a class; a quiet one where a number colours the points. */
  colourOf(label) {
    if (this.colouring.data) return faded(this.theme.ink, 0.6)
    return this.data.classes.length ? this.classColours[label % this.classColours.length] : this.theme.accent
  }

  symbolOf(label) {
    const isEach = this.tools.can.shapes && this.tools.state.shapes // else only once the colours begin anew
    return SHAPE_NAMES[(isEach ? label : Math.floor(label / this.classColours.length)) % SHAPE_NAMES.length]
  }

  fillLegend() {
    const { data, theme, colouring } = this
    const classes = data.classes.map((name, i) => ({ name, colour: this.colourOf(i), symbol: this.symbolOf(i) }))
    const scale = colouring.data && { ...colouring.data, colours: scaleOf(colouring.data, theme) }
    this.legend.fill(classes, data.paths, data.markers, theme, scale)
  }

  /** Another colour or other signs: the points stay. */
  recolour() {
    this.fillLegend()
    if (this.points) this.scatter.draw()
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
    this.paintMarks()
    this.paintTip()
    this.grid2.paint()
    this.lens.paint()
    this.root.dataset.view = [view.x, view.y, view.half].join(" ")
  }

  px(zx, zy) {
    return toPixel(this.view, this.side, zx, zy)
  }

  zAt(pixel) {
    return toZ(this.view, this.side, ...pixel)
  }

  paintMarks() {
    const { view, side, theme, data, hover, selection, place } = this
    const lit = place?.pointed?.sample
    const { outline, n, drawing } = selection
    const inputs = [view, side, theme, data, place?.pin, lit, hover.found, hover.facts, outline, n, drawing && {}]
    if (this.inputs && inputs.every((value, i) => value === this.inputs[i])) return
    this.inputs = inputs
    const at = this.pin.xy
    const pin = at && this.px(...at)
    const isSeen = pin && !edgeOf(pin, side, 0)
    this.el.pin.style.visibility = isSeen ? "visible" : "hidden"
    if (isSeen) this.el.pin.style.transform = `translate(${MARGIN.left + pin[0]}px, ${MARGIN.top + pin[1]}px)`
    this.root.dataset.at = at ? at.join(" ") : ""
    this.el.surface.classList.toggle("aim", data.hand === "pick" || (this.pin.isMovable && !at))
    paintMarks(this.el.above, {
      view, side, theme, paths: data.paths, markers: data.markers, lit, group: outline, n, drawing: drawing?.corners,
      found: hover.found, ellipse: hover.ellipse, pin,
    })
  }

  paintTip() {
    const { tip } = this.el
    const { found } = this.hover
    tip.hidden = !found
    if (!found) return
    tip.textContent = found.text
    const [px, py] = this.px(found.zx, found.zy)
    const isRight = px > this.side * 0.6 // then the tip lies to the left
    const [x, y] = [MARGIN.left + px + (isRight ? -12 : 12), MARGIN.top + Math.max(0, py - 30)]
    tip.style.transform = `translate(${x}px, ${y}px) translate(${isRight ? "-100%" : "0px"})`
  }

  // ---- what the hand asks for

  isShown(label) {
    return this.legend.shown[label] ?? true
  }

  show(shown) {
    this.hover.set(null)
    this.selection.recount()
    if (this.points) this.scatter.show(shown)
  }

  look(view) {
    this.view = view
    this.touched = true
    this.invalidate()
  }

  fit() {
    this.look(fitView(this.points && extentOf(this.points)))
    this.touched = false
  }

  /** A click or a tap on a pixel of the plot area. */
  click(pixel) {
    if (this.root.dataset.state === "error") return
    if (this.pin.isMovable) this.pin.put(pixel)
    else if (this.data.hand === "pick") {
      const z = this.zAt(pixel)
      const position = this.hover.nearest(...z)
      this.send("click", { z, position: position < 0 ? null : position, points: this.key })
    }
  }
}

export default mountable(".latent-map", LatentMap)
