/** FaceCrop: a face's turned square in a photo, out to the network and back. */

import * as warp from '../faces/warp.js';
import {rounded} from '../pixels.js';
import {Box} from './photo.js';
import {bicubic, slopes} from './upscaling.js';

// The residual fades out over this share of the square's side, so that no square is seen.
const FEATHER = 0.08;
// Beyond, an enlarged residual is smooth from one pixel to the next, and takes memory only.
const MOST_ENLARGED = 8;

/** Where the face crop lies; `toUnit` goes from pixels of the photo to fractions of the crop's side. */
export class FaceCrop {
  constructor(toUnit) {
    this.toUnit = toUnit;
  }

  /** Of the square, in pixels of the photo. */
  get side() {
    return 1 / this.toUnit.scale;
  }

  equals({toUnit}) {
    return ['a', 'b', 'shiftX', 'shiftY'].every((name) => this.toUnit[name] === toUnit[name]);
  }

  /** The pixels of the photo that the square touches. */
  box(photo) {
    const back = this.toUnit.inverse();
    const corners = [[0, 0], [0, 1], [1, 0], [1, 1]].map(([x, y]) => back.at(x, y));
    const ends = (axis) => {
      const places = corners.map((corner) => corner[axis]);
      return [Math.floor(Math.min(...places) + 1e-6), Math.ceil(Math.max(...places) - 1e-6)];
    };
    const [[left, right], [top, bottom]] = [ends(0), ends(1)];
    return new Box(left, top, right, bottom).meet(photo.whole);
  }

  /** What the network sees: Uint8Array [size * size * 3]. */
  seen(photo, size) {
    return warp.crop(photo.seen, this.toUnit, size);
  }

  /** A residual near the size that the square has in the photo.
   *
   * @param residual three Float32Array [size * size].
   * @param luminance Float32Array [size * size] of what the network saw, in [-1, 1].
   * @returns {side, bases, slopes}: three Float32Array [side * side] each, so that the residual is base +
   *     slope * luminance of the photo; no slopes where the photo is not finer than what the network saw.
   */
  enlarged(residual, luminance, size) {
    const side = Math.max(1, Math.min(rounded(this.side), MOST_ENLARGED * size));
    const large = (plane) => bicubic(plane, size, side);
    const bases = residual.map(large);
    if (side <= size) return {side, bases, slopes: []};
    const guide = large(luminance);
    const steep = slopes(residual, luminance, size).map(large);
    bases.forEach((base, color) => {
      const slope = steep[color];
      for (let at = 0; at < base.length; at += 1) base[at] -= slope[at] * guide[at];
    });
    return {side, bases, slopes: steep};
  }

  /** Adds to `total`, three Float32Array of a box, what `enlarged` gave where the photo has it. */
  layBack(total, enlarged, box, luminance, weights) {
    const {a, b, shiftX, shiftY} = this.toUnit.from(box.left, box.top);
    const {side, bases, slopes: steep} = enlarged;
    const [red, green, blue] = bases;
    const [steepRed, steepGreen, steepBlue] = steep;
    const [outRed, outGreen, outBlue] = total;
    const last = side - 1;
    let at = 0;
    for (let row = 0; row < box.height; row += 1) {
      for (let column = 0; column < box.width; column += 1, at += 1) {
        const weight = weights[at];
        if (weight === 0) continue;
        const x = (a * (column + 0.5) - b * (row + 0.5) + shiftX) * side - 0.5;
        const y = (b * (column + 0.5) + a * (row + 0.5) + shiftY) * side - 0.5;
        const left = Math.floor(x);
        const top = Math.floor(y);
        const [right, down] = [x - left, y - top];
        const from = Math.min(Math.max(left, 0), last);
        const to = Math.min(left + 1, last);
        const upper = Math.min(Math.max(top, 0), last) * side;
        const lower = Math.min(top + 1, last) * side;
        const [p, q, r, s] = [upper + from, upper + to, lower + from, lower + to];
        const wq = right * (1 - down);
        const wr = (1 - right) * down;
        const ws = right * down;
        const wp = 1 - right - wr;
        let addRed = red[p] * wp + red[q] * wq + red[r] * wr + red[s] * ws;
        let addGreen = green[p] * wp + green[q] * wq + green[r] * wr + green[s] * ws;
        let addBlue = blue[p] * wp + blue[q] * wq + blue[r] * wr + blue[s] * ws;
        if (steepRed) {
          const light = luminance[at];
          addRed += light * (steepRed[p] * wp + steepRed[q] * wq + steepRed[r] * wr + steepRed[s] * ws);
          addGreen +=
            light * (steepGreen[p] * wp + steepGreen[q] * wq + steepGreen[r] * wr + steepGreen[s] * ws);
          addBlue +=
            light * (steepBlue[p] * wp + steepBlue[q] * wq + steepBlue[r] * wr + steepBlue[s] * ws);
        }
        outRed[at] += weight * addRed;
        outGreen[at] += weight * addGreen;
        outBlue[at] += weight * addBlue;
      }
    }
  }

  /** Float32Array of the box: 1 inside, 0 outside, smooth between. */
  weights(box) {
    const {a, b, shiftX, shiftY} = this.toUnit.from(box.left, box.top);
    const found = new Float32Array(box.width * box.height);
    let at = 0;
    for (let row = 0; row < box.height; row += 1) {
      for (let column = 0; column < box.width; column += 1, at += 1) {
        const x = a * (column + 0.5) - b * (row + 0.5) + shiftX;
        const y = b * (column + 0.5) + a * (row + 0.5) + shiftY;
        const within = Math.min(x, 1 - x, y, 1 - y);
        const ramp = Math.min(Math.max(within / FEATHER, 0), 1);
        found[at] = ramp * ramp * (3 - 2 * ramp);
      }
    }
    return found;
  }
}
