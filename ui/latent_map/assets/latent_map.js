/* The latent map. plotly.js draws the points and the axes; whatever moves (the picture beneath, paths, marks, the pin, the
   pointer's tip) is drawn here above or beneath them and never costs a redraw of the points. The view is ours as well:
   that makes equal axes, touch, and a zoom that survives every update simple. A component's JavaScript is one module, so
   wrapper.py joins the files of this folder, this one last. */

const MARGIN = { left: 44, right: 6, top: 6, bottom: 44 } // px around the plot area: 50 both ways, or it is no square
const NEAR = 14 // px within which a point counts as meant
const MARK = 8 // px within which a drawn mark is meant, before any point
const SLOW = 40 // ms that a redraw may keep the page busy for it to follow the hand
const REST = 120 // ms without a change of view before a slow redraw
const KEYS_REST = 120 // ms without a key press before the moved pin is reported

class LatentMap {
  constructor(root) {
    this.root = root
    const names = ["plot", "beneath", "points", "above", "pin", "surface", "controls", "tip", "status", "legend"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.picture = this.el.beneath.querySelector("img")
    this.view = fitView(null)
    this.touched = false // by hand: then the view is kept
    this.side = 0 // px of the plot area
    this.points = null // what decodePoints gave, once it has come
    this.hover = null // {zx, zy, text} of what is under the pointer
    this.pending = null // the pin while arrow keys move it
    this.legend = new Legend(this.el.legend, shown => this.show(shown))
    this.hand = new Hand(this, this.el.surface, this.el.controls)
    this.picture.onload = () => this.invalidate()
    this.el.status.querySelector("button").onclick = () => window.location.reload()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(root)
  }

  destroy() {
    this.loading?.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
    clearTimeout(this.keyTimer)
    clearTimeout(this.restTimer)
    const canvases = this.el.points.querySelectorAll(".gl-canvas")
    this.Plotly?.purge(this.el.points)
    // A page has 16 or so WebGL contexts, a map takes three, and plotly leaves them to the garbage collection.
    canvases.forEach(canvas => canvas.getContext("webgl")?.getExtension("WEBGL_lose_context")?.loseContext())
  }

  // ---- what Python says

  update(data, report) {
    const before = this.data
    this.data = data
    this.report = report
    if (!this.keyTimer) this.pending = null
    const otherAxes = String(before?.axes) !== String(data.axes)
    if (otherAxes) this.touched = false
    const otherTheme = this.readTheme()
    const { surface } = this.el
    surface.setAttribute("aria-label", data.label)
    surface.classList.toggle("still", !data.clickable)
    surface.classList.toggle("aim", data.clickable && !data.at)
    const classes = data.classes.map((name, i) => ({ name, colour: this.colourOf(i), symbol: this.symbolOf(i) }))
    this.legend.fill(classes, data.paths, data.markers, this.theme)
    if (data.layer) this.picture.src = data.layer.url
    this.resize()
    if (this.key !== data.points.key || this.root.dataset.state === "error") this.load()
    else if (this.points && (otherAxes || otherTheme)) this.draw()
    this.invalidate()
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
      const [Plotly, points] = await Promise.all([loadPlotly(this.data.plotly), fetchPoints(url, signal)])
      signal.throwIfAborted()
      this.Plotly = Plotly
      this.points = points
      this.grid = buildGrid(points)
      this.groups = groupByClass(points, this.data.classes.length)
      this.hover = null
      if (!this.touched) this.view = fitView(extentOf(points))
      await this.draw()
      signal.throwIfAborted()
      if (this.el.points.querySelector(".no-webgl")) throw new Error("This browser offers no WebGL, which draws the map.")
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
    const room = (this.data.height ?? this.root.clientHeight) - (legend && legend + 6)
    const width = this.root.clientWidth
    const outer = Math.floor(Math.min(width, room < 200 ? width : room)) // a container without a height gives no room
    if (outer === this.outer || outer < 100) return
    this.outer = outer
    this.side = outer - MARGIN.left - MARGIN.right
    const px = value => `${value}px`
    const { plot, beneath, above, surface, controls, status } = this.el
    plot.style.width = plot.style.height = px(outer)
    for (const { style } of [beneath, above, surface, status]) {
      Object.assign(style, { left: px(MARGIN.left), top: px(MARGIN.top), width: px(this.side), height: px(this.side) })
    }
    Object.assign(controls.style, { right: px(MARGIN.right + 8), top: px(MARGIN.top + 8) })
    if (this.points) this.draw()
    this.invalidate()
  }

  /** Hand everything to plotly: for new points, another theme, another size. */
  draw() {
    const { ink, font } = this.theme
    const axis = (title, centre) => ({
      range: [centre - this.view.half, centre + this.view.half],
      zeroline: false, showline: false, gridcolor: faded(ink, 0.08), nticks: 9,
      tickfont: { size: 11, color: faded(ink, 0.6) },
      title: { text: title, standoff: 6, font: { size: 13, color: faded(ink, 0.75) } },
    })
    const look = pointLook(this.points.n, this.side)
    const traces = this.groups.map((group, label) => ({
      type: "scattergl", mode: "markers", x: group.x, y: group.y, hoverinfo: "skip", visible: this.isShown(label),
      marker: { ...look, color: this.colourOf(label), symbol: this.symbolOf(label), line: { width: 0 } },
    }))
    const layout = {
      width: this.outer, height: this.outer, font: { family: font }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
      margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom }, showlegend: false, hovermode: false,
      xaxis: axis(this.data.axes[0], this.view.x), yaxis: axis(this.data.axes[1], this.view.y),
    }
    const { points, plot } = this.el
    this.drawnView = this.view
    points.querySelector(".gl-container")?.removeAttribute("style")
    plot.classList.remove("gliding")
    this.invalidate()
    const drawn = this.Plotly.react(points, traces, layout, { staticPlot: true, plotGlPixelRatio: window.devicePixelRatio || 1 })
    points.removeAllListeners("plotly_webglcontextlost")
    points.once("plotly_webglcontextlost", () => setTimeout(() => this.revive(), REST))
    return drawn
  }

