/* The table: a head to order by, and the rows in sight. */

const REST = 200 // ms after the last arrow key before Python is told

const LEAST = { image: 116, class: 56, number: 64 } // px

class LedgerTable extends LiveComponent {
  constructor(root) {
    super(root)
    const names = ["head", "body", "sky", "empty", "sheet"]
    this.el = Object.fromEntries(names.map(name => [name, root.querySelector(`.${name}`)]))
    this.fetched = new Map()
    this.drawn = new Map() // place among the rows shown -> element
    this.el.body.onscroll = () => this.invalidate()
    this.el.body.onclick = event => this.pick(event.target.closest("[data-at]"))
    this.el.body.onkeydown = event => this.key(event)
    this.onWidth(() => this.invalidate())
  }

  update(data, trigger) {
    this.trigger = trigger
    this.data = data
    this.colours = themeAt(this.root, data.colours).classes
    this.show(data)
  }

  /** Fetch what is not here yet; what is shown stays until all is. */
  async show(data) {
    const get = (url, Kind) => {
      if (!this.fetched.has(url)) {
        this.fetched.set(url, fetch(url).then(answer => {
          if (!answer.ok) throw new Error(`The table's values did not come (${answer.status}); reload the page.`)
          return answer.arrayBuffer()
        }).then(bytes => new Kind(bytes)))
      }
      return this.fetched.get(url)
    }
    try {
      const [rows, ...columns] = await Promise.all([
        get(data.rows.url, Uint32Array), ...data.columns.map(({ url }) => get(url, Float32Array)),
      ])
      if (data !== this.data) return
      const used = new Set([data.rows.url, ...data.columns.map(({ url }) => url)])
      for (const url of this.fetched.keys()) if (!used.has(url)) this.fetched.delete(url)
      this.take(rows, columns)
    } catch (problem) {
      this.fetched.clear()
      this.el.empty.textContent = problem.message
      this.el.empty.hidden = false
    }
  }

  take(rows, columns) {
    const { data, el } = this
    const isNew = rows.length !== this.rows?.length || rows.some((row, at) => row !== this.rows[at])
    this.rows = rows
    this.values = columns
    this.chosen = data.row
    el.body.style.maxHeight = `${data.height}px`
    el.sky.style.height = `${rows.length * ROW_HEIGHT}px`
    el.empty.hidden = rows.length > 0
    el.empty.textContent = "No image is like that."
    el.sheet.setAttribute("aria-rowcount", rows.length + 1)
    this.drawHead()
    for (const row of this.drawn.values()) row.remove()
    this.drawn.clear()
    if (isNew) {
      const at = data.row === null ? -1 : rows.indexOf(data.row)
      el.body.scrollTop = at < 0 ? 0 : scrolledTo(at, 0, data.height) ?? 0
    }
    this.paint()
    this.root.dataset.order = data.order
    this.root.dataset.rows = rows.length
    this.root.dataset.state = "ready"
  }

  drawHead() {
    const { columns, order } = this.data
    const least = columns.map(({ kind }) => LEAST[kind])
    this.el.sheet.style.setProperty("--columns", least.map(px => `minmax(${px}px, ${px}fr)`).join(" "))
    this.el.sheet.style.minWidth = `${least.reduce((sum, px) => sum + px, 12)}px`
    const cells = columns.map(({ name, title, help, kind }) => {
      const button = document.createElement("button")
      const way = order === name ? "ascending" : order === `-${name}` ? "descending" : "none"
      button.textContent = `${title}${{ ascending: " ↑", descending: " ↓", none: "" }[way]}`
      button.title = help
      button.dataset.column = name
      button.onclick = () => this.order(name)
      const cell = document.createElement("div")
      cell.setAttribute("role", "columnheader")
      cell.setAttribute("aria-sort", way)
      cell.className = kind
      cell.append(button)
      return cell
    })
    const focused = this.el.head.querySelector(":focus")?.dataset.column
    this.el.head.replaceChildren(...cells)
    if (focused) this.el.head.querySelector(`[data-column="${focused}"]`)?.focus()
  }

  paint() {
    if (!this.rows) return
    const { body, sky } = this.el
    const { first, last } = rowsInSight(body.scrollTop, body.clientHeight || this.data.height, this.rows.length)
    for (const [at, row] of this.drawn) {
      if (at < first || at >= last) {
        row.remove()
        this.drawn.delete(at)
      }
    }
    for (let at = first; at < last; at++) {
      if (!this.drawn.has(at)) {
        const row = this.rowAt(at)
        this.drawn.set(at, row)
        sky.append(row)
      }
    }
    for (const [at, row] of this.drawn) row.setAttribute("aria-selected", this.rows[at] === this.chosen)
  }

  rowAt(at) {
    const number = this.rows[at]
    const row = document.createElement("div")
    row.className = "row"
    row.setAttribute("role", "row")
    row.setAttribute("aria-rowindex", at + 2)
    row.dataset.at = at
    row.dataset.row = number
    row.style.transform = `translateY(${at * ROW_HEIGHT}px)`
    row.append(...this.data.columns.map((column, i) => this.cell(column, this.values[i][number], number)))
    return row
  }

  cell({ kind, digits, name }, value, number) {
    const cell = document.createElement("div")
    cell.setAttribute("role", "gridcell")
    cell.className = kind
    if (kind === "image") cell.textContent = imageText(number, this.data.counts)
    else if (kind === "number") cell.textContent = numberText(value, digits)
    else {
      const dot = document.createElement("i")
      dot.style.background = this.colours[value % this.colours.length]
      const own = this.data.columns.findIndex(column => column.name === "class")
      if (name === "near_class" && own >= 0 && this.values[own][number] !== value) cell.classList.add("odd")
      cell.append(dot, this.data.classNames[value] ?? value)
    }
    return cell
  }

  // ---- what a hand does

  /** At once in the browser, which has the values; the rows that Python sends then are the same, and its wall follows. */
  order(name) {
    const order = orderAfter(this.data.order, name)
    this.trigger("order", order)
    const values = this.values[this.data.columns.findIndex(column => column.name === name)]
    this.data = { ...this.data, order }
    this.take(sortedRows(this.rows, values, order.startsWith("-")), this.values)
  }

  pick(row) {
    if (row) this.choose(Number(row.dataset.at), 0)
  }

  choose(at, rest) {
    this.chosen = this.rows[at]
    const { body } = this.el
    body.scrollTop = scrolledTo(at, body.scrollTop, body.clientHeight) ?? body.scrollTop
    this.paint()
    clearTimeout(this.timer)
    const { chosen } = this
    this.timer = setTimeout(() => this.trigger("picked", chosen), rest)
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.rows?.length) return
    const at = this.rows.indexOf(this.chosen ?? -1)
    const page = Math.max(1, Math.floor(this.el.body.clientHeight / ROW_HEIGHT) - 1)
    const to = keyedRow(at, event.key, this.rows.length, page)
    if (to === null) return
    event.preventDefault()
    this.choose(to, REST)
  }

  destroy() {
    clearTimeout(this.timer)
    super.destroy()
  }
}

export default mountable(".ledger-table", LedgerTable)
