/* How large the pictures are: whole multiples of their pixels, so that each stays a square. */

const LARGE = 256 // px at most, of the longer side
const SMALL = 112
const ROW = 144 // px at most, of each picture in a row
const LEAST_IN_ROW = 80 // px
const LEAST = 160 // px of the large picture below which it gets the whole width, and the small ones stand beneath it
const BETWEEN = 16 // px, as in view.css

/** Widths in px of the large picture and of the small ones, in a view `room` px wide; `stacked`: the small ones beneath. In a row
    all three are as large as each other. */
export function layoutOf(room, height, width, inRow = false) {
  const side = Math.max(height, width)
  const fitting = (most, wide) => width * Math.max(1, Math.floor(Math.min(most / side, wide / width)))
  if (inRow) {
    const third = (room - BETWEEN - 10) / 3
    const whole = fitting(ROW, third)
    const each = whole < LEAST_IN_ROW ? Math.floor(third) : whole // where there is so little room every pixel of it counts
    return { large: each, small: each, stacked: false }
  }
  const beside = room - BETWEEN - SMALL
  if (beside < LEAST) return { large: fitting(LARGE, room), small: fitting(SMALL, (room - 10) / 2), stacked: true }
  return { large: fitting(LARGE, beside), small: fitting(SMALL, SMALL), stacked: false }
}
