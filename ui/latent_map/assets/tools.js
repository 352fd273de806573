/* The row of tools above the map: what a drag does, and what is drawn beside the points. Their state lives in the browser:
   no rerun, and every map of this tab has the same. */

const MODES = ["move", "box", "lasso"]
const REMEMBERED = "latent map tools" // key in the tab's storage
const TOOLS = { grid: false, opacity: 0.7, lens: false, atPointer: false, shapes: false }

/** The tools' state from what the tab's storage holds, which may be anything; the opacity lies in [0.1, 1]. */
export function readTools(text) {
  let kept = null
  try {
    kept = JSON.parse(text)
  } catch {
    // not ours, or cut short: start afresh
  }
  const state = { ...TOOLS }
  for (const name of Object.keys(TOOLS)) if (typeof kept?.[name] === typeof TOOLS[name]) state[name] = kept[name]
  state.opacity = Math.max(0.1, Math.min(1, state.opacity || TOOLS.opacity))
  return state
}

/** The state after a tool was used; of lens and picture, both drawn at the pointer, only one is on. */
export function switched(state, name) {
  const next = { ...state, [name]: !state[name] }
  if (name === "lens" && next.lens) next.atPointer = false
  if (name === "atPointer" && next.atPointer) next.lens = false
  return next
}

class Tools {
  /** `onChange(name)` is called with the tool that was used: "mode", "opacity", or one of the switches. */
  constructor(root, onChange) {
    this.root = root
    this.onChange = onChange
    this.mode = "move"
    this.can = {} // which tools this map has
    this.state = readTools(sessionStorage.getItem(REMEMBERED))
    this.element = root.querySelector(".toolbar")
    this.slider = this.element.querySelector("input")
    this.element.onclick = event => this.use(event.target.closest("[data-tool]")?.dataset.tool)
    this.slider.oninput = () => this.set({ ...this.state, opacity: Number(this.slider.value) }, "opacity")
    root.addEventListener("keydown", event => this.key(event))
    this.mark()
  }

  /** Offer what makes sense: a place to decode at, classes to give shapes to, somebody who hears of groups. */
  fit({ decodes, between, classes, groups }) {
    this.can = { move: groups, box: groups, lasso: groups, grid: between, lens: between, atPointer: decodes, shapes: classes }
    if (!groups) this.mode = "move"
    this.mark()
  }

  use(name) {
    if (!this.can[name]) return
    if (!MODES.includes(name)) return this.set(switched(this.state, name), name)
    this.mode = name
    this.mark()
    this.onChange("mode")
  }

  set(state, name) {
    this.state = state
    sessionStorage.setItem(REMEMBERED, JSON.stringify(state))
    this.mark()
    this.onChange(name)
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const button = this.element.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)
    if (!button || !this.can[button.dataset.tool]) return
    event.preventDefault()
    this.use(button.dataset.tool)
  }

  mark() {
    for (const button of this.element.querySelectorAll("[data-tool]")) {
      const { tool } = button.dataset
      button.hidden = !this.can[tool]
      button.setAttribute("aria-pressed", MODES.includes(tool) ? tool === this.mode : this.state[tool])
    }
    for (const group of this.element.querySelectorAll(".tools")) group.hidden = !group.querySelector("button:not([hidden])")
    this.slider.hidden = !(this.can.grid && this.state.grid)
    this.slider.value = this.state.opacity
    this.root.dataset.mode = this.mode
  }
}
