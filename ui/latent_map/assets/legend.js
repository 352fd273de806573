/* The legend: the scale of what colours the points, if it is a number; classes, which a click hides or shows and a double
   click isolates; then paths and marks. */

/** Signs by plotly's names, drawn 12 wide and high around (0, 0). They are as many as share no divisor with the ten colours:
    so colour and sign together are unique for 110 classes. */
export const SHAPES = {
  circle: '<circle r="5"/>', diamond: '<path d="M0-6L6 0L0 6L-6 0Z"/>', "triangle-up": '<path d="M0-5.5L6 4.5H-6Z"/>',
  square: '<path d="M-4.5-4.5H4.5V4.5H-4.5Z"/>', cross: '<path d="M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z"/>',
  x: '<path d="M-6-3L-3-6L0-3L3-6L6-3L3 0L6 3L3 6L0 3L-3 6L-6 3L-3 0Z"/>', "triangle-down": '<path d="M0 5.5L6-4.5H-6Z"/>',
  star: '<path d="M0-6L1.6-1.9L6-1.8L2.5.9L3.7 5.2L0 2.7L-3.7 5.2L-2.5.9L-6-1.8L-1.6-1.9Z"/>',
  hourglass: '<path d="M-5-5.5H5L-5 5.5H5Z"/>', pentagon: '<path d="M0-5.8L5.7-1.7L3.5 5H-3.5L-5.7-1.7Z"/>',
  bowtie: '<path d="M-5.5-5V5L5.5-5V5Z"/>',
}
const SHAPE_NAMES = Object.keys(SHAPES)

class Legend {
  /** `onChange` is called with an array, by class, of which are shown. */
  constructor(element, onChange) {
    this.element = element
    this.onChange = onChange
    this.shown = []
  }

  /** `classes`, `paths` and `markers` are lists of {name, colour, symbol}, {name, role} and again {name, role}; `scale` is null, or the
      number that colours the points, {name, unit, low, high, colours}; `layer` is null, or what lies beneath them, {name, unit, marks,
      colours, hint, trouble}. */
  fill(classes, paths, markers, theme, scale, layer = null) {
    const names = items => items.map(({ name, role, colour }) => ({ name, role, colour }))
    const content = JSON.stringify([classes, names(paths), names(markers), theme, scale, layer])
    if (content === this.content) return // keeps the focus where it is
    this.content = content
    if (this.shown.length !== classes.length) this.shown = classes.map(() => true)
    const buttons = classes.map((item, label) => this.button(item, label))
    const lines = paths.filter(({ name }) => name).map(path => {
      const dash = lineDash(path).map(px => 0.7 * px).join(" ")
      const line = `<path d="M1 0H21" stroke="${lineColour(path, theme)}" stroke-width="2.5" stroke-dasharray="${dash}"/>`
      return legendEntry("span", path.name, "line", "0 -6 22 12", line)
    })
    const rings = markers.map(({ name, role }) => {
      const ring = `<circle r="4.5" fill="none" stroke="${roleColour(role, theme)}" stroke-width="1.75"/>`
      return legendEntry("span", name, "sign", "-6 -6 12 12", ring)
    })
    const scales = [...(layer ? [layerScale(layer)] : []), ...(scale ? [legendScale(scale)] : [])]
    this.element.replaceChildren(...scales, ...buttons, ...lines, ...rings)
    this.mark()
  }

  /** Which part of the layer's fine field is done; null: nothing is under way. */
  tell(share) {
    const refining = this.element.querySelector(".refining")
    if (refining) refining.textContent = share === null ? "" : `refining ${Math.round(100 * share)} %`
  }

  button({ name, colour, symbol }, label) {
    const shape = `<g fill="${colour}">${SHAPES[symbol]}</g>`
    const button = legendEntry("button", name, "sign", "-6 -6 12 12", shape)
    button.type = "button"
    button.title = "Click: hide or show. Double click: only this one."
    button.onclick = () => this.show(toggled(this.shown, label))
    button.ondblclick = () => this.show(isolated(this.shown, label)) // its two clicks have undone each other
    button.onkeydown = event => {
      if (event.key !== "Enter" || !event.shiftKey) return
      event.preventDefault()
      this.show(isolated(this.shown, label))
    }
    return button
  }

  show(shown) {
    this.shown = shown
    this.mark()
    this.onChange(shown)
  }

  mark() {
    this.element.querySelectorAll("button").forEach((button, label) => button.setAttribute("aria-pressed", this.shown[label]))
  }
}

/** An entry with a picture and its name; the name is text, whatever it holds. */
function legendEntry(tag, name, cls, box, picture) {
  const element = document.createElement(tag)
  element.innerHTML = `<svg class="${cls}" viewBox="${box}" aria-hidden="true">${picture}</svg>`
  element.append(name)
  return element
}

const legendPart = (cls, text = "") => Object.assign(document.createElement("span"), { className: cls, textContent: text })

/** The scale of what colours the points. */
function legendScale({ low, high, ...about }) {
  const marks = ticksOf(low, high).map(value => ({ value, share: (value - low) / (high - low) }))
  const hint = "From the 1st to the 99th percentile: beyond, points have the colour of the end; grey ones have no value."
  return scaleBar({ ...about, marks, hint })
}

/** The scale of what lies beneath the points, with room for how much of it is done. */
function layerScale({ trouble, ...about }) {
  const scale = scaleBar(about)
  scale.classList.add("of-layer")
  if (trouble) scale.replaceChildren(legendPart("wrong", trouble))
  else scale.append(legendPart("refining"))
  return scale
}

/** A bar of colours with its ticks, `marks` [{value, share}], and what it measures. */
function scaleBar({ name, unit, marks, colours, hint }) {
  const scale = legendPart("scale")
  scale.title = hint
  const bar = legendPart("bar")
  bar.style.background = `linear-gradient(to right, ${colours.join(", ")})`
  for (const { value, share } of marks) {
    const mark = legendPart("tick", String(value).replace("-", "−"))
    mark.style.left = `${100 * share}%`
    bar.append(mark)
  }
  const title = legendPart("measure", name)
  if (unit) title.append(" ", legendPart("unit", unit))
  scale.append(title, bar)
  return scale
}
