/* Small pictures with two lines of words each. */

class Tiles extends LiveComponent {
  update(data, trigger) {
    this.trigger = trigger
    this.data = data
    this.colours = themeAt(this.root, data.colours).classes
    const list = this.root.querySelector(".list")
    list.setAttribute("aria-label", data.label)
    list.style.setProperty("--size", `${data.size}px`)
    const { content } = this.root.querySelector("template")
    while (list.children.length > data.tiles.length) list.lastElementChild.remove()
    while (list.children.length < data.tiles.length) list.append(content.firstElementChild.cloneNode(true))
    data.tiles.forEach((tile, i) => this.fill(list.children[i], tile))
    if (data.sheet.url === this.url) this.paintAll()
    this.loadSheet(data.sheet, () => this.paintAll())
  }

  fill(button, { row, title, note, label, odd }) {
    button.dataset.row = row
    button.querySelector(".title span").textContent = title
    button.querySelector(".note").textContent = note
    const dot = button.querySelector("i")
    dot.hidden = label < 0
    if (label >= 0) dot.style.background = this.colours[label % this.colours.length]
    button.classList.toggle("odd", odd)
    button.setAttribute("aria-pressed", row === this.data.chosen)
    button.onclick = () => this.trigger("picked", row)
  }

  paintAll() {
    const { sheet, size } = this.data
    const ratio = crispRatio(size, sheet.width)
    ;[...this.root.querySelectorAll("canvas")].forEach((canvas, i) => {
      canvas.width = Math.round(size * ratio)
      canvas.height = Math.round(((size * sheet.height) / sheet.width) * ratio)
      const pen = canvas.getContext("2d")
      pen.imageSmoothingEnabled = false
      drawTile(pen, this.picture, sheet, i, 0, 0, canvas.width, canvas.height)
    })
  }
}

export default mountable(".tiles", Tiles)
