/* Decoded images on canvases, pixel by pixel as they are. */

/** RGBA bytes of image `i` of an answer, whose pixels are grey or red, green, blue. */
export function rgbaOf(answer, i = 0) {
  const rgba = new Uint32Array(answer.height * answer.width)
  writePixels(rgba, answer.width, 0, answer, i)
  return new Uint8ClampedArray(rgba.buffer)
}

/** Write image `i` of an answer into a larger picture, `across` pixels wide, its first pixel to the entry `corner`. A pixel
    has four bytes, red in the lowest: all machines with a browser are little-endian. */
function writePixels(rgba, across, corner, { pixels, height, width, channels }, i) {
  let p = i * height * width * channels
  for (let row = 0; row < height; row++) {
    const from = corner + row * across
    if (channels === 1) for (let at = from; at < from + width; at++) rgba[at] = 0xff000000 | (pixels[p++] * 0x010101)
    else {
      for (let at = from; at < from + width; at++, p += 3) {
        rgba[at] = 0xff000000 | (pixels[p + 2] << 16) | (pixels[p + 1] << 8) | pixels[p]
      }
    }
  }
}

/** Write image `i` of an answer to a canvas, which takes its size; how large it looks is the style sheet's business. */
export function paintPixels(canvas, answer, i = 0) {
  const { width, height } = answer
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  canvas.getContext("2d").putImageData(new ImageData(rgbaOf(answer, i), width, height), 0, 0)
}

/** An answer's shape for pictures that Python sends along: {n, height, width, channels, data: base64}. */
export function fromPython({ data, ...shape }) {
  return { ...shape, status: 0, pixels: Uint8Array.from(atob(data), letter => letter.charCodeAt(0)) }
}

/** Pixels of a canvas for each px of the page that it covers, for images `width` pixels wide shown `tile` px wide: they are
    drawn at the next whole multiple and shrunk by the browser, so that all their squares are alike. */
export function crispRatio(tile, width) {
  const screen = (window.devicePixelRatio * tile) / width
  return (Math.max(1, Math.ceil(screen - 0.01)) * width) / tile
}

/** A picture that comes with Python's message, as something a canvas can draw. */
export async function pictureFrom(url) {
  const picture = new Image()
  picture.src = url
  await picture.decode()
  return picture
}

/** Draw image `i` of a sheet (Python's ui/sheet.py) into a rectangle. */
export function drawTile(pen, picture, { columns, height, width }, i, ...rectangle) {
  pen.drawImage(picture, (i % columns) * width, Math.floor(i / columns) * height, width, height, ...rectangle)
}