  /** A browser may take WebGL away from a page, after sleep or for too many maps: draw with a new context. */
  revive() {
    if (!this.root.isConnected) return
    this.Plotly.purge(this.el.points)
    this.draw()
  }

  colourOf(label) {
    return this.data.classes.length ? this.classColours[label % this.classColours.length] : this.theme.accent
  }

  symbolOf(label) {
    return this.data.symbols[Math.floor(label / this.classColours.length) % this.data.symbols.length]
  }

  /** Ask for one painting in the next frame, however often it is asked for. */
  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.paint()
    })
  }

  paint() {
    const { view, data } = this
    if (this.points && this.drawnView !== view) {
      if (this.redrawCost > SLOW) this.glide()
      else this.redraw()
    }
    this.paintPicture()
    this.paintPin(this.pending ?? data.at)
    const { side, theme, hover } = this
    paintMarks(this.el.above, { view, side, theme, hover, paths: data.paths, markers: data.markers })
    this.paintTip()
    this.root.dataset.view = [view.x, view.y, view.half].join(" ")
  }

  /** Have plotly draw the points for the present view, and note how long that kept the page busy. */
  redraw() {
    const { view } = this
    clearTimeout(this.restTimer)
    this.drawnView = view
    this.el.plot.classList.remove("gliding")
    this.el.points.querySelector(".gl-container").removeAttribute("style")
    const range = centre => [centre - view.half, centre + view.half]
    const start = performance.now()
    this.Plotly.relayout(this.el.points, { "xaxis.range": range(view.x), "yaxis.range": range(view.y) })
    requestAnimationFrame(() => setTimeout(() => (this.redrawCost = performance.now() - start)))
  }

  /** Without a GPU a redraw of many points takes too long to follow the hand: move what is drawn, redraw when it rests. */
  glide() {
    const { view, drawnView, side } = this
    const [left, top] = toPixel(view, side, drawnView.x - drawnView.half, drawnView.y + drawnView.half)
    const [x0, y0] = toPixel(drawnView, side, view.x - view.half, view.y + view.half)
    const [x1, y1] = toPixel(drawnView, side, view.x + view.half, view.y - view.half)
    const inset = [MARGIN.top + y0, MARGIN.right + side - x1, MARGIN.bottom + side - y1, MARGIN.left + x0]
    Object.assign(this.el.points.querySelector(".gl-container").style, {
      transformOrigin: `${MARGIN.left}px ${MARGIN.top}px`,
      transform: `translate(${left}px, ${top}px) scale(${drawnView.half / view.half})`,
      clipPath: `inset(${inset.map(value => `${value}px`).join(" ")})`,
    })
    this.el.plot.classList.add("gliding")
    clearTimeout(this.restTimer)
    this.restTimer = setTimeout(() => this.redraw(), REST)
  }

  px(zx, zy) {
    return toPixel(this.view, this.side, zx, zy)
  }

  paintPicture() {
    const { layer } = this.data
    this.picture.hidden = !layer
    this.root.toggleAttribute("data-layered", Boolean(layer)) // the points step back, so that the picture can be read
    if (!layer) return
    const [x0, x1, y0, y1] = layer.extent
    const [left, top] = this.px(x0, y1)
    const [right, bottom] = this.px(x1, y0)
    Object.assign(this.picture.style, {
      width: `${right - left}px`, height: `${bottom - top}px`, transform: `translate(${left}px, ${top}px)`,
      opacity: layer.opacity, imageRendering: right - left > this.picture.naturalWidth ? "pixelated" : "auto",
    })
  }

  paintPin(at) {
    const [px, py] = at ? this.px(...at) : [NaN, NaN]
    const isInside = px >= 0 && py >= 0 && px <= this.side && py <= this.side
    this.el.pin.style.visibility = isInside ? "visible" : "hidden"
    if (isInside) this.el.pin.style.transform = `translate(${MARGIN.left + px}px, ${MARGIN.top + py}px)`
    this.root.dataset.at = at ? at.join(" ") : ""
  }

  paintTip() {
    const { tip } = this.el
    tip.hidden = !this.hover
    if (!this.hover) return
    tip.textContent = this.hover.text
    const [px, py] = this.px(this.hover.zx, this.hover.zy)
    const isRight = px > this.side * 0.6 // then the tip lies to the left
    const [x, y] = [MARGIN.left + px + (isRight ? -12 : 12), MARGIN.top + Math.max(0, py - 30)]
    tip.style.transform = `translate(${x}px, ${y}px) translate(${isRight ? "-100%" : "0px"})`
  }

  // ---- what the hand asks for

  /** The pin, if arrow keys may move it. */
  get pin() {
    return this.data.clickable ? (this.pending ?? this.data.at) : null
  }

  isShown(label) {
    return this.legend.shown[label] ?? true
  }

  show(shown) {
    this.setHover(null)
    if (this.points) this.Plotly.restyle(this.el.points, { visible: shown })
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

  /** What a pointer there means: the nearest mark, else the nearest point that is shown. */
  point(place) {
    for (const { name, xy } of this.data.markers) {
      const number = xy.findIndex(([zx, zy]) => Math.hypot(...this.px(zx, zy).map((value, k) => value - place[k])) < MARK)
      if (number >= 0) return this.setHover({ zx: xy[number][0], zy: xy[number][1], text: `${name} ${number + 1}` })
    }
    const i = this.nearest(...toZ(this.view, this.side, ...place))
    if (i < 0) return this.leave()
    const { x, y, labels, indices } = this.points
    const text = `${labels ? `${this.data.classes[labels[i]]} · ` : ""}#${indices ? indices[i] : i}`
    return this.setHover({ zx: x[i], zy: y[i], text })
  }

  leave() {
    this.setHover(null)
  }

  setHover(hover) {
    if (hover?.text === this.hover?.text) return
    this.hover = hover
    this.invalidate()
  }

  nearest(zx, zy) {
    return nearest(this.grid, zx, zy, (NEAR * 2 * this.view.half) / this.side, label => this.isShown(label))
  }

  click(zx, zy) {
    if (!this.data.clickable || this.root.dataset.state === "error") return
    const position = this.nearest(zx, zy)
    this.report({ z: [zx, zy], position: position < 0 ? null : position, points: this.key })
  }

  movePin(to) {
    this.pending = to
    this.invalidate()
    clearTimeout(this.keyTimer)
    this.keyTimer = setTimeout(() => {
      this.keyTimer = 0
      this.click(...to)
    }, KEYS_REST)
  }
}

const maps = new WeakMap() // element of the page -> LatentMap: this function runs again at every update

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".latent-map")
  let map = maps.get(parentElement)
  if (map?.root !== root) {
    map?.destroy()
    map = new LatentMap(root)
    maps.set(parentElement, map)
  }
  map.update(data, click => setTriggerValue("click", click))
  return () => {
    maps.delete(parentElement)
    map.destroy()
  }
}
