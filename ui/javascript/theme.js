/* The colours of the page that a component stands on, and those of the classes. */

/** Red, green and blue, 0 to 255, of a CSS colour written #rgb, #rrggbb or rgb(). */
export function rgbOf(colour) {
  const hex = /^#([0-9a-f]{3,8})$/i.exec(colour.trim())?.[1]
  if (!hex) return (colour.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).map(Number)
  const full = hex.length < 6 ? [...hex].map(digit => digit + digit).join("") : hex
  return [0, 2, 4].map(i => parseInt(full.slice(i, i + 2), 16))
}

export const faded = (colour, alpha) => `rgba(${rgbOf(colour).join(",")},${alpha})`

/** Is this the background of a dark theme? */
export function isDark(colour) {
  const [red, green, blue] = rgbOf(colour)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue < 128
}

/** The theme at an element: its colours and font, and `classes`, the ones of `palettes` ({light, dark}) for it. */
function themeAt(element, palettes) {
  const style = getComputedStyle(element)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const paper = read("--st-background-color", "#ffffff")
  return {
    ink: read("--st-text-color", "#222222"),
    paper,
    accent: read("--st-link-color", "#0066cc"), // the accent as it can be read on the page's background
    font: read("--st-font", "sans-serif"),
    classes: palettes[isDark(paper) ? "dark" : "light"],
  }
}
