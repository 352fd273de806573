/* Numbers and data points as text. */

const SPLIT_WORDS = { test: "test image", train: "training image", all: "image" }

/** A number with that many digits after the point, and a true minus sign. */
export function numberText(value, digits = 2) {
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")
}

/** z as "(0.50, −1.00)", of many numbers the first. */
export function zText(z, most = 8) {
  return `(${Array.from(z.subarray(0, most), value => numberText(value)).join(", ")}${z.length > most ? ", …" : ""})`
}

/** Which data point: its class, if it has one, and its number. */
export function pointText({ label, index }, classNames) {
  const name = label === null ? undefined : classNames[label]
  return name === undefined ? `no. ${index}` : `${name} · no. ${index}`
}

/** What the images of a split are called. */
export const splitText = split => SPLIT_WORDS[split] ?? SPLIT_WORDS.all

/** How far apart two z are, in units of z. */
export const distanceOf = (one, other) => Math.hypot(...Array.from(one, (value, i) => value - other[i]))
