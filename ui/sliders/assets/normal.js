/* The standard normal distribution, the prior of each dimension. */

const FAR = 8 // beyond, 1 - Φ is below what can be added to 1

/** Φ(z), by the Taylor series of Marsaglia, Evaluating the Normal Distribution, J. Stat. Software 11 (2004), no. 4:
    Φ(z) = 1/2 + φ(z) (z + z³/3 + z⁵/(3·5) + z⁷/(3·5·7) + …). */
export function normalCdf(z) {
  if (z < -FAR || z > FAR) return z < 0 ? 0 : 1
  let [sum, before, term] = [z, 0, z]
  for (let k = 3; sum !== before; k += 2) {
    before = sum
    term *= (z * z) / k
    sum += term
  }
  return 0.5 + sum * density(z)
}

/** Φ⁻¹(p) for 0 < p < 1: the approximation of Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.2.23,
    good to 4.5e-4, and two steps of Halley's method on Φ(z) - p. */
export function normalQuantile(p) {
  if (p > 0.5) return -normalQuantile(1 - p)
  const t = Math.sqrt(-2 * Math.log(p))
  let z = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  for (let step = 0; step < 2; step++) {
    const newton = (normalCdf(z) - p) / density(z)
    z -= newton / (1 + (newton * z) / 2) // φ'(z) = -z φ(z)
  }
  return z
}

/** A draw from the standard normal distribution, by the method of Box and Muller (1958). */
export function normalDraw(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

const density = z => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)
