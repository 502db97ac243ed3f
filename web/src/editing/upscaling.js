/** From the network's size to the size of the face in the photo: how a residual is enlarged.
 *
 * The photo is the guide: with the slope of the residual by the photo's luminance, the detail that only the
 * photo has is added to the enlarged residual. editing/upscaling.py has the formula and the reason.
 */

// Variance of the luminance, in [-1, 1], below which it says little: grain is no edge.
const EPSILON = 0.02;

/** Keys' cubic convolution (a = -1/2) of a square; antialiased where it makes smaller.
 *
 * @param plane Float32Array [size * size].
 * @param side of the square that is wanted.
 * @returns Float32Array [side * side].
 */
export function bicubic(plane, size, side) {
  const taps = tapsOf(size, side);
  const {count, firsts, weights} = taps;
  const wide = new Float32Array(size * side);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const from = row * size + firsts[column];
      let sum = 0;
      for (let tap = 0; tap < count; tap += 1) sum += plane[from + tap] * weights[column * count + tap];
      wide[row * side + column] = sum;
    }
  }
  const large = new Float32Array(side * side);
  for (let row = 0; row < side; row += 1) {
    const to = row * side;
    for (let tap = 0; tap < count; tap += 1) {
      const weight = weights[row * count + tap];
      if (weight === 0) continue;
      const from = (firsts[row] + tap) * side;
      for (let column = 0; column < side; column += 1) large[to + column] += wide[from + column] * weight;
    }
  }
  return large;
}

/** Which pixels each new one is made of, and how much of each: always `count` from the first on. */
function tapsOf(size, side) {
  const stretch = Math.max(1, size / side);
  const reach = 2 * stretch;
  const count = Math.min(size, Math.ceil(reach) * 2 + 1);
  const firsts = new Int32Array(side);
  const weights = new Float64Array(side * count);
  for (let index = 0; index < side; index += 1) {
    const center = ((index + 0.5) * size) / side;
    const first = Math.min(Math.max(Math.floor(center - reach + 0.5), 0), size - count);
    firsts[index] = first;
    let all = 0;
    for (let tap = 0; tap < count; tap += 1) {
      const weight = keys(Math.abs((first + tap + 0.5 - center) / stretch));
      weights[index * count + tap] = weight;
      all += weight;
    }
    for (let tap = 0; tap < count; tap += 1) weights[index * count + tap] /= all;
  }
  return {count, firsts, weights};
}

function keys(t) {
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/** How a residual goes with the luminance, around each pixel: three Float32Array [size * size].
 *
 * @param residual three Float32Array [size * size].
 * @param luminance Float32Array [size * size] of the face crop in [-1, 1].
 */
export function slopes(residual, luminance, size) {
  const product = (one, other) => one.map((value, at) => value * other[at]);
  const mean = means(luminance, size);
  const squares = means(product(luminance, luminance), size);
  return residual.map((color) => {
    const of = means(color, size);
    const both = means(product(luminance, color), size);
    const ratio = both.map(
      (value, at) => (value - mean[at] * of[at]) / (squares[at] - mean[at] * mean[at] + EPSILON),
    );
    return means(ratio, size);
  });
}

/** Means over 3x3 pixels; those of the border are repeated. */
function means(plane, size) {
  const along = (values, step, place) =>
    values.map((here, at) => {
      const index = place(at);
      const before = index > 0 ? values[at - step] : here;
      const after = index < size - 1 ? values[at + step] : here;
      return (before + here + after) / 3;
    });
  const rows = along(plane, size, (at) => Math.floor(at / size));
  return along(rows, 1, (at) => at % size);
}
