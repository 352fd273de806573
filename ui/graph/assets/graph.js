/* The computation graph of one image: boxes with real numbers, edges between them, one tensor open below. */

class Graph extends LiveComponent {
  constructor(root) {
    super(root)
    this.el = Object.fromEntries(["boxes", "tensor", "stage"].map(name => [name, root.querySelector(`.${name}`)]))
    this.edges = root.querySelector(".stage > svg g")
    this.buttons = new Map()
    this.waiting = null // numbers that wait for the answer to those before them
    this.onWidth(() => this.lay())
  }

  update(data, trigger) {
    this.trigger = trigger
    this.isAsked = false
    const other = this.data?.chosen !== data.chosen || this.data?.boxes.length !== data.boxes.length
    this.data = data
    this.theme = themeAt(this.root, { light: [], dark: [] })
    this.byName = new Map(data.boxes.map(box => [box.name, box]))
    if (this.chosen === undefined || other || !this.byName.has(this.chosen)) this.chosen = data.chosen
    this.fill()
    this.lay()
    this.open()
    this.root.dataset.state = "ready"
    if (this.waiting) this.tell(this.waiting)
  }

  // ---- the boxes

  fill() {
    const old = new Set(this.buttons.keys())
    for (const box of this.data.boxes) {
      old.delete(box.name)
      let button = this.buttons.get(box.name)
      if (!button) {
        button = document.createElement("button")
        button.type = "button"
        button.dataset.box = box.name
        button.onclick = () => this.choose(box.name)
        this.buttons.set(box.name, button)
      }
      this.write(button, box)
      this.el.boxes.append(button) // in the order of the graph, which is that of the Tab key
    }
    for (const name of old) {
      this.buttons.get(name).remove()
      this.buttons.delete(name)
    }
  }

  write(button, box) {
    const focused = this.root.getRootNode().activeElement === button
    button.replaceChildren()
    const add = (tag, name, text) => {
      const made = document.createElement(tag)
      made.className = name
      if (text) made.textContent = text
      button.append(made)
      return made
    }
    button.className = box.part
    add("span", box.symbol ? "symbol" : "layer", box.symbol || layerText(box.what))
    if (box.main) add("span", "main", box.main)
    else if (box.picture) {
      const canvas = add("canvas", "")
      paintTensor(canvas, box.picture, this.theme)
    }
    const layer = box.symbol ? "" : ` ${box.what}`
    add("span", "shape", box.shape.length ? box.shape.join(" × ") : "nats")
    const shape = box.shape.length ? `shape ${box.shape.join(" by ")}` : "in nats"
    button.setAttribute("aria-label", `${box.symbol || box.name}${layer}${box.main ? `: ${box.main}` : ""}, ${shape}`)
    button.title = box.what
    if (focused) button.focus()
  }

  choose(name) {
    this.chosen = name
    this.open()
    this.trigger("opened", name)
  }

  // ---- where they stand

