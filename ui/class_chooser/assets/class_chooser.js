/* The class that z is decoded as: a pill for each of a few, a select box of many. */

class ClassChooser extends LiveComponent {
  constructor(root) {
    super(root)
    this.pills = root.querySelector(".pills")
    this.box = root.querySelector(".box")
    this.select = root.querySelector("select")
    this.select.onchange = () => this.place.choose(this.select.selectedIndex)
  }

  draw({ names, colours, pills }) {
    this.colours = themeAt(this.root, colours).classes
    this.pills.hidden = !pills
    this.box.hidden = pills
    const content = JSON.stringify([names, pills])
    if (content !== this.content) pills ? this.fillPills(names) : this.fillBox(names)
    this.content = content // else what there is keeps the focus
    this.paint()
    this.root.dataset.state = "ready"
  }

  listen(place) {
    return [place.watch(() => this.invalidate()), this.tells(place)]
  }

  fillPills(names) {
    const { content } = this.root.querySelector("template")
    const made = names.map((name, label) => {
      const pill = content.firstElementChild.cloneNode(true)
      pill.querySelector("span").textContent = name
      pill.querySelector("input").onchange = () => this.place.choose(label)
      return pill
    })
    this.pills.replaceChildren(...made)
  }

  fillBox(names) {
    this.select.replaceChildren(...names.map(name => new Option(name)))
  }

  colourOf(label) {
    return this.colours[label % this.colours.length]
  }

  paint() {
    const { label } = this.place
    if (!this.box.hidden) {
      this.select.selectedIndex = label
      this.box.style.setProperty("--colour", this.colourOf(label))
    }
    ;[...this.pills.children].forEach((pill, i) => {
      pill.style.setProperty("--colour", this.colourOf(i))
      pill.querySelector("input").checked = i === label
    })
  }
}

export default mountable(".class-chooser", ClassChooser)
