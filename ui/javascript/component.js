/* What the small components that show a place have in common: they subscribe when they come, and stop when they go. */

class LiveComponent {
  constructor(root) {
    this.root = root
    this.undo = []
  }

  /** Take over what Python says; runs again at each rerun and with each theme. `listen` and `draw` are the component's. */
  update(data, trigger) {
    this.data = data
    this.trigger = trigger
    const place = placeOf(data.place)
    const other = place !== this.place
    if (other) this.leave()
    this.place = place
    this.draw(data)
    if (other) this.undo = this.listen(place)
  }

  /** Python hears through this component where a hand has settled; returns how to stop. */
  tells(place) {
    return place.tells(settled => this.trigger("settled", settled))
  }

  settle() {
    this.place.settle()
  }

  /** Load the sheet of pictures that has come with Python's message, unless it is the last one, and have it drawn. */
  async loadSheet({ url }, drawPictures) {
    if (url === this.url) return
    this.url = url
    const picture = await pictureFrom(url)
    if (url !== this.url) return
    this.picture = picture
    drawPictures()
    this.root.dataset.state = "ready"
  }

  leave() {
    for (const stop of this.undo) stop()
    this.undo = []
  }

  destroy() {
    this.leave()
    cancelAnimationFrame(this.frame)
    this.observer?.disconnect()
  }

  /** Have `paint` called in the next frame, once, however often it is asked for. */
  invalidate() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0
      this.paint()
    })
  }

  /** Call `fn` when the root's width changes, and soon for the first time. */
  onWidth(fn) {
    let width = -1
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth === width || !this.root.clientWidth) return
      width = this.root.clientWidth
      fn(width)
    })
    this.observer.observe(this.root)
  }
}

/** A component's default export: one `Component` for each root, which Streamlit keeps through reruns. */
export function mountable(selector, Component) {
  const components = new WeakMap()
  return function ({ parentElement, data, setTriggerValue }) {
    const root = parentElement.querySelector(selector)
    let component = components.get(parentElement)
    if (component?.root !== root) {
      component?.destroy()
      components.set(parentElement, (component = new Component(root)))
    }
    component.update(data, setTriggerValue)
    return () => {
      components.delete(parentElement)
      component.destroy()
    }
  }
}
