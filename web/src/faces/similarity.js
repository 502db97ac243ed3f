/** A similarity of the plane: it turns, scales and shifts, and never mirrors. */

/** (x, y) -> (a x - b y + shiftX, b x + a y + shiftY); a and b are scale times cosine and sine of the
 * angle, which is clockwise as y points down. */
export class Similarity {
  constructor(a, b, shiftX, shiftY) {
    Object.assign(this, {a, b, shiftX, shiftY});
  }

  /** How much longer a line becomes. */
  get scale() {
    return Math.hypot(this.a, this.b);
  }

  /** Where a point goes: [x, y]. */
  at(x, y) {
    return [this.a * x - this.b * y + this.shiftX, this.b * x + this.a * y + this.shiftY];
  }

  /** What undoes it. */
  inverse() {
    const square = this.a ** 2 + this.b ** 2;
    const a = this.a / square;
    const b = -this.b / square;
    return new Similarity(
      a,
      b,
      -(a * this.shiftX - b * this.shiftY),
      -(b * this.shiftX + a * this.shiftY),
    );
  }

  /** The same for a part of the photo that begins at (left, top). */
  from(left, top) {
    return new Similarity(this.a, this.b, ...this.at(left, top));
  }

  /** The same for a photo that is `factor` times as small. */
  ofSmaller(factor) {
    return new Similarity(this.a * factor, this.b * factor, this.shiftX, this.shiftY);
  }
}

/** The similarity that takes `source` nearest to `target`, by least squares (Umeyama, 1991).
 *
 * @param source, target [x, y] each, at least two; those of `source` must not all be one.
 * @param weights how much the square of each distance counts.
 */
export function fit(source, target, weights = source.map(() => 1)) {
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const mean = (points, axis) =>
    points.reduce((sum, point, index) => sum + weights[index] * point[axis], 0) / all;
  const middle = [mean(source, 0), mean(source, 1)];
  const goal = [mean(target, 0), mean(target, 1)];
  let spread = 0;
  let a = 0;
  let b = 0;
  source.forEach((point, index) => {
    const [x, y] = [point[0] - middle[0], point[1] - middle[1]];
    const [u, v] = [target[index][0] - goal[0], target[index][1] - goal[1]];
    spread += weights[index] * (x * x + y * y);
    a += weights[index] * (x * u + y * v);
    b += weights[index] * (x * v - y * u);
  });
  const turned = new Similarity(a / spread, b / spread, 0, 0);
  const [x, y] = turned.at(...middle);
  return new Similarity(turned.a, turned.b, goal[0] - x, goal[1] - y);
}

/** Takes a square of a photo, whose upper side is turned clockwise by `angle`, to the unit square. */
export function squareToUnit([x, y], side, angle = 0) {
  const turned = new Similarity(Math.cos(angle) / side, -Math.sin(angle) / side, 0, 0);
  const [u, v] = turned.at(x, y);
  return new Similarity(turned.a, turned.b, 0.5 - u, 0.5 - v);
}
