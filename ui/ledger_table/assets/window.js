/* The arithmetic of a table of which only the rows in sight are drawn. */

const ROW_HEIGHT = 30 // px
const SPLIT_TITLES = ["training", "validation", "test"]

/** The rows in sight, from `first` to before `last`, some more on either side. */
export function rowsInSight(scrolled, height, n, spare = 4) {
  const first = Math.max(0, Math.floor(scrolled / ROW_HEIGHT) - spare)
  return { first: Math.min(first, n), last: Math.min(n, Math.ceil((scrolled + height) / ROW_HEIGHT) + spare) }
}

/** How far to scroll so that row `at` is in sight; null where it is already. */
export function scrolledTo(at, scrolled, height) {
  if (at * ROW_HEIGHT < scrolled) return at * ROW_HEIGHT
  return (at + 1) * ROW_HEIGHT > scrolled + height ? (at + 1) * ROW_HEIGHT - height : null
}

/** "test 12": a row's split and its index there, given how many rows each split has. */
export function imageText(row, counts) {
  let start = 0
  for (let i = 0; i < counts.length; i++) {
    if (row < start + counts[i]) return `${SPLIT_TITLES[i]} ${row - start}`
    start += counts[i]
  }
  return String(row)
}

/** What a click on a head asks for: its column ascending, then descending. */
export const orderAfter = (order, name) => (order === name ? `-${name}` : name)

/** Rows by their values, equal ones by their number: as Python orders them (ui/ledger/looks.py). */
export function sortedRows(rows, values, descending) {
  const way = descending ? -1 : 1
  return rows.slice().sort((a, b) => way * (values[a] - values[b]) || a - b)
}

/** Where Page and arrow keys lead from place `at`, or null for another key. */
export function keyedRow(at, key, n, page) {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -n, End: n }
  return key in steps ? Math.max(0, Math.min(n - 1, at + steps[key])) : null
}
