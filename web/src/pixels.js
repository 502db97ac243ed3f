/** The only conversions between levels in [0, 255] (or [0, 65535]) and floats in [-1, 1]. */

const {fround} = Math;

/** Of red, green and blue. */
export const LUMINANCE = Float32Array.of(0.299, 0.587, 0.114);

/** Levels of a kind of samples: 255 or 65535. */
export function highest(samples) {
  return samples.BYTES_PER_ELEMENT === 2 ? 65535 : 255;
}

/** Uint8Array of any length -> Float32Array in [-1, 1]. */
export function toFloat(levels) {
  const half = highest(levels) / 2;
  return Float32Array.from(levels, (level) => fround(fround(level / half) - 1));
}

/** The nearest integer; of two that are as near, the even one. */
export function rounded(value) {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 ? below + 1 : below;
}

/** Luminance in [-1, 1] of a square that a network saw: Float32Array [s * s] of [s * s * 3]. */
export function luminanceOf(seen) {
  const found = new Float32Array(seen.length / 3);
  for (let at = 0; at < found.length; at += 1) {
    found[at] =
      seen[3 * at] * LUMINANCE[0] + seen[3 * at + 1] * LUMINANCE[1] + seen[3 * at + 2] * LUMINANCE[2];
  }
  return found;
}
