/* The two scales of a slider. Zero lies in the middle of both. */

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

/** z with every dimension drawn from the prior, or set to 0, but those held. */
export const freed = (z, held, value) => Float32Array.from(z, (old, i) => (held.has(i) ? old : value()))
