/* A slider for each dimension of a place, or for each of some directions. A hand on one moves z at once; whatever else moves
   z, they follow within a frame. */

const NOTED = 5000 // ms that a note stays

class Sliders extends LiveComponent {
  constructor(root) {
    super(root)
    this.list = root.querySelector(".rows")
    this.live = root.querySelector(".live")
    this.dead = root.querySelector(".dead")
    this.note = root.querySelector(".note")
    this.head = root.querySelector(".head")
    this.head.onclick = event => this.press(event.target.closest("button")?.dataset ?? {})
    this.list.onscroll = () => this.cue()
    this.observer = new ResizeObserver(() => this.cue())
    for (const element of [this.list, this.live, this.dead]) this.observer.observe(element)
  }

  draw({ height, words, rows }) {
    if (this.strips && JSON.stringify(rows) !== this.shown) this.fill(this.place)
    this.root.toggleAttribute("data-directions", Boolean(rows.directions))
    this.root.style.maxHeight = height ? `${height}px` : "none"
    for (const button of this.head.querySelectorAll("button")) {
      const { do: what, scale } = button.dataset
      button.title = words[what ?? scale]
      if (scale) button.ariaLabel = words[scale].split(":")[0]
    }
    this.head.querySelector('[data-scale="sigma"]').textContent = words.unit
  }

  listen(place) {
    const chosen = (sharedHere().sliders ??= new Map()) // stays when the page is left and come back to
    const name = `${place.name}${this.data.rows.directions ? " directions" : ""}`
    if (!chosen.has(name)) chosen.set(name, { scale: "sigma", held: new Set() })
    this.chosen = chosen.get(name)
    this.fill(place)
    const { channel } = place
    const show = () => this.root.toggleAttribute("data-down", channel.status === "down")
    show()
    this.root.dataset.state = "ready"
    return [
      place.watch(() => this.invalidate()), this.tells(place), channel.watch(show), () => this.empty(),
      () => clearTimeout(this.noted),
    ]
  }

  /** The rows that Python sends, and their strips. */
  fill(place) {
    this.empty()
    this.shown = JSON.stringify(this.data.rows)
    this.build(this.data.rows)
    this.strips = new Strips(place, this.rows)
    this.choose(this.chosen.scale)
  }

  empty() {
    this.strips?.destroy()
    this.strips = null
  }

  build({ live, dead, unused, generous }) {
    const template = this.root.querySelector("template")
    const into = (parent, rows) => {
      const made = rows.map(row => new SliderRow(this, template.content.firstElementChild.cloneNode(true), row))
      parent.replaceChildren(...made.map(row => row.element))
      return made
    }
    this.rows = [...into(this.live, live), ...into(this.dead.querySelector("div"), dead)]
    this.dead.hidden = !dead.length
    this.dead.open = !live.length
    this.dead.querySelector("summary").textContent = unused
    this.root.toggleAttribute("data-generous", generous)
  }

  // ---- what the hand does

  /** Move along one row's axis, the rest staying where it is shown. */
  put({ axis }, value) {
    this.place.move(axis.write(this.place.z, value))
  }

  hold(own) {
    const { held } = this.chosen
    if (!held.delete(own)) held.add(own)
    this.invalidate()
  }

  press({ do: what, scale }) {
    if (scale) this.choose(scale)
    if (!what) return
    const values = new Map(this.rows.map(row => [row.own, what === "draw" ? row.drawn() : row.middle]))
    this.place.move(freed(this.place.z, this.chosen.held, own => values.get(own)))
    this.settle()
  }

  choose(name) {
    this.chosen.scale = name
    for (const button of this.head.querySelectorAll("[data-scale]")) {
      button.setAttribute("aria-pressed", String(button.dataset.scale === name))
    }
    for (const row of this.rows) row.z = NaN
    this.paint()
    this.strips.forget()
  }

  // ---- what it shows

  paint() {
    const { z, pin } = this.place
    for (const row of this.rows) row.paint(row.axis.read(z), row.axis.read(pin ?? z), this.chosen.held.has(row.own))
    this.strips.want()
  }

  say(text) {
    this.note.textContent = text
    clearTimeout(this.noted)
    this.noted = setTimeout(() => (this.note.textContent = ""), NOTED)
  }

  /** Where the list goes on above or below, its edge fades. */
  cue() {
    const { scrollTop, scrollHeight, clientHeight } = this.list
    this.list.toggleAttribute("data-above", scrollTop > 2)
    this.list.toggleAttribute("data-below", scrollHeight - scrollTop - clientHeight > 2)
  }
}

export default mountable(".sliders", Sliders)
