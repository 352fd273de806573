/* The wire format of `/live`, little-endian; its description stands in ui/live.py. */

export const DECODE = 1
export const POINT = 2
export const ENCODE = 3
const EVERY_CLASS = -2 // in the place of a class: each z as all of them
export const SPLITS = ["test", "train", "all"]

const REQUEST_HEADER = 28
const ANSWER_HEADER = 24
const MOST_IMAGES = 4096 // a request, as in ui/live.py
const MOST_BYTES = 2 ** 20 // a request

/** How many images of D dimensions one request may ask for. */
export const mostImages = latentDim => Math.min(MOST_IMAGES, Math.floor((MOST_BYTES - REQUEST_HEADER) / 4 / latentDim))

/** Bytes of a request. `model` is 32 hexadecimal digits; `which` a class (decode, encode) or an index (point), -1 for none;
    `picture` is {height, width, pixels}, and `switches` how it is prepared (encode). */
export function encodeRequest({
  kind = DECODE, lane = 0, split = "test", number = 0, model, which = -1, z = [], picture = null, switches = 0,
}) {
  const buffer = new ArrayBuffer(REQUEST_HEADER + (picture ? 4 + picture.pixels.length : 4 * z.length))
  const view = new DataView(buffer)
  view.setUint8(0, kind)
  view.setUint8(1, lane)
  view.setUint16(2, kind === POINT ? SPLITS.indexOf(split) : switches, true)
  view.setUint32(4, number, true)
  for (let i = 0; i < 16; i++) view.setUint8(8 + i, parseInt(model.slice(2 * i, 2 * i + 2), 16))
  view.setInt32(24, which, true)
  if (picture) {
    view.setUint16(REQUEST_HEADER, picture.height, true)
    view.setUint16(REQUEST_HEADER + 2, picture.width, true)
    new Uint8Array(buffer, REQUEST_HEADER + 4).set(picture.pixels)
  } else new Float32Array(buffer, REQUEST_HEADER).set(z)
  return buffer
}

/** What an answer's bytes say; `pixels` and `text` are views of them, not copies. */
export function decodeAnswer(buffer) {
  const view = new DataView(buffer)
  const answer = {
    number: view.getUint32(0, true), status: view.getUint8(4), channels: view.getUint8(5),
    height: view.getUint16(6, true), width: view.getUint16(8, true), n: view.getUint16(10, true),
    ms: view.getFloat32(12, true), server_ms: view.getFloat32(16, true),
  }
  const nText = view.getUint32(20, true)
  const nPixels = answer.n * answer.height * answer.width * answer.channels
  if (buffer.byteLength !== ANSWER_HEADER + nPixels + nText) throw new Error("An answer is cut short.")
  answer.pixels = new Uint8Array(buffer, ANSWER_HEADER, nPixels)
  answer.text = nText ? new TextDecoder().decode(new Uint8Array(buffer, ANSWER_HEADER + nPixels, nText)) : ""
  return answer
}
