/** Photo: the samples of a photo as its file has them, upright, and how they are seen. */

import {LUMINANCE, highest, rounded} from '../pixels.js';

/** Whole pixels of a photo, [left, right) x [top, bottom). */
export class Box {
  constructor(left, top, right, bottom) {
    Object.assign(this, {left, top, right, bottom});
  }

  get width() {
    return this.right - this.left;
  }

  get height() {
    return this.bottom - this.top;
  }

  get isEmpty() {
    return this.right <= this.left || this.bottom <= this.top;
  }

  /** What both hold. */
  meet(other) {
    return new Box(
      Math.max(this.left, other.left),
      Math.max(this.top, other.top),
      Math.min(this.right, other.right),
      Math.min(this.bottom, other.bottom),
    );
  }

  equals(other) {
    return ['left', 'top', 'right', 'bottom'].every((edge) => this[edge] === other[edge]);
  }

  /** In parts of at most so many rows. */
  *strips(rows) {
    for (let {top} = this; top < this.bottom; top += rows) {
      yield new Box(this.left, top, this.right, Math.min(top + rows, this.bottom));
    }
  }
}

/** A photo.
 *
 * `samples` {width, height, stride, colors, alpha, data}: a Uint8ClampedArray or Uint16Array in which every
 * `stride` begins with `colors` (1 for grey, 3) samples, after which comes alpha where there is `alpha`.
 * `seen` {width, height, stride, data}: sRGB levels, what is transparent laid on white.
 * `orientation`: EXIF's, how the file has the pixels that are upright here.
 */
export class Photo {
  constructor(samples, seen = seenOf(samples), orientation = 1) {
    Object.assign(this, {samples, seen, orientation});
  }

  get width() {
    return this.samples.width;
  }

  get height() {
    return this.samples.height;
  }

  get whole() {
    return new Box(0, 0, this.width, this.height);
  }

  /** Luminance in [-1, 1] of a part as it is seen: Float32Array. */
  luminance(box) {
    const {data, stride, width} = this.seen;
    const found = new Float32Array(box.width * box.height);
    const [red, green, blue] = LUMINANCE;
    let at = 0;
    for (let row = box.top; row < box.bottom; row += 1) {
      let from = (row * width + box.left) * stride;
      for (let column = 0; column < box.width; column += 1, at += 1, from += stride) {
        found[at] = (data[from] * red + data[from + 1] * green + data[from + 2] * blue) / 127.5 - 1;
      }
    }
    return found;
  }

  /** A photo of the same, whose samples may be changed by `add`. */
  copy() {
    const samples = {...this.samples, data: this.samples.data.slice()};
    return new Photo(samples, this.seen, this.orientation);
  }

  /** `clip(x + r)` on the samples of a part, in the photo's own encoding. Grey gets the luminance of the
   * residual, alpha stays.
   *
   * @param box the part.
   * @param residual three Float32Array, in units of pixels in [-1, 1], strength included.
   */
  add(box, residual) {
    const {data, stride, colors, width} = this.samples;
    const most = highest(data);
    const half = most / 2;
    const planes = colors === 1 ? [greyOf(residual)] : residual;
    for (let color = 0; color < colors; color += 1) {
      const plane = planes[color];
      let at = 0;
      for (let row = box.top; row < box.bottom; row += 1) {
        let to = (row * width + box.left) * stride + color;
        for (let column = 0; column < box.width; column += 1, at += 1, to += stride) {
          if (plane[at]) {
            data[to] = Math.min(Math.max(rounded(data[to] + plane[at] * half), 0), most);
          }
        }
      }
    }
  }

  /** Means of so many pixels in each direction, as they are seen: for finding faces. */
  shrunk(factor) {
    if (factor === 1) return this.seen;
    const {data, stride} = this.seen;
    const width = Math.ceil(this.width / factor);
    const height = Math.ceil(this.height / factor);
    const small = new Uint8Array(width * height * 3);
    for (let row = 0; row < height; row += 1) {
      const bottom = Math.min((row + 1) * factor, this.height);
      for (let column = 0; column < width; column += 1) {
        const right = Math.min((column + 1) * factor, this.width);
        let [red, green, blue, count] = [0, 0, 0, 0];
        for (let y = row * factor; y < bottom; y += 1) {
          for (let x = column * factor; x < right; x += 1, count += 1) {
            const from = (y * this.width + x) * stride;
            red += data[from];
            green += data[from + 1];
            blue += data[from + 2];
          }
        }
        const to = 3 * (row * width + column);
        small[to] = Math.floor(red / count + 0.5);
        small[to + 1] = Math.floor(green / count + 0.5);
        small[to + 2] = Math.floor(blue / count + 0.5);
      }
    }
    return {width, height, stride: 3, data: small};
  }
}

function greyOf([red, green, blue]) {
  return red.map(
    (value, at) => value * LUMINANCE[0] + green[at] * LUMINANCE[1] + blue[at] * LUMINANCE[2],
  );
}

/** How samples are seen whose colours are sRGB. */
export function seenOf(samples) {
  const {width, height, stride, colors, alpha, data} = samples;
  if (colors === 3 && !alpha && highest(data) === 255) return {width, height, stride, data};
  const seen = new Uint8Array(width * height * 3);
  const scale = 255 / highest(data);
  for (let pixel = 0, from = 0; pixel < width * height; pixel += 1, from += stride) {
    const share = alpha ? (data[from + colors] * scale) / 255 : 1;
    for (let color = 0; color < 3; color += 1) {
      const level = Math.floor(data[from + (colors === 1 ? 0 : color)] * scale);
      seen[3 * pixel + color] = Math.round(level * share + 255 * (1 - share));
    }
  }
  return {width, height, stride: 3, data: seen};
}

// Of each orientation of EXIF: where the pixel (x, y) of the upright picture lies in the file, whose
// picture is w x h.
const STORED = {
  1: (x, y) => [x, y],
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, w, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, w, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
};

/** The samples of a file turned upright. */
export function upright(samples, orientation) {
  if (orientation === 1) return samples;
  const {width: w, height: h, stride} = samples;
  const [width, height] = orientation > 4 ? [h, w] : [w, h];
  const data = new samples.data.constructor(samples.data.length);
  const placeOf = STORED[orientation];
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [column, row] = placeOf(x, y, w, h);
      const from = (row * w + column) * stride;
      for (let each = 0; each < stride; each += 1, to += 1) data[to] = samples.data[from + each];
    }
  }
  return {...samples, width, height, data};
}

/** The inverse of `upright`. */
export function asStored(samples, orientation) {
  // Turning back is turning as the opposite orientation says; all others undo themselves.
  return upright(samples, {6: 8, 8: 6}[orientation] ?? orientation);
}
