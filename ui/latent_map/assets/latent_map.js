/* The latent map. plotly.js draws the points and the axes; whatever moves (the picture beneath, paths, marks, the pin, the
   pointer's tip) is drawn here above or beneath them and never costs a redraw of the points. The view is ours as well:
   that makes equal axes, touch, and a zoom that survives every update simple. A component's JavaScript is one module, so
   wrapper.py puts geometry.js, whose functions are used here, before this file. */

const MARGIN = { left: 44, right: 6, top: 6, bottom: 44 } // px around the plot area: 50 both ways, or it is no square
const NEAR = 14 // px within which a point counts as meant
const DRAG_FROM = 4 // px that make a click a drag
const ZOOM_STEP = 1.5
const SLOW = 40 // ms that a redraw may keep the page busy for it to follow the hand
const REST = 120 // ms without a change of view before a slow redraw
const KEYS_REST = 120 // ms without a key press before the moved pin is reported
const RETRIES = [300, 900, 2500] // ms: a restarted server holds the points again once the page's script has run

let plotlyPromise = null
function loadPlotly(url) {
  plotlyPromise ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      plotlyPromise = null
      script.remove()
      reject(new Error("The drawing library did not arrive."))
    }
    document.head.append(script)
  })
  return plotlyPromise
}

async function fetchPoints(url, signal) {
  for (const wait of [...RETRIES, null]) {
    const response = await fetch(url, { signal }).catch(error => {
      if (signal.aborted) throw error
    })
    if (response?.ok) return decodePoints(await response.arrayBuffer())
    if (wait === null) {
      throw new Error(response ? "The server no longer holds the points of this map." : "The server does not answer.")
    }
    await new Promise(resolve => setTimeout(resolve, wait))
    signal.throwIfAborted()
  }
}

