/* The points and the axes, which plotly.js draws; how they follow the view. */

const MARGIN = { left: 52, right: 6, top: 6, bottom: 52 } // px around the plot area: 58 both ways, or it is no square
const UP_TITLE = 7 // px from the left edge to the middle of the vertical axis' title
const SLOW = 40 // ms that a redraw may keep the page busy for it to follow the hand
const REST = 120 // ms without a change of view before a slow redraw

class Scatter {
  constructor(map) {
    this.map = map
    this.element = map.el.points
    this.Plotly = null // once it has come
    this.drawn = null // the view that plotly has drawn
    this.cost = 0 // ms that drawing another view kept the page busy
  }

  destroy() {
    clearTimeout(this.timer)
    const canvases = this.element.querySelectorAll(".gl-canvas")
    this.Plotly?.purge(this.element)
    // A page has 16 or so WebGL contexts, a map takes three, and plotly leaves them to the garbage collection.
    canvases.forEach(canvas => canvas.getContext("webgl")?.getExtension("WEBGL_lose_context")?.loseContext())
  }

  /** Hand everything to plotly: for new points, another theme, another size. */
  draw() {
    const { map } = this
    const { view, theme, points, data } = map
    const { ink, font } = theme
    const titleFont = { size: 13, color: faded(ink, 0.75) }
    const axis = (title, centre) => ({
      range: [centre - view.half, centre + view.half],
      zeroline: false, showline: false, gridcolor: faded(ink, 0.08), nticks: 9,
      tickfont: { size: 11, color: faded(ink, 0.6) },
      title: { text: title, standoff: 4, font: titleFont },
    })
    // At the margin's very edge: plotly would set it beside the first ticks, and leave it there when a zoom makes them longer.
    const upTitle = {
      text: data.axes[1], font: titleFont, textangle: -90, showarrow: false,
      xref: "paper", x: 0, xanchor: "center", xshift: UP_TITLE - MARGIN.left, yref: "paper", y: 0.5, yanchor: "middle",
    }
    const look = pointLook(points.n, map.side)
    if (map.tools.state.shapes) look.size = Math.round(15 * look.size) / 10 // else they are all dots
    const colours = map.colouring.groups(points, map.groups.length, theme)
    const traces = map.groups.map((group, label) => ({
      type: "scattergl", mode: "markers", x: group.x, y: group.y, hoverinfo: "skip", visible: map.isShown(label),
      marker: { ...look, color: colours?.[label] ?? map.colourOf(label), symbol: map.symbolOf(label), line: { width: 0 } },
    }))
    const layout = {
      width: map.outer, height: map.outer, font: { family: font }, paper_bgcolor: "transparent", plot_bgcolor: "transparent",
      margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom }, showlegend: false, hovermode: false,
      xaxis: axis(data.axes[0], view.x), yaxis: axis("", view.y), annotations: [upTitle],
    }
    this.rest(view)
    map.invalidate()
    const options = { staticPlot: true, plotGlPixelRatio: window.devicePixelRatio || 1 }
    const drawn = this.Plotly.react(this.element, traces, layout, options)
    this.element.removeAllListeners("plotly_webglcontextlost")
    this.element.once("plotly_webglcontextlost", () => setTimeout(() => this.revive(), REST))
    return drawn
  }

  /** Did plotly find no WebGL to draw the points with? */
  get isBlank() {
    return Boolean(this.element.querySelector(".no-webgl"))
  }

  /** A browser may take WebGL away from a page, after sleep or for too many maps: draw with a new context. */
  revive() {
    if (!this.map.root.isConnected) return
    this.Plotly.purge(this.element)
    this.draw()
  }

  /** Which classes are shown. */
  show(shown) {
    this.Plotly.restyle(this.element, { visible: shown })
  }

  /** Bring the points to where they belong in the present view. */
  follow() {
    if (this.drawn === this.map.view) return
    if (this.cost > SLOW) this.glide()
    else this.redraw()
  }

  /** What plotly draws is, or will be at once, that view: nothing glides. */
  rest(view) {
    clearTimeout(this.timer)
    this.drawn = view
    this.map.el.plot.classList.remove("gliding")
    this.element.querySelector(".gl-container")?.removeAttribute("style")
  }

  /** Have plotly draw the points for the present view, and note how long that kept the page busy. */
  redraw() {
    const { view } = this.map
    this.rest(view)
    const range = centre => [centre - view.half, centre + view.half]
    const start = performance.now()
    this.Plotly.relayout(this.element, { "xaxis.range": range(view.x), "yaxis.range": range(view.y) })
    requestAnimationFrame(() => setTimeout(() => (this.cost = performance.now() - start)))
  }

  /** Without a GPU a redraw of many points takes too long to follow the hand: move what is drawn, redraw when it rests. */
  glide() {
    const { view, side } = this.map
    const { drawn } = this
    const [left, top] = toPixel(view, side, drawn.x - drawn.half, drawn.y + drawn.half)
    const [x0, y0] = toPixel(drawn, side, view.x - view.half, view.y + view.half)
    const [x1, y1] = toPixel(drawn, side, view.x + view.half, view.y - view.half)
    const inset = [MARGIN.top + y0, MARGIN.right + side - x1, MARGIN.bottom + side - y1, MARGIN.left + x0]
    Object.assign(this.element.querySelector(".gl-container").style, {
      transformOrigin: `${MARGIN.left}px ${MARGIN.top}px`,
      transform: `translate(${left}px, ${top}px) scale(${drawn.half / view.half})`,
      clipPath: `inset(${inset.map(value => `${value}px`).join(" ")})`,
    })
    this.map.el.plot.classList.add("gliding")
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.redraw(), REST)
  }
}
