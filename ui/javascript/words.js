/* Numbers and data points as text. */

const FEW = 4 // numbers of a z of many dimensions

/** A number with that many digits after the point, and a true minus sign. */
export function numberText(value, digits = 2) {
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")
}

/** z as "z = (0.50, −1.00)"; of many numbers the first few of `order`, by name, and how many there are in all. */
export function zText(z, order, most = 8) {
  if (z.length <= most) return `z = (${Array.from(z, value => numberText(value)).join(", ")})`
  const named = order.slice(0, FEW).map(i => `z${subscript(i + 1)} ${numberText(z[i])}`)
  return `${named.join(", ")}, … (${z.length})`
}

/** A number in digits below the line. */
const subscript = number => String(number).replace(/\d/g, digit => "₀₁₂₃₄₅₆₇₈₉"[digit])

/** A typed number, with comma or point and any minus sign; NaN where it is none. */
export function typedNumber(text) {
  const plain = text.trim().replace("−", "-").replace(",", ".")
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : NaN
}

/** Which data point: its class, if it has one, and its number in its split; `counts` says how many images training, validation and
    test have, which follow one another in this order where they are shown together. */
export function pointText({ label, index, split }, classNames, counts) {
  const name = label === null ? undefined : classNames[label]
  const number = split === "test" || !counts ? `no. ${index}` : numberInSplit(index, counts)
  return name === undefined ? number : `${name} · ${number}`
}

function numberInSplit(index, [nTrain, nValidation]) {
  if (index < nTrain) return `training no. ${index}`
  return index < nTrain + nValidation ? `validation no. ${index - nTrain}` : `test no. ${index - nTrain - nValidation}`
}

/** What an image is called; which split it is of says its number, where there are several. */
export const splitText = split => (split === "test" ? "test image" : "image")

/** How far apart two z are, in units of z. */
export const distanceOf = (one, other) => Math.hypot(...Array.from(one, (value, i) => value - other[i]))
