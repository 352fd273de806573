/* The two scales of a slider. Zero lies in the middle of both, unless the codes' own quantiles make the second one. */

const LAST = 99.9 // percent: a quantile slider leaves out one in a thousand at each end

/** What stands at a slider: `at` of a z, and the z of it; `range(reach)` its ends; `text` what the field shows; `read` the z of
    a typed number, or null; `step` and `fine` how far an arrow key goes, and with Shift. */
export const SCALES = {
  sigma: {
    unit: "σ", step: 0.1, fine: 0.01,
    range: reach => [-reach, reach],
    at: z => z,
    z: at => at,
    text: z => numberText(z),
    read: (at, farthest) => (Math.abs(at) <= farthest ? at : null),
    allowed: farthest => `a number from −${farthest} to ${farthest}`,
  },
  quantile: {
    unit: "%", step: 1, fine: 0.1,
    range: () => [100 - LAST, LAST],
    at: z => 100 * normalCdf(z),
    z: at => normalQuantile(at / 100),
    text: z => (100 * normalCdf(z)).toFixed(1),
    read: at => (at > 0 && at < 100 ? normalQuantile(at / 100) : null),
    allowed: () => "a share between 0 and 100 %",
  },
}

/** The scales of a dimension that no prior shapes: z as it is, and the codes' own `quantiles`, ascending, at equal steps from
    0 to 100 %; between two of them the share grows in proportion. */
export function scalesOfCodes(quantiles) {
  const last = quantiles.length - 1
  const z = at => {
    const step = Math.min(last, Math.max(0, (at / 100) * last))
    const i = Math.min(last - 1, Math.floor(step))
    return quantiles[i] + (step - i) * (quantiles[i + 1] - quantiles[i])
  }
  const at = value => {
    const next = quantiles.findIndex(quantile => quantile > value)
    if (next <= 0) return next ? 100 : 0
    return (100 * (next - 1 + (value - quantiles[next - 1]) / (quantiles[next] - quantiles[next - 1]))) / last
  }
  const read = share => (share > 0 && share < 100 ? z(share) : null)
  return {
    sigma: { ...SCALES.sigma, unit: "" },
    quantile: { ...SCALES.quantile, at, z, text: value => at(value).toFixed(1), read },
  }
}

/** How far a dimension's slider goes in σ: as far as its data, and as z. */
export const reachOf = (ofData, z) => Math.max(ofData, Math.ceil(Math.abs(z)))

/** The z of `n` pictures along a slider, each standing where the thumb stands at that z. */
export function stripValues({ range, z }, reach, n) {
  const [low, high] = range(reach)
  return Array.from({ length: n }, (_, k) => z(low + ((high - low) * (k + 0.5)) / n))
}

/** A share of the slider's length, 0 to 1, for what stands at it. */
export function shareOf({ range, at }, reach, z) {
  const [low, high] = range(reach)
  return Math.min(1, Math.max(0, (at(z) - low) / (high - low)))
}

/** z with every dimension set to its `value`, but those held. */
export const freed = (z, held, value) => Float32Array.from(z, (old, i) => (held.has(i) ? old : value(i)))
