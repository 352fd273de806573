/* Mouse, pen, fingers and keys on the map, put as: look there, point there, put or drag the pin, draw an outline. */

const DRAG_FROM = 4 // px that make a press a drag
const TWICE = 350 // ms within which a second click makes a double one
const TWICE_NEAR = 30 // px
const ZOOM_STEP = 1.5

class Hand {
  /** `map` has `view`, `side`, `hover`, `pin`, `selection` and `tools`, and takes `look(view)`, `fit()` and `click(pixel)`. */
  constructor(map, surface, controls) {
    this.map = map
    this.surface = surface
    this.fingers = new Map() // pointer id -> [px, py]
    this.doing = null // what the press at hand means: "press" (may become a click), "look", "pin" or "draw"
    this.last = null // {time, place} of the last click
    surface.onpointerdown = event => this.down(event)
    onMove(surface, event => this.move(event))
    surface.onpointerup = event => this.up(event)
    surface.onpointercancel = event => this.up(event, true)
    surface.onpointerleave = () => this.leave()
    surface.onkeydown = event => this.key(event)
    surface.onkeyup = () => surface.classList.add("keyed") // also of the Tab that came here
    surface.addEventListener("wheel", event => this.wheel(event), { passive: false })
    controls.onclick = event => this.control(event.target.closest("button")?.dataset.do)
  }

  placeOf(event) {
    const box = this.surface.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }

  down(event) {
    if (event.button !== 0) return
    const { map } = this
    const place = this.placeOf(event)
    this.surface.setPointerCapture(event.pointerId)
    this.surface.classList.remove("keyed")
    this.fingers.set(event.pointerId, place)
    if (this.fingers.size > 1) {
      this.stop()
      this.doing = "look"
    } else {
      this.from = place
      this.doing = map.tools.mode === "move" ? (map.pin.isAt(place, event.pointerType) ? "pin" : "press") : "draw"
      if (this.doing === "draw") map.selection.begin(map.tools.mode, place)
      if (this.doing === "pin") map.pin.hold(place)
      this.moved = false
    }
    this.showCursor(place)
  }

  move(event) {
    const { map } = this
    const place = this.placeOf(event)
    map.pointer = place
    if (!this.fingers.has(event.pointerId)) {
      if (this.fingers.size) return
      map.hover.at(place)
      return this.showCursor(place)
    }
    this.moved ||= Math.hypot(place[0] - this.from[0], place[1] - this.from[1]) >= DRAG_FROM
    if (!this.moved && this.doing !== "look") return
    if (this.doing === "press") this.doing = "look"
    map.hover.set(null)
    const before = [...this.fingers.values()]
    this.fingers.set(event.pointerId, place)
    if (this.doing === "look") map.look(heldView(map.view, map.side, before, [...this.fingers.values()]))
    else if (this.doing === "pin") map.pin.drag(place)
    else map.selection.extend(place)
    this.showCursor(place)
  }

  up(event, isCancelled = false) {
    if (!this.fingers.delete(event.pointerId) || this.fingers.size) return
    const { map, doing } = this
    const isClick = !isCancelled && !this.moved && doing !== "look"
    if (isCancelled || isClick) this.stop(isClick && doing === "draw")
    else if (doing === "pin") map.pin.release()
    else if (doing === "draw") map.selection.end()
    this.doing = null
    const place = this.placeOf(event)
    if (isClick && doing !== "draw") this.click(this.from)
    // The view or the pointer has moved on since the last preview; after a finger nothing points any more, and it leaves.
    else if (doing !== "pin" && event.pointerType !== "touch") map.hover.at(place)
    this.showCursor(place)
  }

  /** Leave what a press began; with `isNothing` it was a drag of no length, which takes the group away. */
  stop(isNothing = false) {
    const { pin, selection } = this.map
    if (this.doing === "pin" && this.moved) pin.release()
    if (this.doing === "draw") isNothing ? selection.end() : selection.cancel()
  }

  click(place) {
    const now = performance.now()
    const { last } = this
    const isNear = last && Math.hypot(place[0] - last.place[0], place[1] - last.place[1]) < TWICE_NEAR
    const isSecond = isNear && now - last.time < TWICE
    this.last = isSecond ? null : { time: now, place }
    if (isSecond && this.map.pin.isMovable) this.map.pin.remove()
    else this.map.click(place)
  }

  leave() {
    this.map.pointer = null
    this.map.hover.leave()
    this.map.invalidate()
  }

  showCursor(place) {
    const { map, doing } = this
    const isGrabbing = doing === "pin" || (doing === "look" && this.fingers.size > 0)
    const isOverPin = !doing && map.tools.mode === "move" && map.pin.isAt(place)
    this.surface.style.cursor = isGrabbing ? "grabbing" : isOverPin ? "grab" : ""
  }

  wheel(event) {
    event.preventDefault()
    const amount = event.deltaY * (event.deltaMode ? 30 : 1) * (event.ctrlKey ? 6 : 1) // a trackpad's pinch has ctrlKey
    const factor = Math.exp(Math.max(-300, Math.min(300, amount)) * 0.0016)
    this.map.look(zoomView(this.map.view, factor, ...this.map.zAt(this.placeOf(event))))
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
    const pin = map.pin.isMovable ? map.pin.xy : null
    const to = stepped(pin ?? [map.view.x, map.view.y], event.key, map.view, event.shiftKey)
    if (control) this.control(control)
    else if (to && pin) {
      map.pin.move(to)
      map.pin.settle()
    } else if (to) map.look({ ...map.view, x: to[0], y: to[1] })
    else if (event.key === "Enter" && !pin) map.click([map.side / 2, map.side / 2])
    else if (event.key === "Escape") this.escape()
    else if (event.key === "Delete" || event.key === "Backspace") map.pin.remove()
    else return
    event.preventDefault()
  }

  /** One thing less: the outline being drawn, else the group, else the pin. */
  escape() {
    const { selection, pin } = this.map
    if (selection.drawing) {
      selection.cancel()
      this.doing = "look"
    } else if (selection.outline) selection.clear()
    else pin.remove()
  }
}
