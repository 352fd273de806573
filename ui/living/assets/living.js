/* The large picture of the first page. Until a hand comes, z wanders along a closed way; map and picture follow it. */

const LAP = 75000 // ms for the whole way: slow enough to see one shape become the next
const BEAT = 33 // ms between two steps
const LONGEST = 300000 // ms: nobody looks any more, and decoding for nobody is waste
const TOUCHES = ["pointermove", "pointerdown", "wheel", "keydown", "focusin"]
const LARGEST = 448 // px
const ON_A_PHONE = 120 // px, beneath the map: so that the doors are in sight
const PHONE = 640 // px of the window, below which columns stand beneath each other

/** z at a share of a closed way, from 0 to 1; beyond, it goes round again. */
export function alongWay(way, share) {
  const at = (((share % 1) + 1) % 1) * (way.length - 1)
  const i = Math.min(way.length - 2, Math.floor(at))
  return Float32Array.from(way[i], (value, k) => value + (at - i) * (way[i + 1][k] - value))
}

class Living extends LiveComponent {
  constructor(root) {
    super(root)
    this.canvas = root.querySelector("canvas")
    this.onWidth(() => this.resize())
  }

  draw({ picture, place }) {
    this.resize()
    if (this.root.dataset.state === "loading" && place) this.show(fromPython(picture))
  }

  resize() {
    if (!this.data) return
    const [, height, width] = this.data.place.image_shape
    const room = Math.min(this.root.clientWidth, window.innerWidth < PHONE ? ON_A_PHONE : LARGEST)
    const scale = Math.max(1, Math.floor(room / Math.max(height, width)))
    this.root.style.setProperty("--side", `${scale * width}px`)
  }

  listen(place) {
    const touch = event => event.composedPath().some(element => element.classList?.contains("surface")) && this.stop()
    for (const type of TOUCHES) document.addEventListener(type, touch, { capture: true, passive: true })
    this.begin()
    return [
      place.onPicture(answer => this.show(answer)),
      () => TOUCHES.forEach(type => document.removeEventListener(type, touch, { capture: true })),
      () => cancelAnimationFrame(this.frame),
    ]
  }

  show(answer) {
    paintPixels(this.canvas, answer)
    this.root.dataset.state = "ready"
  }

  begin() {
    if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return this.stop()
    this.root.dataset.wanders = "yes"
    let [start, last] = [null, -Infinity]
    const step = now => {
      start ??= now
      if (now - start > LONGEST) return this.stop()
      this.frame = requestAnimationFrame(step)
      if (now - last < BEAT || this.place.channel.status === "down") return
      last = now
      this.place.move(alongWay(this.data.way, (now - start) / LAP))
    }
    this.frame = requestAnimationFrame(step)
  }

  /** From now on z is the hand's. */
  stop() {
    if (this.root.dataset.wanders === "no") return
    this.root.dataset.wanders = "no"
    cancelAnimationFrame(this.frame)
    this.place.unpin()
  }
}

export default mountable(".living", Living)
