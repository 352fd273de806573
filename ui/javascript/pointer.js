/* Where a pointer moves to, as soon as the browser knows it. `pointermove` comes with the next frame, just before the page is
   painted, so that an answer to it waits until that is done; `pointerrawupdate` comes at once. Browsers know the latter only
   where the page is secure (https, or this machine), and some not at all: so both are heard. */

const RAW_EVERY = 4 // ms between two early movements that are heard: a mouse may report 8,000 times a second

/** Call `fn(event)` with each new place of a pointer over `element`. */
export function onMove(element, fn) {
  let [last, heard] = ["", -Infinity]
  const hear = event => {
    const place = [event.pointerId, event.clientX, event.clientY, event.buttons].join(" ")
    if (place === last || (event.type === "pointerrawupdate" && event.timeStamp - heard < RAW_EVERY)) return
    last = place
    heard = event.timeStamp
    fn(event)
  }
  element.addEventListener("pointerrawupdate", hear)
  element.addEventListener("pointermove", hear)
  // It may come back to the same place; and the element that it came from has heard of its leaving only now, and may have
  // undone what the early movement did here.
  for (const type of ["pointerenter", "pointerleave"]) element.addEventListener(type, () => (last = ""))
}
