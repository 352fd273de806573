/* One dimension or direction: its slider, its typed value, and whether it is held. */

const FAR_OUT = 5 // σ, where the prior has less than one draw in a million

class SliderRow {
  /** `sliders` has the name of the scale that is `chosen`, and takes `put(row, z)`, `settle()`, `hold(own)` and `say(text)`. */
  constructor(sliders, element, { own, along, marks, name, note, meaning, reach, farthest, quantiles }) {
    this.sliders = sliders
    this.axis = along ? directionAxis(along) : dimensionAxis(own)
    this.scales = quantiles ? scalesOfCodes(quantiles) : SCALES
    this.element = element
    this.own = own // the dimension, counted from 0; a direction has none
    this.name = name
    this.ofData = reach
    this.reach = reach
    this.farthest = farthest
    this.z = NaN // the coordinate that is shown
    this.underHand = false
    this.undecided = false // whether a finger drags or scrolls
    this.touched = false // moved since it was grasped
    this.typing = false
    this.canvas = element.querySelector("canvas")
    this.range = element.querySelector(".track input")
    this.field = element.querySelector(".value input")
    this.unit = element.querySelector(".unit")
    this.lock = element.querySelector(".hold")
    element.setAttribute("aria-label", name)
    Object.assign(element.querySelector("b"), { textContent: name, title: along ? name : "" })
    this.marks = (marks ?? []).map(mark => this.mark(mark))
    Object.assign(element.querySelector("small"), { textContent: note, title: meaning })
    this.range.setAttribute("aria-label", name)
    this.field.setAttribute("aria-label", `Value of ${name}`)
    this.lock.setAttribute("aria-label", `Hold ${name}`)
    this.range.oninput = () => this.moved()
    this.range.onchange = () => this.touched && sliders.settle()
    this.range.onpointerdown = event => this.grasp(event)
    this.range.onkeydown = event => this.key(event)
    this.field.oninput = () => (this.typing = true)
    this.field.onchange = () => this.typed()
    this.field.onblur = () => this.stopTyping()
    this.field.onkeydown = event => {
      if (event.key === "Escape") this.stopTyping()
    }
    this.lock.onclick = () => sliders.hold(own)
  }

  get scale() {
    return this.scales[this.sliders.chosen.scale]
  }

  /** A draw from the prior or, where none shapes this dimension, from the codes; and the middle of either. */
  drawn() {
    return this.scales === SCALES ? normalDraw() : this.scales.quantile.z(100 * Math.random())
  }

  get middle() {
    return this.scales === SCALES ? 0 : this.scales.quantile.z(50)
  }

  /** The z of n pictures along the slider. */
  values(n) {
    return stripValues(this.scale, this.reach, n)
  }

  // ---- what the hand does

  /** From here until it is let go the slider is the hand's, whoever else moves z. A finger may have come to scroll the page:
      the browser has put the thumb there, but z waits until the finger moves across or is lifted. */
  grasp({ pointerType, clientX, clientY }) {
    this.underHand = true
    this.undecided = pointerType === "touch"
    this.touched = false
    const watched = { pointermove: null, pointerup: null, pointercancel: null }
    const stop = () => {
      for (const [type, listener] of Object.entries(watched)) window.removeEventListener(type, listener)
      this.underHand = this.undecided = false
      this.z = NaN // somebody else may have moved it meanwhile
      if (this.touched) this.sliders.settle() // there and back is no change to the browser
      this.sliders.invalidate()
    }
    watched.pointermove = event => {
      if (Math.abs(event.clientX - clientX) > Math.abs(event.clientY - clientY)) this.decide()
    }
    watched.pointerup = () => {
      this.decide()
      stop()
    }
    watched.pointercancel = stop
    for (const [type, listener] of Object.entries(watched)) window.addEventListener(type, listener)
  }

  decide() {
    if (!this.undecided) return
    this.undecided = false
    this.moved()
  }

  moved() {
    if (this.undecided) return
    this.touched = true
    this.sliders.put(this, this.scale.z(this.range.valueAsNumber))
  }

  key(event) {
    const { step, fine } = this.scale
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
    if (!way || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    // From z itself, as a key may repeat faster than frames follow.
    const [low, high] = this.scale.range(this.reach)
    const to = this.scale.at(this.axis.read(this.sliders.place.z)) + way * (event.shiftKey ? fine : step)
    this.sliders.put(this, this.scale.z(Math.min(high, Math.max(low, to))))
    this.sliders.settle()
  }

  typed() {
    const { scale } = this
    const z = scale.read(typedNumber(this.field.value), this.farthest)
    this.stopTyping()
    if (z === null) return this.sliders.say(`${this.name} stays where it is: it takes ${scale.allowed(this.farthest)}.`)
    this.sliders.put(this, z)
    this.sliders.settle()
    const isFar = this.scales === SCALES && Math.abs(z) > FAR_OUT
    this.sliders.say(isFar ? `${this.name} is now far outside ${this.sliders.data.words.far}.` : "")
  }

  /** Whatever stands in the field, it shows z again. */
  stopTyping() {
    this.typing = false
    this.z = NaN
    this.sliders.invalidate()
  }

  // ---- what it shows

  /** A tick on the line, where something of interest lies. */
  mark({ at, title }) {
    const tick = document.createElement("s")
    Object.assign(tick, { className: "mark", title })
    this.range.before(tick)
    return { at, tick }
  }

  /** Show z; `anchor` is where the pin stands, on which the slider's length depends: a pointer passing by does not change it. */
  paint(z, anchor, held) {
    this.lock.setAttribute("aria-pressed", String(held))
    const reach = this.underHand ? this.reach : reachOf(this.ofData, anchor)
    if (z === this.z && reach === this.reach) return
    this.z = z
    this.reach = reach
    const { scale } = this
    const text = scale.text(z)
    if (!this.underHand) {
      const [low, high] = scale.range(reach)
      Object.assign(this.range, { min: low, max: high })
      this.range.value = scale.at(z)
    }
    this.range.setAttribute("aria-valuetext", `${text} ${scale.unit}`)
    this.element.style.setProperty("--share", shareOf(scale, reach, z))
    for (const { at, tick } of this.marks) tick.style.setProperty("--at", shareOf(scale, reach, at))
    this.unit.textContent = scale.unit
    if (!this.typing) this.field.value = text
  }
}
