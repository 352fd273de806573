/* One tensor, opened: its picture, its histogram, its numbers. */

const NEGATIVE = [213, 94, 0] // vermilion of Okabe and Ito, told from the accent by everyone

/** A number of any size in a few digits. */
export function shortNumber(value) {
  const size = Math.abs(value)
  if (value === 0) return "0"
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(1) : size >= 100 ? value.toFixed(1) : size >= 10 ? value.toFixed(2) : value.toFixed(3)
  return text.replaceAll("-", "−")
}

/** Red, green, blue of a byte of a map: 128 is 0, 255 the largest size upwards, 1 downwards, byte 0 no number at all. */
export function mapColour(byte, paper, positive) {
  if (byte === 0) return paper
  const share = (byte - 128) / 127
  const to = share < 0 ? NEGATIVE : positive
  return paper.map((from, i) => Math.round(from + (to[i] - from) * Math.abs(share) ** 0.7))
}

/** Draw a picture that came from Python, an image or a map of numbers, into a canvas of its own pixels. */
export function paintTensor(canvas, picture, theme) {
  const answer = fromPython(picture)
  if (picture.kind === "image") return paintPixels(canvas, answer)
  const { width, height, pixels } = answer
  const [paper, positive] = [rgbOf(theme.paper), rgbOf(theme.accent)]
  const colours = Array.from({ length: 256 }, (_, byte) => mapColour(byte, paper, positive))
  const rgba = new Uint8ClampedArray(4 * width * height)
  pixels.forEach((byte, i) => rgba.set([...colours[byte], 255], 4 * i))
  Object.assign(canvas, { width, height })
  canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0)
}

/** The bars of a histogram as SVG rectangles in a box of 240 x 96. */
export function barsOf(counts) {
  const most = Math.max(...counts)
  const step = 240 / counts.length
  return counts.map((count, i) => {
    const height = count ? Math.max(1.5, (94 * Math.sqrt(count)) / Math.sqrt(most)) : 0
    return `<rect x="${(i * step).toFixed(2)}" y="${(96 - height).toFixed(2)}" width="${(step - 1).toFixed(2)}" height="${height.toFixed(2)}"/>`
  }).join("")
}
