/** Where faces may be: BlazeFace, at short and at full range. */

import {toFloat} from '../pixels.js';
import {Network, sigmoid} from './network.js';
import {squareToUnit} from './similarity.js';
import * as warp from './warp.js';

const LEAST_SCORE = 0.5;
// Of two boxes of one face the smaller part lies outside the other.
const LEAST_OVERLAP = 0.3;
const SHORT_RANGE = {name: 'face_detection_short_range.tflite', cells: [[8, 2], [16, 6]], margin: 1.5};
const FULL_RANGE = {name: 'face_detection_full_range_sparse.tflite', cells: [[4, 1]], margin: 1.4};

/** One of the two networks, for squares of a photo. `margin` says how many times larger than its boxes
 * a square must be for the mesh. */
export class Detector {
  /** For faces of a fifth of the side and more. */
  static async shortRange() {
    return new Detector(await Network.load(SHORT_RANGE.name), SHORT_RANGE);
  }

  /** For smaller ones. */
  static async fullRange() {
    return new Detector(await Network.load(FULL_RANGE.name), FULL_RANGE);
  }

  constructor(network, {cells, margin}) {
    this.network = network;
    this.margin = margin;
    this.anchors = anchorsOf(network.size, cells);
  }

  /** The faces in a square of a photo, which may reach past its border; the surest first.
   *
   * @param image {width, height, stride, data}; see `warp.crop`.
   * @returns of each {box: [left, top, right, bottom], eyes: [[x, y], [x, y]], score}.
   */
  async find(image, center, side) {
    const {size} = this.network;
    const toSquare = squareToUnit(center, side);
    const square = warp.crop(image, toSquare, size);
    blacken(square, size, toSquare, image);
    const [boxes, logits] = await this.network.run(toFloat(square));
    const back = toSquare.inverse();
    const located = [];
    const scores = [];
    logits.forEach((logit, index) => {
      const score = sigmoid(logit);
      if (score < LEAST_SCORE) return;
      const raw = boxes.subarray(16 * index, 16 * index + 8).map((value) => value / size);
      located.push(decoded(raw, this.anchors[index]).map((point) => back.at(...point)));
      scores.push(score);
    });
    return merged(located, scores);
  }
}

/** The networks were trained with black beside a photo. */
function blacken(square, size, toSquare, image) {
  const [left, top] = toSquare.at(0, 0).map((value) => value * size);
  const [right, bottom] = toSquare.at(image.width, image.height).map((value) => value * size);
  const outside = (place, low, high) => place + 0.5 < low || place + 0.5 > high;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (outside(row, top, bottom) || outside(column, left, right)) {
        square.fill(0, 3 * (row * size + column), 3 * (row * size + column + 1));
      }
    }
  }
}

/** Centres that the network's answers are counted from: [x, y] in fractions. */
function anchorsOf(size, cells) {
  const centres = [];
  for (const [stride, count] of cells) {
    const across = Math.floor(size / stride);
    for (let row = 0; row < across; row += 1) {
      for (let column = 0; column < across; column += 1) {
        const centre = [column, row].map((place) => ((place + 0.5) * stride) / size);
        for (let each = 0; each < count; each += 1) centres.push(centre);
      }
    }
  }
  return centres;
}

/** Two corners of the box and two eyes, from numbers relative to an anchor. */
function decoded(raw, [x, y]) {
  const [middleX, middleY] = [raw[0] + x, raw[1] + y];
  const [halfX, halfY] = [raw[2] / 2, raw[3] / 2];
  return [
    [middleX - halfX, middleY - halfY],
    [middleX + halfX, middleY + halfY],
    [raw[4] + x, raw[5] + y],
    [raw[6] + x, raw[7] + y],
  ];
}

/** Means, by score, of the answers that overlap with the surest of them. */
export function merged(located, scores) {
  const found = [];
  let left = scores.map((_, index) => index).sort((one, other) => scores[other] - scores[one]);
  const boxOf = (index) => located[index].slice(0, 2).flat();
  while (left.length) {
    const first = boxOf(left[0]);
    const same = left.filter(
      (index, rank) => rank === 0 || overlap(first, boxOf(index)) > LEAST_OVERLAP,
    );
    const all = same.reduce((sum, index) => sum + scores[index], 0);
    const mean = located[0].map((_, point) =>
      [0, 1].map(
        (axis) => same.reduce((sum, index) => sum + scores[index] * located[index][point][axis], 0) / all,
      ),
    );
    found.push({box: mean.slice(0, 2).flat(), eyes: mean.slice(2), score: scores[same[0]]});
    left = left.filter((index) => !same.includes(index));
  }
  return found;
}

/** Intersection over union of two boxes. */
export function overlap(box, other) {
  const common = commonArea(box, other);
  return common / Math.max(area(box) + area(other) - common, 1e-12);
}

/** Of two boxes. */
export function commonArea(box, other) {
  const width = Math.min(box[2], other[2]) - Math.max(box[0], other[0]);
  const height = Math.min(box[3], other[3]) - Math.max(box[1], other[1]);
  return Math.max(width, 0) * Math.max(height, 0);
}

export function area([left, top, right, bottom]) {
  return (right - left) * (bottom - top);
}
