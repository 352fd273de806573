/* What the map needs from the server: plotly.js, once a page, the points, and numbers that colour them. */

const RETRY_WAITS = [300, 900, 2500] // ms: a restarted server holds them again once the page's script has run

let plotlyPromise = null
function loadPlotly(url) {
  plotlyPromise ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => {
      plotlyPromise = null
      script.remove()
      reject(new Error("The drawing library did not arrive."))
    }
    document.head.append(script)
  })
  return plotlyPromise
}

/** The bytes of a file, asked for again where the server does not have it yet. */
async function fetchBytes(url, signal) {
  for (const wait of [...RETRY_WAITS, null]) {
    const response = await fetch(url, { signal }).catch(error => {
      if (signal.aborted) throw error
    })
    if (response?.ok) return response.arrayBuffer()
    if (wait === null) {
      throw new Error(response ? "The server no longer holds the points of this map." : "The server does not answer.")
    }
    await new Promise(resolve => setTimeout(resolve, wait))
    signal.throwIfAborted()
  }
}
