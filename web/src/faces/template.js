/** Where the five points of an aligned face lie in a face crop, and how a face is brought there. */

import {fit} from './similarity.js';

/** How much each of the five points counts: the nose stands out, and goes aside as the head turns. */
export const WEIGHTS = [2, 2, 0, 1, 1];

/** From pixels of a photo to fractions of the crop's side.
 *
 * @param points five [x, y], such as a face's.
 * @param template the `points` of a bundle's crop.
 */
export function toCrop(points, template) {
  return fit(points, template, WEIGHTS);
}
