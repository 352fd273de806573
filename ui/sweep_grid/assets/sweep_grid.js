/* Small maps of models, a cell for each combination of two settings; a click opens one. */

const [LEAST_SIDE, MOST_SIDE] = [84, 150] // px of a map
const HEADS = 110 // px that the rows' names may take
const NO_CLASS = 255

/** How large a map is where `columns` of them share `room` px. */
export const sideOf = (room, columns) =>
  Math.max(LEAST_SIDE, Math.min(MOST_SIDE, Math.floor((room - HEADS) / columns) - 16))

/** Points of base64 as [x, y, class], x and y from 0 to 1, the class -1 where there is none. */
export function pointsOf(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0))
  return Array.from({ length: bytes.length / 3 }, (_, i) => {
    const [x, y, label] = bytes.subarray(3 * i, 3 * i + 3)
    return [x / 254, y / 254, label === NO_CLASS ? -1 : label]
  })
}

class SweepGrid extends LiveComponent {
  constructor(root) {
    super(root)
    this.onWidth(() => this.lay())
  }

  update(data, trigger) {
    this.data = data
    this.trigger = trigger
    this.theme = themeAt(this.root, data.colours)
    const head = (scope, title, value) => {
      const th = document.createElement("th")
      th.scope = scope
      th.append(title ? `${title} ` : "", Object.assign(document.createElement("b"), { textContent: value }))
      return th
    }
    const corner = document.createElement("td")
    this.root.querySelector("thead tr").replaceChildren(corner, ...data.columns.map(value => head("col", data.column_title, value)))
    this.keepFocus(() =>
      this.root.querySelector("tbody").replaceChildren(...data.cells.map((cells, i) => {
        const row = document.createElement("tr")
        row.append(head("row", data.row_title, data.rows[i]), ...cells.map((cell, k) => this.cellOf(cell, i, k)))
        return row
      })))
    this.lay()
    this.root.dataset.state = "ready"
  }

  /** The cells are made anew while runs go on: whoever stands on one stays there. */
  keepFocus(change) {
    const buttons = () => [...this.root.querySelectorAll("tbody button")]
    const at = buttons().indexOf(this.root.getRootNode().activeElement)
    change()
    buttons()[at]?.focus({ preventScroll: true })
  }

  cellOf({ name, note, points, best }, i, k) {
    const cell = document.createElement("td")
    const button = this.root.querySelector("template").content.firstElementChild.cloneNode(true)
    const { row_title, rows, column_title, columns } = this.data
    button.disabled = !name
    button.classList.toggle("best", best)
    button.title = name && `Open ${name} in Explore`
    const where = [[row_title, rows[i]], [column_title, columns[k]]].filter(([title]) => title).map(parts => parts.join(" "))
    button.setAttribute("aria-label", [...where, note, best ? "the best" : "", name ? "open in Explore" : ""].filter(Boolean).join(", "))
    button.querySelector(".note").textContent = note
    const none = button.querySelector(".none")
    none.hidden = Boolean(points)
    none.textContent = name ? "no map" : "·"
    const canvas = button.querySelector("canvas")
    canvas.hidden = !points
    canvas.points = points ? pointsOf(points) : []
    button.onclick = () => this.trigger("opened", name)
    cell.append(button)
    return cell
  }

  lay() {
    if (!this.data || !this.root.clientWidth) return
    const side = sideOf(this.root.clientWidth, this.data.columns.length)
    this.root.style.setProperty("--side", `${side}px`)
    for (const canvas of this.root.querySelectorAll("canvas")) this.paintMap(canvas, side)
  }

  paintMap(canvas, side) {
    const ratio = window.devicePixelRatio || 1
    canvas.width = canvas.height = Math.round(side * ratio)
    const pen = canvas.getContext("2d")
    pen.scale(ratio, ratio)
    for (const [x, y, label] of canvas.points) {
      const { classes, ink } = this.theme
      pen.fillStyle = faded(label < 0 ? ink : classes[label % classes.length], 0.7)
      pen.fillRect(x * (side - 2), y * (side - 2), 2, 2)
    }
  }
}

export default mountable(".sweep-grid", SweepGrid)
