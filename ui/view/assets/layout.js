/* How large the pictures are: whole multiples of their pixels, so that each stays a square. */

const LARGE = 256 // px at most, of the longer side
const SMALL = 112
const LEAST = 160 // px of the large picture below which it gets the whole width, and the small ones stand beneath it
const BETWEEN = 16 // px, as in view.css

/** Widths in px of the large picture and of the small ones, in a view `room` px wide; `stacked`: the small ones beneath. */
export function layoutOf(room, height, width) {
  const side = Math.max(height, width)
  const fitting = (most, wide) => width * Math.max(1, Math.floor(Math.min(most / side, wide / width)))
  const beside = room - BETWEEN - SMALL
  if (beside < LEAST) return { large: fitting(LARGE, room), small: fitting(SMALL, (room - 10) / 2), stacked: true }
  return { large: fitting(LARGE, beside), small: fitting(SMALL, SMALL), stacked: false }
}
