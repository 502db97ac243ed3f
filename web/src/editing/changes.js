/** What the edits of a photo are: looked at once, added at any strength. */

import {FaceCrop} from './face_crop.js';

// Rows of the photo that are floats at a time.
const ROWS = 128;
// Beyond, networks that were trained on faces as people are photographed see what they do not know.
const MOST_TURNED = 45;
const LITTLE = 0.2;

/** What one edit makes of one face.
 *
 * `crop`: where the network saw the face; `size`: the network's; `luminance`: Float32Array [size * size] of
 * what it saw; `residual`: three of them; `needed`: how sure it is that the face still needs the edit, by
 * which the residual is multiplied, or null if it does not say.
 */
export class Change {
  constructor(crop, size, luminance, residual, needed = null) {
    Object.assign(this, {crop, size, luminance, residual, needed});
  }

  /** Whether the network sees so little need that it makes less than a fifth of the edit. */
  get isThereAlready() {
    return this.needed !== null && this.needed < LITTLE;
  }

  /** The edit of a face that has it already, all of it. */
  get always() {
    if (!this.needed) return this;
    return this.#with(this.residual.map((color) => color.map((value) => value / this.needed)));
  }

  /** At a strength. */
  times(strength) {
    return this.#with(this.residual.map((color) => color.map((value) => strength * value)));
  }

  plus({residual}) {
    return this.#with(
      this.residual.map((color, index) => color.map((value, at) => value + residual[index][at])),
    );
  }

  /** In a part of the photo that begins at (left, top), seen `factor` times as small. */
  framed(left, top, factor) {
    const crop = new FaceCrop(this.crop.toUnit.from(left, top).ofSmaller(factor));
    return new Change(crop, this.size, this.luminance, this.residual, this.needed);
  }

  #with(residual) {
    return new Change(this.crop, this.size, this.luminance, residual, this.needed);
  }
}

/** A sentence without a subject if the head is turned so far that an edit may not fit; or null. */
export function warningOf({turn}) {
  const turned = Math.max(Math.abs(turn.yaw), Math.abs(turn.pitch));
  if (turned <= MOST_TURNED) return null;
  return `is turned by ${turned.toFixed(0)} degrees: look whether the edit fits`;
}

/** The changes of the faces of a photo: `faces` has the changes of each, one for each edit. */
export class Changes {
  constructor(photo, faces) {
    Object.assign(this, {photo, faces});
  }

  /** `clip(x + sum of s_i r_i)`: the edited photo; the very pixels far from each face.
   *
   * @param strengths one for each edit.
   * @param pause is waited for between strips of rows, so that a page can go on.
   */
  async at(strengths, pause = async () => {}) {
    const patches = this.patches(strengths);
    const edited = this.photo.copy();
    for (const box of boxesOf(patches)) {
      for (const rows of box.strips(ROWS)) {
        // Where faces overlap, each part is what all of them make of it, however often it is made.
        restore(edited, this.photo, rows);
        edited.add(rows, residualIn(this.photo, rows, patches));
        await pause();
      }
    }
    return edited;
  }

  /** Of each face, the sums of those edits that saw the same crop, ready to be laid into the photo. */
  patches(strengths) {
    return this.faces.map((changes) => {
      const sums = [];
      changes.forEach((change, index) => {
        const here = change.times(strengths[index]);
        const same = sums.findIndex(
          (other) => other.size === here.size && other.crop.equals(here.crop),
        );
        if (same < 0) sums.push(here);
        else sums[same] = sums[same].plus(here);
      });
      return sums
        .map(({crop, size, luminance, residual}) => ({
          crop,
          box: crop.box(this.photo),
          enlarged: crop.enlarged(residual, luminance, size),
        }))
        .filter(({box}) => !box.isEmpty);
    });
  }
}

/** The boxes of all patches, each once. */
export function boxesOf(patches) {
  const boxes = [];
  for (const {box} of patches.flat()) {
    if (!boxes.some((other) => other.equals(box))) boxes.push(box);
  }
  return boxes;
}

function restore(edited, photo, {left, top, right, bottom}) {
  const {stride, width} = photo.samples;
  for (let row = top; row < bottom; row += 1) {
    const [from, to] = [left, right].map((column) => (row * width + column) * stride);
    edited.samples.data.set(photo.samples.data.subarray(from, to), from);
  }
}

/** The weighted sum in a part of the photo, three Float32Array; where faces overlap, their weighted mean. */
export function residualIn(photo, box, patches) {
  const luminance = photo.luminance(box);
  const total = [0, 1, 2].map(() => new Float32Array(luminance.length));
  const weights = new Float32Array(luminance.length);
  for (const ofFace of patches) {
    const most = new Float32Array(luminance.length);
    let known = null;
    for (const patch of ofFace) {
      if (patch.box.meet(box).isEmpty) continue;
      if (!known?.crop.equals(patch.crop)) known = {crop: patch.crop, weights: patch.crop.weights(box)};
      patch.crop.layBack(total, patch.enlarged, box, luminance, known.weights);
      known.weights.forEach((weight, at) => {
        if (weight > most[at]) most[at] = weight;
      });
    }
    for (let at = 0; at < most.length; at += 1) weights[at] += most[at];
  }
  for (let at = 0; at < weights.length; at += 1) {
    if (weights[at] > 1) for (const color of total) color[at] /= weights[at];
  }
  return total;
}