class LatentMap {
  constructor(root) {
    this.root = root
    const names = ["plot", "beneath", "points", "above", "pin", "surface", "controls", "tip", "status", "legend"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.picture = this.el.beneath.querySelector("img")
    this.view = fitView(null)
    this.touched = false // by hand: then the view is kept
    this.side = 0 // px of the plot area
    this.shown = [] // by class
    this.points = null // what decodePoints gave, once it has come
    this.hover = null // {zx, zy, text} of what is under the pointer
    this.pending = null // the pin while arrow keys move it
    this.fingers = new Map() // pointer id -> [px, py]
    this.listen()
    this.observer = new ResizeObserver(() => this.resize())
    this.observer.observe(root)
  }

  destroy() {
    this.loading?.abort()
    this.observer.disconnect()
    cancelAnimationFrame(this.frame)
    clearTimeout(this.keyTimer)
    clearTimeout(this.restTimer)
    this.Plotly?.purge(this.el.points)
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
    const nGroups = Math.max(1, data.classes.length)
    if (this.shown.length !== nGroups) this.shown = Array(nGroups).fill(true)
    this.fillLegend()
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
      accent: read("--st-primary-color", "#0066cc"),
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
      type: "scattergl", mode: "markers", x: group.x, y: group.y, hoverinfo: "skip", visible: this.shown[label],
      marker: { ...look, color: this.colourOf(label), symbol: this.symbolOf(label), line: { width: 0 } },
    }))
    const layout = {
      width: this.outer, height: this.outer, font: { family: font }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
      margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom }, showlegend: false, hovermode: false,
      xaxis: axis(this.data.axes[0], this.view.x), yaxis: axis(this.data.axes[1], this.view.y),
    }
    this.drawnView = this.view
    this.el.points.querySelector(".gl-container")?.removeAttribute("style")
    this.el.plot.classList.remove("gliding")
    this.invalidate()
    return this.Plotly.react(this.el.points, traces, layout, { staticPlot: true, plotGlPixelRatio: window.devicePixelRatio || 1 })
  }

  colourOf(label) {
    return this.data.classes.length ? this.classColours[label % this.classColours.length] : this.theme.accent
  }

  symbolOf(label) {
    return this.data.symbols[Math.floor(label / this.classColours.length) % this.data.symbols.length]
  }

  roleColour(role) {
    return role === "accent" ? this.theme.accent : this.theme.ink
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
    this.paintAbove()
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

  paintAbove() {
    const { above } = this.el
    const ratio = window.devicePixelRatio || 1
    const size = Math.round(this.side * ratio)
    if (above.width !== size) above.width = above.height = size
    const pen = above.getContext("2d")
    pen.setTransform(ratio, 0, 0, ratio, 0, 0)
    pen.clearRect(0, 0, this.side, this.side)
    pen.lineCap = pen.lineJoin = "round"
    const { ink, paper } = this.theme
    const stroke = (colour, width, dash = []) => {
      pen.setLineDash(dash)
      pen.strokeStyle = colour
      pen.lineWidth = width
      pen.stroke()
    }
    const circle = (centre, radius) => {
      pen.beginPath()
      pen.arc(...centre, radius, 0, 2 * Math.PI)
    }
    const ring = (centre, radius, colour) => {
      circle(centre, radius)
      stroke(faded(paper, 0.85), 4)
      stroke(colour, 1.75)
    }
    const dot = (centre, radius, colour) => {
      circle(centre, radius)
      stroke(paper, 3)
      pen.fillStyle = colour
      pen.fill()
    }
    for (const { xy, role, position } of this.data.paths) {
      if (!xy.length) continue
      const places = xy.map(place => this.px(...place))
      pen.beginPath()
      places.forEach(place => pen.lineTo(...place))
      stroke(faded(paper, 0.85), 5.5)
      stroke(this.roleColour(role), 2.5, role === "accent" ? [] : [7, 6])
      dot(places[0], 4.5, this.roleColour(role))
      dot(places.at(-1), 4.5, this.roleColour(role))
      if (places[position]) dot(places[position], 7.5, this.roleColour(role))
    }
    for (const { xy } of this.data.markers) for (const place of xy) ring(this.px(...place), 4.5, ink)
    if (this.hover) ring(this.px(this.hover.zx, this.hover.zy), 7, ink)
  }

  paintTip() {
    const { tip } = this.el
    tip.hidden = !this.hover
    if (!this.hover) return
    tip.textContent = this.hover.text
    const [px, py] = this.px(this.hover.zx, this.hover.zy)
    const toLeft = px > this.side * 0.6 ? "-100%" : "0px"
    const x = MARGIN.left + px + (px > this.side * 0.6 ? -12 : 12)
    tip.style.transform = `translate(${x}px, ${MARGIN.top + Math.max(0, py - 30)}px) translate(${toLeft})`
  }

  // ---- the legend

  fillLegend() {
    const { classes, paths, markers } = this.data
    const sign = JSON.stringify([classes, this.classColours, paths.map(p => [p.name, p.role]), markers.map(m => m.name), this.theme])
    if (sign === this.legendSign) return
    this.legendSign = sign
    const svg = (cls, box, inner) => `<svg class="${cls}" viewBox="${box}" aria-hidden="true">${inner}</svg>`
    const shapes = {
      circle: '<circle r="5"/>', square: '<path d="M-4.5-4.5H4.5V4.5H-4.5Z"/>', diamond: '<path d="M0-6L6 0L0 6L-6 0Z"/>',
      "triangle-up": '<path d="M0-5.5L6 4.5H-6Z"/>',
    }
    const entry = (tag, name, picture) => {
      const element = document.createElement(tag)
      element.innerHTML = picture
      element.append(name)
      return element
    }
    const buttons = classes.map((name, label) => {
      const shape = shapes[this.symbolOf(label)] ?? shapes.circle
      const button = entry("button", name, svg("sign", "-6 -6 12 12", `<g fill="${this.colourOf(label)}">${shape}</g>`))
      button.type = "button"
      button.title = "Click: hide or show. Double click: only this one."
      button.onclick = () => this.show(toggled(this.shown, label))
      button.ondblclick = () => this.show(isolated(this.shown, label))
      button.onkeydown = event => {
        if (event.key !== "Enter" || !event.shiftKey) return
        event.preventDefault()
        this.show(isolated(this.shown, label))
      }
      return button
    })
    const lines = paths.map(({ name, role }) => {
      const dash = role === "accent" ? "" : 'stroke-dasharray="5 4"'
      return entry("span", name, svg("line", "0 -6 22 12", `<path d="M1 0H21" stroke="${this.roleColour(role)}" stroke-width="2.5" ${dash}/>`))
    })
    const rings = markers.map(({ name }) =>
      entry("span", name, svg("sign", "-6 -6 12 12", `<circle r="4.5" fill="none" stroke="${this.theme.ink}" stroke-width="1.75"/>`)))
    this.el.legend.replaceChildren(...buttons, ...lines, ...rings)
    this.markShown()
  }

  markShown() {
    this.el.legend.querySelectorAll("button").forEach((button, label) => button.setAttribute("aria-pressed", this.shown[label]))
  }

  show(shown) {
    this.shown = shown
    this.hover = null
    this.markShown()
    if (this.points) this.Plotly.restyle(this.el.points, { visible: shown })
    this.invalidate()
  }

  // ---- the hand

  listen() {
    const { surface, controls, status } = this.el
    surface.onpointerdown = event => {
      if (event.button !== 0) return
      surface.setPointerCapture(event.pointerId)
      this.fingers.set(event.pointerId, this.placeOf(event))
      if (this.fingers.size === 1) this.pressed = this.placeOf(event)
      else this.pressed = null // two fingers are no click
    }
    surface.onpointermove = event => {
      if (this.fingers.has(event.pointerId)) this.drag(event)
      else if (!this.fingers.size) this.point(this.placeOf(event))
    }
    surface.onpointerup = event => {
      const isClick = this.fingers.delete(event.pointerId) && this.pressed
      if (!this.fingers.size) surface.classList.remove("dragging")
      if (isClick) this.click(...toZ(this.view, this.side, ...this.pressed))
      this.pressed = null
    }
    surface.onpointercancel = event => {
      this.fingers.delete(event.pointerId)
      this.pressed = null
      surface.classList.remove("dragging")
    }
    surface.onpointerleave = () => this.setHover(null)
    surface.onkeydown = event => this.press(event)
    surface.addEventListener("wheel", event => {
      event.preventDefault()
      const amount = event.deltaY * (event.deltaMode ? 30 : 1) * (event.ctrlKey ? 6 : 1) // a trackpad's pinch has ctrlKey
      const place = toZ(this.view, this.side, ...this.placeOf(event))
      this.look(zoomView(this.view, Math.exp(Math.max(-300, Math.min(300, amount)) * 0.0016), ...place))
    }, { passive: false })
    controls.onclick = event => this.control(event.target.closest("button")?.dataset.do)
    status.querySelector("button").onclick = () => window.location.reload()
  }

  placeOf(event) {
    const box = this.el.surface.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  look(view) {
    this.view = view
    this.touched = true
    this.invalidate()
  }

  control(what) {
    if (what === "in") this.look(zoomView(this.view, 1 / ZOOM_STEP))
    else if (what === "out") this.look(zoomView(this.view, ZOOM_STEP))
    else if (what === "all") {
      this.look(fitView(this.points && extentOf(this.points)))
      this.touched = false
    }
  }

  drag(event) {
    const place = this.placeOf(event)
    if (this.pressed && Math.hypot(place[0] - this.pressed[0], place[1] - this.pressed[1]) < DRAG_FROM) return
    this.pressed = null
    this.setHover(null)
    this.el.surface.classList.add("dragging")
    const before = [...this.fingers.values()]
    this.fingers.set(event.pointerId, place)
    this.look(heldView(this.view, this.side, before, [...this.fingers.values()]))
  }

  /** What a pointer there means: the nearest mark, else the nearest point that is shown. */
  point(place) {
    const [zx, zy] = toZ(this.view, this.side, ...place)
    for (const { name, xy } of this.data.markers) {
      const number = xy.findIndex(at => Math.hypot(...this.px(...at).map((v, k) => v - place[k])) < 8)
      if (number >= 0) return this.setHover({ zx: xy[number][0], zy: xy[number][1], text: `${name} ${number + 1}` })
    }
    const i = this.nearest(zx, zy)
    if (i < 0) return this.setHover(null)
    const { x, y, labels, indices } = this.points
    const text = `${labels ? `${this.data.classes[labels[i]]} · ` : ""}#${indices ? indices[i] : i}`
    return this.setHover({ zx: x[i], zy: y[i], text })
  }

  nearest(zx, zy) {
    return nearest(this.grid, zx, zy, (NEAR * 2 * this.view.half) / this.side, label => this.shown[label])
  }

  setHover(hover) {
    if (hover === this.hover || (hover && this.hover && hover.text === this.hover.text)) return
    this.hover = hover
    this.invalidate()
  }

  click(zx, zy) {
    if (!this.data.clickable || this.root.dataset.state === "error") return
    const position = this.nearest(zx, zy)
    this.report({ z: [zx, zy], position: position < 0 ? null : position, points: this.key })
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { clickable, at } = this.data
    const control = { "+": "in", "=": "in", "-": "out", _: "out", 0: "all" }[event.key]
    const movesPin = clickable && at
    const from = movesPin ? (this.pending ?? at) : [this.view.x, this.view.y]
    const to = stepped(from, event.key, this.view, event.shiftKey)
    if (control) this.control(control)
    else if (to && movesPin) this.movePin(to)
    else if (to) this.look({ ...this.view, x: to[0], y: to[1] })
    else if (event.key === "Enter" && clickable) this.click(...from)
    else return
    event.preventDefault()
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
