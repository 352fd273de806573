/* What has been done in the lessons, kept in this browser: the union of what it remembers and what the page knows. */

const STORED = "latent space explorer: lessons"

/** What is stored, a list of marks; nothing where it is something else, or the browser keeps nothing. */
export function stored(storage) {
  try {
    const marks = JSON.parse(storage.getItem(STORED))
    return Array.isArray(marks) ? marks.filter(mark => typeof mark === "string") : []
  } catch {
    return []
  }
}

/** Store what the page knows beside what is stored; gives all of it, and whether the page did not know some. */
export function merge(storage, known, forgets) {
  const all = [...new Set([...(forgets ? [] : stored(storage)), ...known])].sort()
  try {
    storage.setItem(STORED, JSON.stringify(all))
  } catch {
    // Private windows may refuse: then the progress lasts as long as the page.
  }
  return { all, news: all.length > new Set(known).size }
}

export default function ({ parentElement, data, setTriggerValue }) {
  const memory = (window[Symbol.for("latent space explorer: lessons")] ??= { cleared: "" })
  const forgets = data.cleared !== "" && data.cleared !== memory.cleared
  memory.cleared = data.cleared
  const { all, news } = merge(window.localStorage, data.marks, forgets)
  if (news) setTriggerValue("restored", all)
  parentElement.querySelector(".progress").dataset.marks = all.length
}
