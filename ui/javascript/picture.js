/* Decoded images on canvases, pixel by pixel as they are. */

/** RGBA bytes of image `i` of an answer, whose pixels are grey or red, green, blue. */
export function rgbaOf({ pixels, height, width, channels }, i = 0) {
  const size = height * width
  const rgba = new Uint32Array(size) // four bytes a pixel, red in the lowest: all machines with a browser are little-endian
  const start = i * size * channels
  if (channels === 1) for (let p = 0; p < size; p++) rgba[p] = 0xff000000 | (pixels[start + p] * 0x010101)
  else {
    for (let p = 0, at = start; p < size; p++, at += 3) {
      rgba[p] = 0xff000000 | (pixels[at + 2] << 16) | (pixels[at + 1] << 8) | pixels[at]
    }
  }
  return new Uint8ClampedArray(rgba.buffer)
}

/** Write image `i` of an answer to a canvas, which takes its size; how large it looks is the style sheet's business. */
export function paintPixels(canvas, answer, i = 0) {
  const { width, height } = answer
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  canvas.getContext("2d").putImageData(new ImageData(rgbaOf(answer, i), width, height), 0, 0)
}

/** Draw image `i` of an answer into a rectangle of a pen's canvas; pixels stay squares unless `smooth`. */
export function drawImage(pen, scratch, answer, i, x, y, width, height, smooth = false) {
  paintPixels(scratch, answer, i)
  pen.imageSmoothingEnabled = smooth
  pen.drawImage(scratch, x, y, width, height)
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
