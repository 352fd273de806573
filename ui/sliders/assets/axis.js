/* What a slider moves z along: one of its dimensions, or a direction through all of them. `read` gives the coordinate of z
   there; `write` z with another coordinate; `sameBut` whether two z differ in nothing but that coordinate. */

const ROUNDING = 1e-4 // units of z: two sums that should be equal may differ by less

/** Dimension `own`, counted from 0. */
export const dimensionAxis = own => ({
  read: z => z[own],
  write: (z, value) => Float32Array.from(z, (old, i) => (i === own ? value : old)),
  sameBut: (a, b) => a.length === b.length && a.every((value, i) => i === own || value === b[i]),
})

/** A direction: its unit `vector`, and the `middle` and `spread` of the codes along it, from which and in which it counts. */
export function directionAxis({ vector, middle, spread }) {
  const along = z => vector.reduce((sum, value, i) => sum + value * z[i], 0)
  const moved = (z, by) => Float32Array.from(z, (old, i) => old + by * vector[i])
  return {
    read: z => (along(z) - middle) / spread,
    write: (z, value) => moved(z, middle + spread * value - along(z)),
    sameBut: (a, b) => {
      const there = moved(b, along(a) - along(b))
      return a.length === b.length && a.every((value, i) => Math.abs(value - there[i]) < ROUNDING * (1 + Math.abs(value)))
    },
  }
}
