/* Where the boxes of the graph stand, and how its edges run. */

const WIDE = 760 // px of room from which on the graph is a U: the encoder above, the decoder below, the draw at its bend
const GAP = 22
const LOW = { height: 56, gap: 18, gutter: 22 } // of the boxes on a narrow screen

/** A rectangle {x, y, width, height} for each box, by name, and the height of it all. */
export function placesOf(boxes, room) {
  return room >= WIDE ? bent(boxes, room) : stacked(boxes, room)
}

/** Encoder from left to right, decoder back from right to left: x stands above x_hat, and their likelihood between them. */
function bent(boxes, room) {
  const has = name => boxes.some(box => box.name === name)
  const of = part => boxes.filter(box => box.part === part).map(box => box.name)
  const above = [...(has("x") ? ["x"] : []), ...of("encoder")]
  const below = ["x_hat", ...of("decoder").reverse()]
  const n = Math.max(above.length, below.length, 3)
  const at = {} // column and row of each box
  above.forEach((name, i) => (at[name] = [i && i + (n - above.length), 0])) // the layers at the right, by the bend
  below.forEach((name, i) => (at[name] = [i && i + (n - below.length), 3]))
  Object.assign(at, { "log p(x|z)": [0, 1.5], ELBO: [1.5, 1.5], KL: [n - 1, 1.5] })
  if (has("class for z")) Object.assign(at, { class: [1, 0.87], ELBO: [1, 1.65], KL: [n - 1, 1.14], "class for z": [n - 1, 2.14] })
  if (has("mu")) Object.assign(at, { mu: [n, 0], logvar: [n, 1], sigma: [n + 1, 1], epsilon: [n + 1, 2], z: [n + 2, 1.5] })
  else at.z = [n, 1.5]
  if (!has("x")) [...below, "z"].forEach(name => (at[name][1] = 0)) // from z on: one row
  const columns = n + (has("mu") ? 3 : 1)
  const [width, height] = [Math.min(150, (room - (columns - 1) * GAP) / columns), 96]
  const across = (room - width) / (columns - 1)
  const rise = height + GAP
  const places = {}
  for (const { name } of boxes) {
    const [column, row] = at[name]
    const tall = name.startsWith("class") ? 70 : height
    places[name] = { x: column * across, y: row * rise, width, height: tall }
  }
  return { places, height: (has("x") ? 3 * rise : 0) + height, narrow: false }
}

/** One below the other, in pairs where two belong together; edges that pass others run in the margins. */
function stacked(boxes, room) {
  const pairs = { logvar: "mu", epsilon: "sigma", class: "x", "class for z": "z" }
  const { height, gap, gutter } = LOW
  const order = boxes.map(box => box.name)
  const rows = []
  for (const name of order) {
    const beside = rows.find(row => row.length === 1 && row[0] === pairs[name])
    if (beside) beside.push(name)
    else rows.push([name])
  }
  const places = {}
  const inner = room - 2 * gutter
  rows.forEach((row, i) => {
    const width = row.length === 2 ? (inner - gap) / 2 : inner
    row.forEach((name, k) => (places[name] = { x: gutter + k * (width + gap), y: i * (height + gap), width, height }))
  })
  return { places, height: rows.length * (height + gap) - gap, narrow: true }
}

/** The path of an edge between two rectangles, from side to facing side. */
export function edgeOf(from, to, narrow, room) {
  const [a, b] = [middle(from), middle(to)]
  if (narrow) {
    if (Math.abs(a.y - b.y) < 1) return line({ x: a.x < b.x ? from.x + from.width : from.x, y: a.y }, { x: a.x < b.x ? to.x : to.x + to.width, y: b.y })
    if (b.y - a.y < LOW.height + LOW.gap + 2) {
      const x = overlap(from, to)
      return line({ x: x ?? a.x, y: from.y + from.height }, { x: x ?? b.x, y: to.y })
    }
    const left = a.x <= room / 2 + 4
    const start = { x: left ? from.x : from.x + from.width, y: a.y + 8 }
    const end = { x: left ? to.x : to.x + to.width, y: b.y - 8 }
    const way = left ? 4 : room - 4
    return `M${start.x},${start.y} C${way},${start.y} ${way},${start.y} ${way},${start.y + 20} L${way},${end.y - 20} C${way},${end.y} ${way},${end.y} ${end.x},${end.y}`
  }
  const [dx, dy] = [b.x - a.x, b.y - a.y]
  const apart = Math.abs(dx) - (from.width + to.width) / 2 // of their facing sides
  const clear = Math.abs(dy) - (from.height + to.height) / 2
  const isFar = apart > 1.5 * GAP
  if (isFar && clear > 0 && dy > 0 && dx > 0) { // out to the right, and down into the top, as mu to z
    return `M${from.x + from.width},${a.y} C${b.x},${a.y} ${b.x},${a.y} ${b.x},${to.y}`
  }
  if (isFar && clear > 0 && dy > 0) { // down, and out to the left, as z to the decoder
    return `M${a.x},${from.y + from.height} C${a.x},${b.y} ${a.x},${b.y} ${to.x + to.width},${b.y}`
  }
  if (apart > 0 && clear > 0 && dy > 0 && dx < 0) { // by the gap between two columns into the top, as mu to KL
    const [start, end] = [{ x: from.x, y: a.y + 0.3 * from.height }, { x: to.x + to.width - 18, y: to.y }]
    return `M${start.x},${start.y} C${start.x - 17},${start.y} ${end.x},${start.y + 30} ${end.x},${end.y}`
  }
  if (apart > 0) {
    const right = dx > 0
    const start = { x: right ? from.x + from.width : from.x, y: a.y + Math.sign(dy) * Math.min(14, Math.abs(dy) / 3) }
    return curve(start, { x: right ? to.x : to.x + to.width, y: b.y - Math.sign(dy) * Math.min(14, Math.abs(dy) / 3) })
  }
  const down = dy > 0
  return line({ x: a.x, y: down ? from.y + from.height : from.y }, { x: b.x, y: down ? to.y : to.y + to.height })
}

const middle = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 })
const line = (start, end) => `M${start.x},${start.y} L${end.x},${end.y}`
const curve = (start, end) => {
  const pull = (end.x - start.x) / 2
  return `M${start.x},${start.y} C${start.x + pull},${start.y} ${end.x - pull},${end.y} ${end.x},${end.y}`
}

/** An x that lies above both rectangles, if any: an edge between them can then be straight. */
function overlap(one, other) {
  const [low, high] = [Math.max(one.x, other.x), Math.min(one.x + one.width, other.x + other.width)]
  return low < high ? (low + high) / 2 : null
}
