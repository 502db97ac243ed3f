/** The 468 points of a face, and whether there is one: MediaPipe's face mesh. */

import {Face, fivePoints, mirrored} from './face.js';
import {Network, sigmoid} from './network.js';
import {squareToUnit} from './similarity.js';
import * as warp from './warp.js';

// The network was trained on faces with so much around them: of the larger side of their mesh.
const MARGIN = 1.5;
const LEAST_SCORE = 0.5;

/** What the mesh looks at: {center, side, angle}, turned so that the eyes lie level, around a detector's
 * box of which it is `margin` times the larger side. */
export function squareAround({box, eyes}, margin) {
  const [left, top, right, bottom] = box;
  const [across, down] = [0, 1].map((axis) => eyes[1][axis] - eyes[0][axis]);
  return {
    center: [(left + right) / 2, (top + bottom) / 2],
    side: Math.max(right - left, bottom - top) * margin,
    angle: Math.atan2(down, across),
  };
}

/** The same around a mesh, turned as it is turned. */
function squareAroundMesh(mesh) {
  const [left, right] = fivePoints(mesh);
  const angle = Math.atan2(right[1] - left[1], right[0] - left[0]);
  const level = squareToUnit([0, 0], 1, angle);
  const points = mesh.map(([x, y]) => level.at(x, y));
  const [low, high] = [Math.min, Math.max].map((end) =>
    [0, 1].map((axis) => end(...points.map((point) => point[axis]))),
  );
  const side = Math.max(high[0] - low[0], high[1] - low[1]) * MARGIN;
  return {center: level.inverse().at((low[0] + high[0]) / 2, (low[1] + high[1]) / 2), side, angle};
}

/** The network of the mesh. */
export class MeshFinder {
  static async load() {
    return new MeshFinder(await Network.load('face_landmark.tflite'));
  }

  constructor(network) {
    this.network = network;
  }

  /** The face in a square of a photo; null if there is none.
   *
   * It is looked for a second time where its mesh was found, as a detector's box is a rough one, and there
   * in the mirror image as well: the five points are means of both.
   */
  async find(image, square) {
    let seen = this.#seen(image, square);
    let {mesh, score} = await this.#look(seen.levels);
    if (score < LEAST_SCORE) return null;
    const around = squareAroundMesh(mesh.map(([x, y]) => seen.back.at(x, y)));
    seen = this.#seen(image, around);
    ({mesh, score} = await this.#look(seen.levels));
    if (score < LEAST_SCORE) return null;
    const other = await this.#look(mirrorImage(seen.levels, this.network.size));
    const mirror = mirrored(fivePoints(other.mesh), 1);
    const points = fivePoints(mesh).map(([x, y], index) =>
      seen.back.at((x + mirror[index][0]) / 2, (y + mirror[index][1]) / 2),
    );
    const inPhoto = mesh.map(([x, y, z]) => [...seen.back.at(x, y), z * around.side]);
    return new Face(inPhoto, points, score);
  }

  /** What the network sees, and the way back to the photo from fractions of its side. */
  #seen(image, {center, side, angle}) {
    const toSquare = squareToUnit(center, side, angle);
    const levels = warp.crop(image, toSquare, this.network.size);
    return {levels, back: toSquare.inverse()};
  }

  async #look(levels) {
    const [mesh, presence] = await this.network.run(Float32Array.from(levels, (level) => level / 255));
    const points = [];
    for (let at = 0; at < mesh.length; at += 3) {
      points.push([0, 1, 2].map((axis) => mesh[at + axis] / this.network.size));
    }
    return {mesh: points, score: sigmoid(presence[0])};
  }
}

function mirrorImage(levels, size) {
  const out = new Uint8Array(levels.length);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const from = 3 * (row * size + size - 1 - column);
      out.set(levels.subarray(from, from + 3), 3 * (row * size + column));
    }
  }
  return out;
}
