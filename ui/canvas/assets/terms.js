/* The figures beneath the board: how well z explains the image, as the encoder has it and as a gradient finds it. */

const COLUMNS = { elbo: "ELBO", log_likelihood: "log-likelihood", kl: "KL", squared_error: "squared error" }

/** Fill a table with a row for each of [{name, role, elbo, log_likelihood, kl, squared_error}]; columns that no row has go, and
    the squared error where there is an ELBO. */
function fillTerms(table, rows, gap) {
  const has = column => rows.some(row => typeof row[column] === "number")
  const shown = Object.keys(COLUMNS).filter(column => has(column) && !(column === "squared_error" && has("elbo")))
  const cell = (tag, text, name = "") => Object.assign(document.createElement(tag), { textContent: text, className: name })
  const line = cells => {
    const row = document.createElement("tr")
    row.append(...cells)
    return row
  }
  const figure = row => column => cell("td", typeof row[column] === "number" ? numberText(row[column], 2) : "…", column)
  const lines = rows.map(row => line([cell("th", row.name, row.role), ...shown.map(figure(row))]))
  const head = line([cell("th", ""), ...shown.map(column => cell("th", COLUMNS[column]))])
  table.replaceChildren(...(shown.length ? [head, ...lines] : []))
  if (gap !== null && shown.length) table.append(line([cell("th", "Gap"), cell("td", `${numberText(gap, 2)} nats`, "gap")]))
  table.hidden = !shown.length
}
