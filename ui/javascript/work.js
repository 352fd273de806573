/* What the server computes while somebody asks for it (ui/layer_work.py). */

const LOST_WAITS = [300, 900, 2500] // ms: a restarted server offers it again once the page's script has run

/** The bytes at `url` once they are computed; `onShare` hears the part that is done, from 0 to 1. */
async function fetchWork(url, signal, onShare = () => {}) {
  const waits = [...LOST_WAITS]
  for (;;) {
    const response = await fetch(url, { signal }).catch(error => {
      if (signal?.aborted) throw error
    })
    if (response?.status === 200) return response.arrayBuffer()
    const isUnderWay = response?.status === 202
    if (isUnderWay) onShare((await response.json()).share)
    else if (response && response.status !== 404) throw new Error(await response.text())
    else if (!waits.length) throw new Error(response ? "The server no longer offers this." : "The server does not answer.")
    if (!isUnderWay) await new Promise(resolve => setTimeout(resolve, waits.shift())) // else the server has waited
    signal?.throwIfAborted()
  }
}
