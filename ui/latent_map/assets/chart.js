/* A map without an inverse, such as t-SNE's: each code has a place on it, and any other place means the code beside it. */

export class Chart {
  /** `codes` is {key, latentDim}: of which codes it is. */
  constructor({ key, latentDim }) {
    this.isChart = true
    this.key = key
    this.D = latentDim
    this.cells = null
    this.last = {} // what was found last: painting asks in each frame
  }

  /** The points, sorted into cells by `buildGrid`, and their codes, float32 row by row, have come. */
  fill(points, cells, buffer) {
    if (buffer.byteLength !== 4 * points.n * this.D) throw new Error("The codes are cut short.")
    this.points = points
    this.codes = new Float32Array(buffer)
    this.cells = cells
    this.last = {}
  }

  codeAt(i) {
    return this.codes.slice(i * this.D, (i + 1) * this.D)
  }

  /** The code of the point nearest to (x, y); null before there are any. */
  lift(x, y) {
    const i = nearest(this.cells, x, y, Infinity)
    return i < 0 ? null : this.codeAt(i)
  }

  /** Where the code nearest to z lies, [x, y]; null before there are any. */
  project(z) {
    if (!this.cells) return null
    if (this.last.z === z) return this.last.xy
    let [best, bestSquare] = [0, Infinity]
    for (let i = 0, at = 0; i < this.points.n; i++, at += this.D) {
      let square = 0
      for (let k = 0; k < this.D && square < bestSquare; k++) square += (this.codes[at + k] - z[k]) ** 2
      if (square < bestSquare) [best, bestSquare] = [i, square]
    }
    this.last = { z, xy: [this.points.x[best], this.points.y[best]] }
    return this.last.xy
  }
}
