/* The arithmetic of a wall of n pictures, near-square. */

const TILE = 128 // px at most, of a picture's width
const GAP = 3 // px between two pictures

/** How the pictures fill `room` px: {columns, tile, pitch, rise, width, height}, in px; pitch and rise from one to the next. */
export function wallOf(room, columns, n, height, width) {
  const tile = Math.min(TILE, (room + GAP) / columns - GAP)
  const tall = (tile * height) / width
  const [pitch, rise] = [tile + GAP, tall + GAP]
  return { columns, n, tile, tall, pitch, rise, width: columns * pitch - GAP, height: Math.ceil(n / columns) * rise - GAP }
}

/** The picture under a pixel, or -1. */
export function tileUnder({ columns, n, pitch, rise }, px, py) {
  const [column, row] = [Math.floor(px / pitch), Math.floor(py / rise)]
  const i = row * columns + column
  return column >= 0 && column < columns && row >= 0 && i < n ? i : -1
}

/** The picture that a key leads to from number `i`; null for keys that mean nothing here. */
export function keyedTile(i, key, columns, n) {
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key]
  if (key === "Home") return 0
  if (key === "End") return n - 1
  if (by === undefined) return null
  return i + by >= 0 && i + by < n ? i + by : i
}
