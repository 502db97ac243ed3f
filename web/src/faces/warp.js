/** The one warp: cuts a turned square out of a photo.
 *
 * The photo is halved by means of 2x2 pixels until a pixel of the crop spans less than two of it, and
 * then sampled bilinearly: the same sums and products, in single precision, as faces/warp.py.
 */

const {fround} = Math;

/** Cuts out a face crop; only the part of the photo that it shows is read.
 *
 * @param image {width, height, stride, data}: levels, of which the first three of each `stride` count.
 * @param toCrop from pixels of the photo to fractions of the crop's side.
 * @param size side of the crop in pixels.
 * @returns Uint8Array [size * size * 3], rounded half up.
 */
export function crop(image, toCrop, size) {
  const halvings = halvingsOf(1 / (toCrop.scale * size));
  const span = 2 ** halvings;
  const places = placesOf(toCrop, size, span);
  const x = along(places.x, Math.ceil(image.width / span));
  const y = along(places.y, Math.ceil(image.height / span));
  const out = new Uint8Array(size * size * 3);
  for (let channel = 0; channel < 3; channel += 1) {
    let plane = planeOf(image, channel, x.from * span, y.from * span, x.to * span, y.to * span);
    for (let count = 0; count < halvings; count += 1) plane = halved(plane);
    sample(plane, x, y, out, channel);
  }
  return out;
}

/** How often the photo is halved if a pixel of the crop spans so many of its pixels. */
function halvingsOf(span) {
  let count = 0;
  for (let left = span; left >= 2; left /= 2) count += 1;
  return count;
}

/** Where the centres of the crop's pixels lie, in pixels of the photo scaled down by `span`. */
function placesOf(toCrop, size, span) {
  const back = toCrop.inverse();
  const x = new Float64Array(size * size);
  const y = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1) {
    const down = (row + 0.5) / size;
    for (let column = 0; column < size; column += 1) {
      const across = (column + 0.5) / size;
      const at = row * size + column;
      x[at] = (back.a * across - back.b * down + back.shiftX) / span - 0.5;
      y[at] = (back.b * across + back.a * down + back.shiftY) / span - 0.5;
    }
  }
  return {x, y};
}

/** One coordinate, held inside the photo: which pixels are needed, and places counted from the first. */
function along(places, length) {
  const held = places.map((place) => Math.min(Math.max(place, 0), length - 1));
  const from = Math.floor(held.reduce((least, place) => Math.min(least, place), Infinity));
  const most = Math.floor(held.reduce((largest, place) => Math.max(largest, place), -Infinity));
  return {from, to: Math.min(most + 2, length), places: held.map((place) => place - from), last: length - 1 - from};
}

function planeOf(image, channel, left, top, right, bottom) {
  const width = Math.min(right, image.width) - left;
  const height = Math.min(bottom, image.height) - top;
  const values = new Float32Array(width * height);
  for (let row = 0, at = 0; row < height; row += 1) {
    let from = ((top + row) * image.width + left) * image.stride + channel;
    for (let column = 0; column < width; column += 1, at += 1, from += image.stride) {
      values[at] = image.data[from];
    }
  }
  return {width, height, values};
}

/** Means of 2x2 pixels; the last row or column is repeated if their number is odd. */
function halved(plane) {
  const width = Math.ceil(plane.width / 2);
  const height = Math.ceil(plane.height / 2);
  const values = new Float32Array(width * height);
  for (let row = 0, at = 0; row < height; row += 1) {
    const upper = 2 * row * plane.width;
    const lower = Math.min(2 * row + 1, plane.height - 1) * plane.width;
    for (let column = 0; column < width; column += 1, at += 1) {
      const left = 2 * column;
      const right = Math.min(left + 1, plane.width - 1);
      const {values: of} = plane;
      const first = fround(of[upper + left] + of[lower + left]);
      const second = fround(of[upper + right] + of[lower + right]);
      values[at] = fround(fround(first + second) * 0.25);
    }
  }
  return {width, height, values};
}

/** Samples a plane between four pixels each. */
function sample(plane, x, y, out, channel) {
  const {width, values} = plane;
  for (let at = 0; at < x.places.length; at += 1) {
    const column = Math.floor(x.places[at]);
    const row = Math.floor(y.places[at]);
    const right = fround(x.places[at] - column);
    const down = fround(y.places[at] - row);
    const left = fround(1 - right);
    const first = row * width + column;
    const nextX = column < x.last ? 1 : 0;
    const below = first + (row < y.last ? width : 0);
    const upper = fround(fround(values[first] * left) + fround(values[first + nextX] * right));
    const lower = fround(fround(values[below] * left) + fround(values[below + nextX] * right));
    const value = fround(fround(upper * fround(1 - down)) + fround(lower * down));
    out[3 * at + channel] = fround(value + 0.5);
  }
}
