/** The faces of a photo. */

import {Detector, area, commonArea, overlap} from './detector.js';
import {MeshFinder, squareAround} from './mesh.js';

const MOST_OVERLAP = 0.3;
// Of a face's box, that may lie in the box of a larger one: cheek by cheek it is less than half.
const MOST_WITHIN = 0.7;
// Shares of the photo's larger side: the short range detector finds all faces of so much,
const LEAST_NEAR = 0.2;
// and below this one a face may be missed where the photo is seen whole.
const SMALL = 0.3;

/** Finds faces; its networks are loaded before. */
export class FaceFinder {
  static async load() {
    return new FaceFinder(
      ...(await Promise.all([Detector.shortRange(), Detector.fullRange(), MeshFinder.load()])),
    );
  }

  constructor(shortRange, fullRange, mesh) {
    Object.assign(this, {shortRange, fullRange, mesh});
  }

  /** The faces of a photo, the largest first.
   *
   * @param image {width, height, stride, data}, upright; see `warp.crop`.
   */
  async find(image) {
    const {width, height} = image;
    const side = Math.max(width, height);
    const center = [width / 2, height / 2];
    const near = await this.shortRange.find(image, center, side);
    const large = near.filter(({box}) => sideOf(box) >= LEAST_NEAR * side);
    const faces = await this.#newFaces(image, large, this.shortRange.margin, []);
    const far = await this.fullRange.find(image, center, side);
    faces.push(...(await this.#newFaces(image, far, this.fullRange.margin, faces)));
    // Boxes of small faces are rough at short range: taken only where none is at full range.
    faces.push(...(await this.#newFaces(image, near, this.shortRange.margin, faces)));
    if (!faces.length || Math.min(...faces.map((face) => face.side)) < SMALL * side) {
      for (const tile of tilesOf(width, height)) {
        const there = await this.fullRange.find(image, tile.center, tile.side);
        faces.push(...(await this.#newFaces(image, there, this.fullRange.margin, faces)));
      }
    }
    return outermost(faces);
  }

  /** The faces of the detections that are not among the known ones. */
  async #newFaces(image, detections, margin, known) {
    const faces = [];
    for (const detection of detections) {
      if (isKnown(detection.box, [...known, ...faces])) continue;
      const face = await this.mesh.find(image, squareAround(detection, margin));
      if (face && !isKnown(face.box, [...known, ...faces])) faces.push(face);
    }
    return faces;
  }
}

/** The largest first, without those within another: an eye behind glasses, a laughing mouth. */
export function outermost(faces) {
  const found = [];
  for (const face of [...faces].sort((one, other) => other.side - one.side)) {
    const most = MOST_WITHIN * area(face.box);
    if (found.every((other) => commonArea(face.box, other.box) <= most)) found.push(face);
  }
  return found;
}

function sideOf([left, top, right, bottom]) {
  return Math.max(right - left, bottom - top);
}

function isKnown(box, faces) {
  return faces.some((face) => overlap(box, face.box) > MOST_OVERLAP);
}

/** Overlapping squares of a photo: a face of a sixth of its larger side lies whole in one of them. */
function tilesOf(width, height) {
  const side = Math.max(width, height) * 0.6;
  const centres = (length) => {
    if (length <= side) return [length / 2];
    const steps = Math.ceil((length - side) / (side * 0.7));
    return Array.from({length: steps + 1}, (_, step) => side / 2 + (step * (length - side)) / steps);
  };
  return centres(height).flatMap((y) => centres(width).map((x) => ({center: [x, y], side})));
}
