/* Points coloured by a number: its values, one a point, come as a file of their own, so that another colour costs no
   coordinates. */

/** Marks on a scale from `low` to `high`: at most about `n`, a step of 1, 2 or 5 times a power of ten apart. */
export function ticksOf(low, high, n = 5) {
  const rough = (high - low) / n
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find(factor => factor * power >= rough) ?? 10)
  const ticks = []
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(Number((i * step).toPrecision(12)))
  return ticks
}

/** The colour of each value: of `scale`, a list from low to high, the ends for what lies outside; `none` for no number. */
export function coloursOf(values, { low, high }, scale, none) {
  const step = (scale.length - 1) / (high - low)
  return Array.from(values, value => {
    if (!Number.isFinite(value)) return none
    return scale[Math.max(0, Math.min(scale.length - 1, Math.round((value - low) * step)))]
  })
}

/** Values of the points of each class, in the order that groupByClass gives these; all in one when there are no labels. */
export function valuesByClass(values, labels, nClasses) {
  if (!labels) return [values]
  const groups = Array.from({ length: nClasses }, () => [])
  for (let i = 0; i < values.length; i++) groups[labels[i]].push(values[i])
  return groups
}

const scaleOf = (data, theme) => data.scales[isDark(theme.paper) ? "dark" : "light"]

class Colouring {
  /** `onArrival` is called when the values have come, `onError` with what went wrong. */
  constructor(onArrival, onError) {
    this.onArrival = onArrival
    this.onError = onError
    this.data = null // {key, url, name, unit, low, high, scales} as MapColour.data gives it; null: by class
    this.arrived = null // {data, values}: what colours the points now
  }

  destroy() {
    this.loading?.abort()
  }

  /** Take what Python says. Until the values have come, the points keep the colours that they have. */
  take(data) {
    const isOther = data?.key !== this.data?.key
    this.data = data ?? null
    if (!isOther) return
    this.loading?.abort()
    if (data) return void this.load(data)
    this.arrived = null
    this.onArrival()
  }

  async load(data) {
    const { signal } = (this.loading = new AbortController())
    try {
      const values = new Float32Array(await fetchBytes(data.url, signal))
      signal.throwIfAborted()
      this.arrived = { data, values }
      this.onArrival()
    } catch (error) {
      if (signal.aborted) return
      this.data = null // so that the next rerun tries again
      this.onError(error)
    }
  }

  /** The colours of the points, a list a class, each [red, green, blue, alpha] up to 1, as plotly takes them without
      reading text; null while there are no values, or none for these points. */
  groups({ n, labels }, nClasses, theme) {
    if (this.arrived?.values.length !== n) return null
    const { data, values } = this.arrived
    const parts = (colour, alpha) => [...rgbOf(colour).map(part => part / 255), alpha]
    const scale = scaleOf(data, theme).map(colour => parts(colour, 1))
    return valuesByClass(values, labels, nClasses).map(group => coloursOf(group, data, scale, parts(theme.ink, 0.35)))
  }
}
