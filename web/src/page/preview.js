/** The photo as it is shown: a part of it, at the screen's size, edited anew whenever a slider moves. */

import {Changes, boxesOf, residualIn} from '../editing/changes.js';
import {Box, Photo} from '../editing/photo.js';

// Pixels of the canvas across, at most: so many are edited within a moment of a slider.
const MOST_ACROSS = 1100;
// From black over red and yellow to white, as hot iron glows; a change of a half is white.
const HEAT = [
  [0, 0, 0],
  [82, 9, 105],
  [188, 45, 74],
  [247, 127, 22],
  [252, 230, 120],
  [255, 255, 240],
];
const HOTTEST = 0.5;

/** Draws into a canvas. Edits are {key, changes, strength}, `changes` one for each edited face; what a key
 * stands for must not change until `forget` is called. */
export class Preview {
  #context;

  #box;

  #factor;

  #before;

  #photo;

  #laid = new Map();

  constructor(canvas) {
    this.#context = canvas.getContext('2d', {willReadFrequently: true});
  }

  /** Shows a part of a picture.
   *
   * @param picture an ImageBitmap.
   * @param box the part, in its pixels.
   */
  frame(picture, box) {
    const {canvas} = this.#context;
    this.#factor = Math.max(1, Math.max(box.width, box.height) / MOST_ACROSS);
    canvas.width = Math.max(1, Math.round(box.width / this.#factor));
    canvas.height = Math.max(1, Math.round(box.height / this.#factor));
    const context = this.#context;
    context.imageSmoothingQuality = 'high';
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
    const {left, top, width, height} = box;
    context.drawImage(picture, left, top, width, height, 0, 0, canvas.width, canvas.height);
    this.#box = box;
    this.#before = context.getImageData(0, 0, canvas.width, canvas.height);
    const {data, width: columns, height: rows} = this.#before;
    this.#photo = new Photo({width: columns, height: rows, stride: 4, colors: 3, alpha: false, data});
    this.forget();
  }

  /** Forgets what edits make: the edited faces are others now. */
  forget() {
    this.#laid.clear();
  }

  /** Draws the photo as it was; of a share of its width from the left alone, over what is there. */
  drawUnedited(share = 1) {
    const {width, height} = this.#before;
    this.#context.putImageData(this.#before, 0, 0, 0, 0, Math.round(share * width), height);
  }

  draw(edits) {
    const before = this.#before.data;
    const out = new ImageData(before.slice(), this.#before.width, this.#before.height);
    const {data} = out;
    this.#eachRow(edits, (added, to) => {
      for (let at = 0, place = to; at < added.length; at += 3, place += 4) {
        // A clamped array rounds and clips by itself.
        data[place] = before[place] + 127.5 * added[at];
        data[place + 1] = before[place + 1] + 127.5 * added[at + 1];
        data[place + 2] = before[place + 2] + 127.5 * added[at + 2];
      }
    });
    this.#context.putImageData(out, 0, 0);
  }

  /** How much is changed, and where: the photo in grey, and on it the largest change of a colour as heat. */
  drawHeat(edits) {
    const out = new ImageData(this.#before.data.slice(), this.#before.width, this.#before.height);
    const {data} = out;
    for (let to = 0; to < data.length; to += 4) {
      const grey = 0.34 * (0.299 * data[to] + 0.587 * data[to + 1] + 0.114 * data[to + 2]);
      data[to] = grey;
      data[to + 1] = grey;
      data[to + 2] = grey;
    }
    this.#eachRow(edits, (added, to) => {
      for (let at = 0, place = to; at < added.length; at += 3, place += 4) {
        const most = Math.max(Math.abs(added[at]), Math.abs(added[at + 1]), Math.abs(added[at + 2]));
        glow(data, place, Math.min(most / HOTTEST, 1));
      }
    });
    this.#context.putImageData(out, 0, 0);
  }

  /** Calls with what all edits add to a row of those that they touch, red, green and blue in turn, and with its
   * place in the levels of the picture. */
  #eachRow(edits, use) {
    const parts = edits
      .filter(({strength}) => strength !== 0)
      .map((edit) => ({...this.#laidOf(edit), strength: edit.strength}))
      .filter(({box}) => !box.isEmpty);
    if (!parts.length) return;
    const box = around(parts.map((part) => part.box));
    const added = new Float32Array(3 * box.width);
    for (let row = box.top; row < box.bottom; row += 1) {
      added.fill(0);
      for (const {box: of, planes, strength} of parts) {
        if (row < of.top || row >= of.bottom) continue;
        const [red, green, blue] = planes;
        const from = (row - of.top) * of.width;
        let to = 3 * (of.left - box.left);
        for (let at = from; at < from + of.width; at += 1, to += 3) {
          added[to] += strength * red[at];
          added[to + 1] += strength * green[at];
          added[to + 2] += strength * blue[at];
        }
      }
      use(added, 4 * (row * this.#before.width + box.left));
    }
  }

  /** What an edit adds at strength 1, once and for all strengths: {box, planes}. */
  #laidOf({key, changes}) {
    if (!this.#laid.has(key)) {
      const {left, top} = this.#box;
      const framed = changes.map((change) => [change.framed(left, top, this.#factor)]);
      const patches = new Changes(this.#photo, framed).patches([1]);
      const boxes = boxesOf(patches);
      const box = boxes.length ? around(boxes) : new Box(0, 0, 0, 0);
      const planes = [0, 1, 2].map(() => new Float32Array(box.width * box.height));
      for (const part of boxes) {
        const found = residualIn(this.#photo, part, patches);
        for (let row = 0; row < part.height; row += 1) {
          const to = (part.top - box.top + row) * box.width + part.left - box.left;
          found.forEach((plane, color) => {
            planes[color].set(plane.subarray(row * part.width, (row + 1) * part.width), to);
          });
        }
      }
      this.#laid.set(key, {box, planes});
    }
    return this.#laid.get(key);
  }
}

/** Lays heat, a share of 1, over a grey pixel. */
function glow(data, to, share) {
  const place = share * (HEAT.length - 1);
  const low = HEAT[Math.floor(place)];
  const high = HEAT[Math.ceil(place)];
  const seen = Math.min(share * 5, 1);
  for (let color = 0; color < 3; color += 1) {
    const hot = low[color] + (high[color] - low[color]) * (place % 1);
    data[to + color] = data[to + color] * (1 - seen) + hot * seen;
  }
}

function around(boxes) {
  const end = (which, edge) => which(...boxes.map((box) => box[edge]));
  return new Box(
    end(Math.min, 'left'),
    end(Math.min, 'top'),
    end(Math.max, 'right'),
    end(Math.max, 'bottom'),
  );
}
