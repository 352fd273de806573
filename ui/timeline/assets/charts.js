/* Curves over the epochs with a cursor at the shown one, and bars of KL per dimension. */

const PAD = 5 // px above and below the lines

/** Smallest and largest of some lists of numbers and nulls, never the same; null without any number. */
export function spanOf(lists) {
  const numbers = lists.flat().filter(value => value !== null)
  if (!numbers.length) return null
  const [low, high] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))]
  return low < high ? [low, high] : [low - 1, high + 1]
}

/** What the axis of a panel spans: of a curve that falls or rises steeply at first, not so much that the rest is flat. */
export function calmSpan(lines) {
  const span = spanOf(lines.map(({ values }) => values))
  const late = spanOf(lines.map(({ values }) => values.slice(Math.floor(values.length / 10))))
  if (!span || !late) return span
  const room = 0.6 * (late[1] - late[0])
  return [Math.max(span[0], late[0] - room), Math.min(span[1], late[1] + room)]
}

/** A canvas of its own size on the page, in CSS pixels, wiped: {pen, width, height}; null while it has none. */
function fresh(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas
  if (!width || !height) return null
  const ratio = window.devicePixelRatio || 1
  const sharp = { width: Math.round(width * ratio), height: Math.round(height * ratio) }
  if (canvas.width !== sharp.width || canvas.height !== sharp.height) Object.assign(canvas, sharp)
  const pen = canvas.getContext("2d")
  pen.setTransform(ratio, 0, 0, ratio, 0, 0)
  pen.clearRect(0, 0, width, height)
  return { pen, width, height }
}

/** Where an epoch stands on a panel of that width, and the other way round. */
export const across = (epoch, first, last, width) => PAD + ((epoch - first) / Math.max(1, last - first)) * (width - 2 * PAD)
export const epochUnder = (x, first, last, width) => first + ((x - PAD) / (width - 2 * PAD)) * (last - first)

function paintCurves(canvas, { epochs, lines }, epoch, theme) {
  const room = fresh(canvas)
  const span = calmSpan(lines)
  if (!room || !span) return
  const { pen, width, height } = room
  const [first, last] = [epochs[0], epochs.at(-1)]
  const y = value => Math.max(-height, Math.min(2 * height, height - PAD - ((value - span[0]) / (span[1] - span[0])) * (height - 2 * PAD)))
  const at = across(epoch, first, last, width)
  pen.fillStyle = faded(theme.ink, 0.35)
  pen.fillRect(at - 0.5, 0, 1, height)
  pen.lineJoin = "round"
  for (const { values, colour, name } of lines) {
    pen.strokeStyle = pen.fillStyle = colour
    pen.lineWidth = name === "training" ? 1.5 : 2
    pen.beginPath()
    values.forEach((value, i) => value !== null && pen.lineTo(across(epochs[i], first, last, width), y(value)))
    pen.stroke()
    const value = values[epochs.indexOf(epoch)] ?? null
    if (value === null) continue
    pen.beginPath()
    pen.arc(at, y(value), 3.5, 0, 2 * Math.PI)
    pen.fill()
  }
}

function paintBars(canvas, { names, row, most }, theme) {
  const room = fresh(canvas)
  if (!room || !row) return
  const { pen, width, height } = room
  const foot = height - 15
  const step = Math.min(48, (width - 4) / names.length)
  const left = (width - step * names.length) / 2
  const every = Math.ceil(16 / step) // bars from one name to the next
  pen.font = `10.5px ${theme.font}`
  pen.textAlign = "center"
  row.forEach((value, i) => {
    const rise = Math.max(1, (value / most) * (foot - 14))
    const middle = left + (i + 0.5) * step
    pen.fillStyle = theme.accent
    pen.fillRect(middle - 0.36 * step, foot - rise, 0.72 * step, rise)
    pen.fillStyle = faded(theme.ink, 0.75)
    if (i % every === 0) pen.fillText(names[i], middle, height - 4)
    if (step >= 27) pen.fillText(numberText(value, value < 0.995 ? 2 : 1), middle, foot - rise - 3)
  })
}