  lay() {
    const room = this.el.stage.clientWidth - 4
    if (!this.data || room <= 0) return
    const { places, height, narrow } = placesOf(this.data.boxes, room)
    this.el.boxes.style.height = `${height}px`
    for (const [name, button] of this.buttons) {
      const { x, y, width, height } = places[name]
      Object.assign(button.style, { left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` })
      button.classList.toggle("row", narrow)
      const canvas = button.querySelector("canvas")
      if (canvas) this.fit(canvas, narrow ? 110 : width - 18, narrow ? height - 12 : height - (this.byName.get(name).symbol ? 50 : 46))
    }
    const made = this.data.boxes.flatMap(box => box.inputs.map(from => ({ from, to: box.name })))
    this.edges.replaceChildren(...made.map(({ from, to }) => {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
      const [one, other] = [from, to].map(name => ({ ...places[name], x: places[name].x + 2, y: places[name].y + 2 }))
      path.setAttribute("d", edgeOf(one, other, narrow, room))
      Object.assign(path.dataset, { from, to })
      return path
    }))
    this.light()
  }

  fit(canvas, width, height) {
    const scale = Math.min(width / canvas.width, height / canvas.height)
    Object.assign(canvas.style, { width: `${Math.max(4, canvas.width * scale)}px`, height: `${Math.max(4, canvas.height * scale)}px` })
  }

  light() {
    for (const [name, button] of this.buttons) button.setAttribute("aria-expanded", name === this.chosen)
    for (const path of this.edges.children) {
      path.classList.toggle("lit", path.dataset.from === this.chosen || path.dataset.to === this.chosen)
    }
  }

  // ---- the open tensor

  open() {
    this.light()
    const box = this.byName.get(this.chosen)
    const find = selector => this.el.tensor.querySelector(selector)
    const isLayer = !box.symbol
    find("h3").textContent = isLayer ? box.name.replace(/^./, letter => letter.toUpperCase()) : box.symbol
    find(".what").textContent = box.what
    const { figures } = box
    const said = box.shape.length
      ? { shape: box.shape.join(" × "), min: shortNumber(figures.min), max: shortNumber(figures.max), mean: shortNumber(figures.mean), sd: shortNumber(figures.sd) }
      : {}
    if (box.part === "bound" && box.shape.length) said.sum = `${shortNumber(figures.sum)} nats`
    find("dl").innerHTML = Object.entries(said).map(([name, text]) => `<div><dt>${name}</dt><dd>${text}</dd></div>`).join("")
    this.showPicture(find(".shown"), box)
    this.showBars(find(".bars"), box)
    this.showTable(find(".listed"), box)
    this.showHand(find(".hand"), box)
    this.showSum(find(".sum"), box)
  }

  showPicture(figure, { picture, symbol, name }) {
    figure.hidden = !picture
    if (!picture) return
    const canvas = figure.querySelector("canvas")
    paintTensor(canvas, picture, this.theme)
    canvas.setAttribute("aria-label", `${symbol || name} as ${picture.kind === "image" ? "an image" : "a map of its numbers"}`)
    this.fit(canvas, Math.min(420, this.root.clientWidth - 40), 190)
    const caption = figure.querySelector("figcaption")
    if (picture.kind === "image") caption.textContent = "0 is black, 1 is white"
    else {
      const limit = shortNumber(picture.limit)
      const ramp = `linear-gradient(90deg, rgb(${NEGATIVE}), ${this.theme.paper}, ${this.theme.accent})`
      caption.innerHTML = `<span>−${limit}</span><span class="scale" style="background:${ramp}"></span><span>${limit}</span>`
    }
  }

  showBars(figure, { histogram }) {
    figure.hidden = !histogram
    if (!histogram) return
    const svg = figure.querySelector("svg")
    svg.innerHTML = barsOf(histogram.counts)
    svg.setAttribute("aria-label", "Histogram of its numbers")
    figure.querySelector("figcaption").innerHTML =
      `<span>${shortNumber(histogram.from)}</span><span>how many numbers (height: square root)</span><span>${shortNumber(histogram.to)}</span>`
  }

  showTable(region, { table, name }) {
    region.hidden = !table
    if (!table) return
    const own = table.columns.indexOf(name)
    const mark = i => (i === own ? ' class="own"' : "")
    const head = table.symbols.map((symbol, i) => `<th scope="col"${mark(i)}>${symbol}</th>`).join("")
    const rows = table.rows.map((row, d) =>
      `<tr><td>${d + 1}</td>${row.map((value, i) => `<td${mark(i)}>${shortNumber(value)}</td>`).join("")}</tr>`)
    region.querySelector("table").innerHTML = `<thead><tr><th scope="col">dim</th>${head}</tr></thead><tbody>${rows.join("")}</tbody>`
  }

  showSum(line, box) {
    const has = box.name === "ELBO"
    line.hidden = !has
    if (!has) return
    const [found, kl] = ["log p(x|z)", "KL"].map(name => this.byName.get(name).main)
    line.textContent = `ELBO = log p(x|z) − KL = ${found} − ${kl} = ${box.main} nats`
  }

  // ---- numbers that a hand moves

  showHand(region, box) {
    const movable = box.name === this.data.moved
    region.hidden = !movable
    if (!movable) return
    const { length } = this.numbers(box)
    if (region.querySelectorAll("input").length !== length) {
      region.replaceChildren(...Array.from({ length }, (_, d) => {
        const input = Object.assign(document.createElement("input"), { type: "range", min: -this.data.reach, max: this.data.reach, step: 0.05 })
        input.id = `moved-${d}`
        input.oninput = () => this.moved(region)
        const label = Object.assign(document.createElement("label"), { htmlFor: input.id, textContent: `${box.symbol}${subscript(d + 1)}` })
        return [label, input, document.createElement("output")]
      }).flat())
    }
    const inputs = [...region.querySelectorAll("input")]
    const isHeld = this.waiting || inputs.includes(this.root.getRootNode().activeElement) && this.isMoving
    this.numbers(box).forEach((value, d) => {
      if (!isHeld) inputs[d].value = value
      inputs[d].nextElementSibling.textContent = numberText(isHeld ? Number(inputs[d].value) : value)
    })
    this.isMoving = false
  }

  numbers(box) {
    const column = box.table.columns.indexOf(box.name)
    return box.table.rows.map(row => row[column])
  }

  moved(region) {
    this.isMoving = true
    const values = [...region.querySelectorAll("input")].map(input => {
      input.nextElementSibling.textContent = numberText(Number(input.value))
      return Number(input.value)
    })
    if (this.isAsked) this.waiting = values
    else this.tell(values)
  }

  tell(values) {
    this.waiting = null
    this.isAsked = true
    this.trigger("moved", values)
  }
}

/** What a layer is, short enough for its box. */
export function layerText(what) {
  const [kind] = what.split(/,| over /)
  return kind.replace("transposed convolution", "transposed conv.")
}

export default mountable(".graph", Graph)
