/* Mouse, pen, fingers and keys on the map, put as: look there, point there, pick that, move the pin. */

const DRAG_FROM = 4 // px that make a click a drag
const ZOOM_STEP = 1.5

class Hand {
  /** `map` has the present `view` and `side`, and takes `look(view)`, `fit()`, `point(place)`, `leave()`, `click(zx, zy)`. */
  constructor(map, surface, controls) {
    this.map = map
    this.surface = surface
    this.fingers = new Map() // pointer id -> [px, py]
    this.pressed = null // where a press began that may become a click
    surface.onpointerdown = event => this.down(event)
    surface.onpointermove = event => this.move(event)
    surface.onpointerup = event => this.up(event, this.pressed)
    surface.onpointercancel = event => this.up(event, null)
    surface.onpointerleave = () => map.leave()
    surface.onkeydown = event => this.key(event)
    surface.addEventListener("wheel", event => this.wheel(event), { passive: false })
    controls.onclick = event => this.control(event.target.closest("button")?.dataset.do)
  }

  placeOf(event) {
    const box = this.surface.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  zAt(place) {
    return toZ(this.map.view, this.map.side, ...place)
  }

  down(event) {
    if (event.button !== 0) return
    this.surface.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, this.placeOf(event))
    this.pressed = this.fingers.size === 1 ? this.placeOf(event) : null // two fingers are no click
  }

  move(event) {
    const place = this.placeOf(event)
    if (!this.fingers.has(event.pointerId)) {
      if (!this.fingers.size) this.map.point(place)
      return
    }
    if (this.pressed && Math.hypot(place[0] - this.pressed[0], place[1] - this.pressed[1]) < DRAG_FROM) return
    this.pressed = null
    this.map.leave()
    this.surface.classList.add("dragging")
    const before = [...this.fingers.values()]
    this.fingers.set(event.pointerId, place)
    this.map.look(heldView(this.map.view, this.map.side, before, [...this.fingers.values()]))
  }

  up(event, clicked) {
    const wasDown = this.fingers.delete(event.pointerId)
    this.pressed = null
    if (!this.fingers.size) this.surface.classList.remove("dragging")
    if (wasDown && clicked) this.map.click(...this.zAt(clicked))
  }

  wheel(event) {
    event.preventDefault()
    const amount = event.deltaY * (event.deltaMode ? 30 : 1) * (event.ctrlKey ? 6 : 1) // a trackpad's pinch has ctrlKey
    const factor = Math.exp(Math.max(-300, Math.min(300, amount)) * 0.0016)
    this.map.look(zoomView(this.map.view, factor, ...this.zAt(this.placeOf(event))))
  }

  control(what) {
    if (what === "in") this.map.look(zoomView(this.map.view, 1 / ZOOM_STEP))
    else if (what === "out") this.map.look(zoomView(this.map.view, ZOOM_STEP))
    else if (what === "all") this.map.fit()
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { map } = this
    const control = { "+": "in", "=": "in", "-": "out", _: "out", 0: "all" }[event.key]
    const centre = [map.view.x, map.view.y]
    const to = stepped(map.pin ?? centre, event.key, map.view, event.shiftKey)
    if (control) this.control(control)
    else if (to && map.pin) map.movePin(to)
    else if (to) map.look({ ...map.view, x: to[0], y: to[1] })
    else if (event.key === "Enter") map.click(...(map.pin ?? centre))
    else return
    event.preventDefault()
  }
}
