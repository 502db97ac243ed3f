// The page is held to the numbers that the Python code is held to: tests/vectors/.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {test} from 'node:test';

import {Change, Changes} from '../../web/src/editing/changes.js';
import {FaceCrop} from '../../web/src/editing/face_crop.js';
import {Photo} from '../../web/src/editing/photo.js';
import {Face, fivePoints} from '../../web/src/faces/face.js';
import {Similarity, fit} from '../../web/src/faces/similarity.js';
import * as warp from '../../web/src/faces/warp.js';

const vectors = (name) => JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url)));

function imageOf(rows) {
  const [height, width] = [rows.length, rows[0].length];
  return {width, height, stride: 3, colors: 3, alpha: false, data: Uint8ClampedArray.from(rows.flat(2))};
}

function near(found, wanted, most, what) {
  const [one, other] = [Array.from(found).flat(3), Array.from(wanted).flat(3)];
  assert.equal(one.length, other.length);
  const apart = one.reduce((far, value, at) => Math.max(far, Math.abs(value - other[at])), 0);
  assert.ok(apart <= most, `${what}: ${apart} apart`);
}

test('warp', () => {
  vectors('warp').forEach(({image, to_crop: toCrop, size, crop}, index) => {
    near(warp.crop(imageOf(image), new Similarity(...toCrop), size), crop, 0, `case ${index}`);
  });
});

test('similarity, and back', () => {
  for (const {points, template, weights, to_crop: wanted} of vectors('similarity')) {
    const found = fit(points, template, weights);
    near([found.a, found.b, found.shiftX, found.shiftY], wanted, 1e-9, 'fit');
    near(found.inverse().at(...found.at(3, 4)), [3, 4], 1e-9, 'back');
  }
});

test('five points and the turn of the head', () => {
  const {mesh, points, turn} = vectors('five_points');
  const face = new Face(mesh, fivePoints(mesh), 1);
  near(face.points, points, 1e-4, 'points');
  near([face.turn.yaw, face.turn.pitch, face.turn.roll], turn, 1e-4, 'turn');
});

test('edit', async () => {
  const planesOf = (rows) => [0, 1, 2].map((color) => Float32Array.from(rows.flat(), (of) => of[color]));
  for (const [index, each] of vectors('edit').entries()) {
    const crop = new FaceCrop(new Similarity(...each.to_unit));
    const luminance = Float32Array.from(each.luminance.flat());
    const change = new Change(crop, each.luminance.length, luminance, planesOf(each.residual));
    const photo = new Photo(imageOf(each.photo));
    const edited = await new Changes(photo, [[change]]).at([each.strength]);
    near(edited.samples.data, each.edited, 0.52, `case ${index}`);
  }
});
