/** What is found of a face in a photo. */

// Places in the mesh; left is the image's. Means lie between the nearest points (faces/face.py says why).
const LEFT_EYE = [33, 160, 158, 133, 153, 144];
const RIGHT_EYE = [362, 385, 387, 263, 373, 380];
const FIVE = [LEFT_EYE, RIGHT_EYE, [4, 4, 4, 1], [61, 61, 61, 57], [291, 291, 291, 287]];
const FOREHEAD = 10;
const CHIN = 152;
const LEFT_CHEEK = 234;
const RIGHT_CHEEK = 454;

/** A face, in pixels of the photo: `box` [left, top, right, bottom], `points` five [x, y] (the eye on the
 * image's left, the other, nose, corners of the mouth), `mesh` 468 [x, y, z], `score`, and `turn`. */
export class Face {
  constructor(mesh, points, score) {
    const xs = mesh.map((point) => point[0]);
    const ys = mesh.map((point) => point[1]);
    this.box = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    Object.assign(this, {mesh, points, score, turn: turnOf(mesh)});
  }

  /** The larger side of the box in pixels. */
  get side() {
    const [left, top, right, bottom] = this.box;
    return Math.max(right - left, bottom - top);
  }

  /** The same face of a photo that is `factor` times as large. */
  ofLarger(factor) {
    const larger = (points) => points.map((point) => point.map((value) => value * factor));
    return new Face(larger(this.mesh), larger(this.points), this.score);
  }
}

/** The five points of a mesh. */
export function fivePoints(mesh) {
  return FIVE.map((group) =>
    [0, 1].map((axis) => group.reduce((sum, place) => sum + mesh[place][axis], 0) / group.length),
  );
}

/** The five points of a mirrored image of this width, from those of the image; and back. */
export function mirrored(points, width) {
  return [1, 0, 2, 4, 3].map((place) => [width - points[place][0], points[place][1]]);
}

/** How a head is turned, in degrees: `yaw` to the image's right, `pitch` up, `roll` clockwise. */
function turnOf(mesh) {
  const line = (from, to) => mesh[to].map((value, axis) => value - mesh[from][axis]);
  const cheeks = line(LEFT_CHEEK, RIGHT_CHEEK);
  const right = line(LEFT_EYE[0], RIGHT_EYE[3]).map((value, axis) => value + cheeks[axis]);
  const down = line(FOREHEAD, CHIN);
  const degrees = (y, x) => (Math.atan2(y, x) * 180) / Math.PI;
  return {
    yaw: degrees(right[2], Math.hypot(right[0], right[1])),
    pitch: degrees(-down[2], Math.hypot(down[0], down[1])),
    roll: degrees(right[1], right[0]),
  };
}
