/** Blocks of 8x8 pixels, and their coefficients, in the integers of libjpeg. */

// Natural place of the coefficients in the order in which they are written.
const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
  21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60,
  61, 54, 47, 55, 62, 63,
];

/** The steps in natural places, times what the transform scales by. */
export function stepsOf(table) {
  const steps = new Int32Array(64);
  table.forEach((step, at) => {
    steps[ZIGZAG[at]] = 8 * step;
  });
  return steps;
}

/** Luminance, and colours as means of the pixels that share them. Beyond the border its pixels are repeated; below,
 * the last rows that share their colours. */
export function fill(planes, {width, height, stride, colors, data}, left, top, across, down) {
  const shared = across * down;
  const shift = Math.log2(shared);
  for (const plane of planes.slice(1)) plane.fill(0);
  const lastShared = Math.floor((height - 1) / down);
  for (let row = 0; row < 8 * down; row += 1) {
    const from = Math.min(top + row, height - 1) * width;
    const group = Math.min(Math.floor((top + row) / down), lastShared);
    const below = Math.min(group * down + (row % down), height - 1) * width - from;
    for (let column = 0; column < 8 * across; column += 1) {
      let pixel = (from + Math.min(left + column, width - 1)) * stride;
      const block = (row >> 3) * across + (column >> 3);
      const place = 64 * block + 8 * (row & 7) + (column & 7);
      if (colors === 1) {
        planes[0][place] = data[pixel] - 128;
        continue;
      }
      let red = data[pixel];
      let green = data[pixel + 1];
      let blue = data[pixel + 2];
      planes[0][place] = ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16) - 128;
      if (below !== 0) {
        pixel += below * stride;
        red = data[pixel];
        green = data[pixel + 1];
        blue = data[pixel + 2];
      }
      const to = 8 * Math.floor(row / down) + Math.floor(column / across);
      planes[1][to] += (-11059 * red - 21709 * green + 32768 * blue + 8421375) >> 16;
      planes[2][to] += (32768 * red - 27439 * green - 5329 * blue + 8421375) >> 16;
    }
  }
  for (const plane of planes.slice(1)) {
    for (let at = 0; at < 64; at += 1) {
      // Halves go up in one column and down in the next.
      const half = shared === 1 ? 0 : (shared >> 2) + (at & 1);
      plane[at] = ((plane[at] + half) >> shift) - 128;
    }
  }
}

/** Loeffler, Ligtenberg and Moschytz's transform of eight numbers, `step` apart, in integers: the results are
 * scaled by 2 ** `even` and, before they are shifted back by `odd` bits, by 2 ** 13. */
function transform(of, at, step, even, odd) {
  const half = 1 << (odd - 1);
  const [p1, p2, p3] = [at + step, at + 2 * step, at + 3 * step];
  const [p4, p5, p6, p7] = [at + 4 * step, at + 5 * step, at + 6 * step, at + 7 * step];
  const sum0 = of[at] + of[p7];
  const sum1 = of[p1] + of[p6];
  const sum2 = of[p2] + of[p5];
  const sum3 = of[p3] + of[p4];
  const less7 = of[at] - of[p7];
  const less6 = of[p1] - of[p6];
  const less5 = of[p2] - of[p5];
  const less4 = of[p3] - of[p4];
  const outer = sum0 + sum3;
  const outerLess = sum0 - sum3;
  const inner = sum1 + sum2;
  const innerLess = sum1 - sum2;
  if (even > 0) {
    of[at] = (outer + inner) << even;
    of[p4] = (outer - inner) << even;
  } else {
    of[at] = (outer + inner + 2) >> 2;
    of[p4] = (outer - inner + 2) >> 2;
  }
  const turned = (innerLess + outerLess) * 4433;
  of[p2] = (turned + outerLess * 6270 + half) >> odd;
  of[p6] = (turned - innerLess * 15137 + half) >> odd;
  const five = (less4 + less6 + less5 + less7) * 9633;
  const one = (less4 + less7) * -7373;
  const two = (less5 + less6) * -20995;
  const three = (less4 + less6) * -16069 + five;
  const four = (less5 + less7) * -3196 + five;
  of[p7] = (less4 * 2446 + one + three + half) >> odd;
  of[p5] = (less5 * 16819 + two + four + half) >> odd;
  of[p3] = (less6 * 25172 + two + three + half) >> odd;
  of[p1] = (less7 * 12299 + one + four + half) >> odd;
}

/** Turns 64 values, which are lost, into levels in the order in which they are written, from `at` on. */
export function quantise(values, steps, levels, at) {
  for (let row = 0; row < 64; row += 8) transform(values, row, 1, 2, 11);
  for (let column = 0; column < 8; column += 1) transform(values, column, 8, 0, 15);
  for (let order = 0; order < 64; order += 1) {
    const place = ZIGZAG[order];
    levels[at + order] = nearest(values[place], steps[place]);
  }
}

/** The nearest multiple; of two that are as near, the one farther from 0. */
function nearest(value, step) {
  const count = Math.floor((Math.abs(value) + (step >> 1)) / step);
  return value < 0 ? -count : count;
}
