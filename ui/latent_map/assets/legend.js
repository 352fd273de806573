/* The legend: classes, which a click hides or shows and a double click isolates, then paths and marks. */

const SHAPES = {
  circle: '<circle r="5"/>', square: '<path d="M-4.5-4.5H4.5V4.5H-4.5Z"/>',
  diamond: '<path d="M0-6L6 0L0 6L-6 0Z"/>', "triangle-up": '<path d="M0-5.5L6 4.5H-6Z"/>',
}

class Legend {
  /** `onChange` is called with an array, by class, of which are shown. */
  constructor(element, onChange) {
    this.element = element
    this.onChange = onChange
    this.shown = []
  }

  /** `classes`, `paths` and `markers` are lists of {name, colour, symbol}, {name, role} and {name}. */
  fill(classes, paths, markers, theme) {
    const names = items => items.map(({ name, role }) => ({ name, role }))
    const content = JSON.stringify([classes, names(paths), names(markers), theme])
    if (content === this.content) return // keeps the focus where it is
    this.content = content
    if (this.shown.length !== classes.length) this.shown = classes.map(() => true)
    const buttons = classes.map((item, label) => this.button(item, label))
    const lines = paths.map(({ name, role }) => {
      const dash = role === "accent" ? "" : 'stroke-dasharray="5 4"'
      const line = `<path d="M1 0H21" stroke="${roleColour(role, theme)}" stroke-width="2.5" ${dash}/>`
      return legendEntry("span", name, "line", "0 -6 22 12", line)
    })
    const rings = markers.map(({ name }) => {
      const ring = `<circle r="4.5" fill="none" stroke="${theme.ink}" stroke-width="1.75"/>`
      return legendEntry("span", name, "sign", "-6 -6 12 12", ring)
    })
    this.element.replaceChildren(...buttons, ...lines, ...rings)
    this.mark()
  }

  button({ name, colour, symbol }, label) {
    const shape = `<g fill="${colour}">${SHAPES[symbol] ?? SHAPES.circle}</g>`
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
