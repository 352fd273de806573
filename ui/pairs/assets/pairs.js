/* All pairs of some dimensions as small maps: below the diagonal of a table, all axes in one scale, points coloured by class. */

/** Read the bytes of PairPoints: three uint32 (n, k, has labels), n x k float32 row by row, [labels], little-endian. */
export function readPairs(buffer) {
  const [n, k, hasLabels] = new Uint32Array(buffer, 0, 3)
  if (buffer.byteLength !== 12 + n * (4 * k + (hasLabels ? 1 : 0))) throw new Error("The points are cut short.")
  return { n, k, z: new Float32Array(buffer, 12, n * k), labels: hasLabels ? new Uint8Array(buffer, 12 + 4 * n * k, n) : null }
}

/** RGBA of a square picture of the pair (across, up), `side` pixels wide, from -reach to reach both ways; `dot` pixels a point. */
export function pairPicture({ n, k, z, labels }, across, up, side, reach, dot, colours) {
  const rgba = new Uint32Array(side * side)
  const words = colours.map(([red, green, blue]) => (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0)
  const scale = (side - dot) / (2 * reach)
  for (let i = 0; i < n; i++) {
    const x = Math.floor((z[i * k + across] + reach) * scale)
    const y = Math.floor((reach - z[i * k + up]) * scale)
    if (x < 0 || y < 0 || x + dot > side || y + dot > side) continue
    const word = words[labels ? labels[i] % words.length : 0]
    for (let row = y; row < y + dot; row++) rgba.fill(word, row * side + x, row * side + x + dot)
  }
  return new Uint8ClampedArray(rgba.buffer)
}

class Pairs extends LiveComponent {
  update(data, trigger) {
    this.trigger = trigger
    this.data = data
    this.theme = themeAt(this.root, data.colours)
    if (!this.observer) this.onWidth(() => this.paint())
    this.build()
    if (data.url === this.url) this.paint()
    else this.load()
  }

  async load() {
    const { url } = this.data
    this.url = url
    const points = await fetchWork(url).then(readPairs)
    if (url !== this.url) return
    this.points = points
    this.paint()
    this.root.dataset.state = "ready"
  }

  /** A row for each dimension but the first, a column for each but the last; the names at the left and beneath. */
  build() {
    const { names, label } = this.data
    const said = JSON.stringify(names)
    if (said === this.built) return
    this.built = said
    const grid = this.root.querySelector(".grid")
    grid.setAttribute("aria-label", label)
    const n = names.length - 1
    grid.style.setProperty("--n", n)
    const name = (text, cls, row, column) => {
      const element = Object.assign(document.createElement("span"), { className: `name ${cls}`, textContent: text })
      Object.assign(element.style, { gridRow: row, gridColumn: column })
      return element
    }
    const parts = []
    for (let up = 1; up <= n; up++) {
      parts.push(name(names[up], "up", up, 1))
      for (let across = 0; across < up; across++) parts.push(this.button(across, up))
    }
    for (let across = 0; across < n; across++) parts.push(name(names[across], "across", n + 1, across + 2))
    grid.replaceChildren(...parts)
  }

  button(across, up) {
    const { names } = this.data
    const button = Object.assign(document.createElement("button"), { type: "button" })
    const [one, other] = [names[across], names[up]].map(text => text.split("\n")[0])
    button.title = `${one} across, ${other} up: open on Explore`
    button.setAttribute("aria-label", button.title)
    Object.assign(button.style, { gridRow: up, gridColumn: across + 2 })
    Object.assign(button.dataset, { across, up })
    button.append(document.createElement("canvas"))
    button.onclick = () => this.trigger("picked", [across, up])
    return button
  }

  paint() {
    if (!this.points || !this.theme) return
    const ratio = window.devicePixelRatio || 1
    const colours = (this.data.classes ? this.theme.classes : [this.theme.accent]).map(rgbOf)
    for (const button of this.root.querySelectorAll("button")) {
      const canvas = button.firstElementChild
      const side = Math.max(1, Math.round(canvas.clientWidth * ratio))
      const { across, up } = button.dataset
      const rgba = pairPicture(this.points, Number(across), Number(up), side, this.data.reach, Math.ceil(ratio), colours)
      canvas.width = canvas.height = side
      canvas.getContext("2d").putImageData(new ImageData(rgba, side, side), 0, 0)
    }
  }
}

export default mountable(".pairs", Pairs)
