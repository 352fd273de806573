/* How the films of several paths lie beneath one another, and what is painted of them: a row is a strip of pictures, and beneath
   it the class probabilities as stacked bands. */

const BAND = 9 // px of the probabilities
const BETWEEN = 5 // px to the next row

/** Heights of the rows, px: of one, of its pictures, and of all together. */
export function rowsOf(nRows, pictureHeight, hasBands) {
  const row = Math.round(pictureHeight) + (hasBands ? BAND + 1 : 0) + BETWEEN
  return { row, height: Math.round(pictureHeight), all: nRows * row - BETWEEN }
}

/** Paint a row's pictures, those of `indices`, its upper edge at `top`, in the canvas' own pixels. */
function paintStrip(pen, picture, film, { indices, tile, height, middle }, top, ratio) {
  const [width, rise] = [Math.round(tile * ratio), Math.round(height * ratio)]
  for (const i of indices) drawTile(pen, picture, film, i, Math.round((middle(i) - tile / 2) * ratio), Math.round(top * ratio), width, rise)
}

/** Paint the class probabilities along a path, [[p of class 0, …], …] a step, as bands that fill the height. */
function paintBands(pen, probabilities, colours, middle, top, ratio) {
  const n = probabilities.length
  const below = probabilities.map(() => 0)
  const x = i => middle(i) * ratio
  const y = share => (top + share * BAND) * ratio
  probabilities[0].forEach((_, label) => {
    if (probabilities.every(row => row[label] < 0.005)) return probabilities.forEach((row, i) => (below[i] += row[label]))
    pen.beginPath()
    below.forEach((share, i) => pen.lineTo(x(i), y(share)))
    probabilities.forEach((row, i) => (below[i] += row[label]))
    for (let i = n - 1; i >= 0; i--) pen.lineTo(x(i), y(Math.min(1, below[i])))
    pen.fillStyle = colours[label % colours.length]
    pen.fill()
  })
}

/** Paint on a small canvas what lies between two pictures of a film: one fading into the next. */
function paintBetween(canvas, picture, film, t) {
  const { width, height } = film
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  const pen = canvas.getContext("2d")
  const i = Math.floor(t)
  pen.globalAlpha = 1
  drawTile(pen, picture, film, i, 0, 0, width, height)
  pen.globalAlpha = t - i
  if (t > i) drawTile(pen, picture, film, i + 1, 0, 0, width, height)
}
