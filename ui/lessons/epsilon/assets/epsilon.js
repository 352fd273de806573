/* The plane of epsilon: a hand moves the noise, z = mu + sigma epsilon follows; whatever else moves z moves epsilon. */

const FARTHEST_EPSILON = 3.4 // to the rim of the pad

/** z of an epsilon. */
export const zOf = (epsilon, { mu, sigma }) => epsilon.map((value, i) => mu[i] + sigma[i] * value)

/** Epsilon of a z. */
export const epsilonOf = (z, { mu, sigma }) => mu.map((value, i) => (z[i] - value) / sigma[i])

class EpsilonPad extends LiveComponent {
  constructor(root) {
    super(root)
    this.pad = root.querySelector("svg")
    this.pad.onpointerdown = event => this.grasp(event)
    this.pad.onkeydown = event => this.key(event)
    onMove(this.pad, event => this.held === event.pointerId && this.put(this.under(event)))
    for (const type of ["pointerup", "pointercancel"]) this.pad.addEventListener(type, event => this.release(event))
  }

  draw() {
    this.paint()
    this.root.dataset.state = "ready"
  }

  listen(place) {
    place.bring([{ mu: this.data.mu, sigma: this.data.sigma, role: "accent" }])
    return [place.watch(() => this.invalidate()), this.tells(place), () => place.bring([])]
  }

  grasp(event) {
    event.preventDefault()
    this.pad.focus()
    this.pad.setPointerCapture(event.pointerId)
    this.held = event.pointerId
    this.put(this.under(event))
  }

  release(event) {
    if (this.held !== event.pointerId) return
    this.held = null
    this.settle()
  }

  /** Epsilon under a pointer. */
  under({ clientX, clientY }) {
    const { left, top, width, height } = this.pad.getBoundingClientRect()
    return [7 * ((clientX - left) / width) - 3.5, 3.5 - 7 * ((clientY - top) / height)]
  }

  put(epsilon) {
    const within = epsilon.map(value => Math.max(-FARTHEST_EPSILON, Math.min(FARTHEST_EPSILON, value)))
    this.place.move(zOf(within, this.data))
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (!way && event.key !== "Enter") return
    event.preventDefault()
    const step = event.shiftKey ? 0.02 : 0.1
    const now = epsilonOf(this.place.z, this.data)
    this.put(way ? now.map((value, i) => value + step * way[i]) : [0, 0])
    this.settle()
  }

  paint() {
    const [x, y] = epsilonOf(this.place.z, this.data)
    const dot = this.root.querySelector(".dot")
    dot.setAttribute("cx", x)
    dot.setAttribute("cy", -y)
    const way = this.root.querySelector(".way")
    way.setAttribute("x2", x)
    way.setAttribute("y2", -y)
    const pair = values => `(${[...values].map(value => numberText(value)).join(", ")})`
    this.root.querySelector(".numbers").textContent = `ε = ${pair([x, y])}\nz = ${pair(this.place.z)}`
  }
}

export default mountable(".epsilon", EpsilonPad)
