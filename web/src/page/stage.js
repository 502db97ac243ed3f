/** The stage: the photo, its faces, and how they are shown. */

import {Box} from '../editing/photo.js';
import {Preview} from './preview.js';

// Of the side of a face: how much of the photo is shown around it.
const AROUND = 2.7;
// A face that is less of the photo is shown from near by itself.
const SMALL = 0.35;
// Wider or narrower photos leave room in the frame.
const [NARROWEST, WIDEST] = [0.8, 1.5];

const of = (id) => document.getElementById(id);

/** Calls `choose(face)` when a face is clicked that may be chosen or not. */
export class Stage {
  #preview = new Preview(of('canvas'));

  #file = null;

  #faces = [];

  #edits = [];

  #held = false;

  #waiting = 0;

  constructor(choose) {
    this.choose = choose;
    for (const target of [of('compare'), of('canvas')]) this.#comparesWhileHeld(target);
    for (const id of ['split', 'heat']) of(id).addEventListener('click', () => this.#toggle(id));
    of('divide').addEventListener('input', () => this.#drawSoon());
    of('closer').addEventListener('click', () => {
      this.#toggle('closer');
      this.#frame();
    });
    new ResizeObserver(() => this.#fit()).observe(of('frame'));
  }

  /** Shows a photo, whose faces are not known yet.
   *
   * @param file what `photo_files.open` gave.
   * @param hint a box around the face if one is known all the same, or null.
   */
  show(file, hint = null) {
    this.#file = file;
    this.#faces = [];
    this.#edits = [];
    this.hint = hint;
    this.#press('heat', false);
    this.#press('closer', Boolean(hint));
    of('faces').replaceChildren();
    of('canvas').setAttribute('aria-label', 'The photo, unedited');
    this.#frame();
  }

  /** Marks the faces.
   *
   * @param faces of the photo.
   * @param chosen a Set of those that are edited.
   */
  mark(faces, chosen) {
    const isFirst = this.#faces !== faces;
    this.#faces = faces;
    this.chosen = chosen;
    if (isFirst && faces.length && !this.hint) {
      const {width, height} = this.#file.photo;
      this.#press('closer', faces.length === 1 && faces[0].side < SMALL * Math.min(width, height));
    }
    if (isFirst) this.#frame();
    this.#place();
  }

  /** Shows edits; see `Preview`. */
  edit(edits, label) {
    this.#edits = edits;
    of('canvas').setAttribute('aria-label', label);
    of('faces').classList.toggle('calm', edits.length > 0);
    this.#drawSoon();
  }

  /** The edited faces are others now. */
  forget() {
    this.#preview.forget();
  }

  busy(text) {
    of('busy').hidden = !text;
    of('busy-text').textContent = text ?? '';
  }

  #comparesWhileHeld(target) {
    const hold = (held) => {
      if (this.#held === held || !this.#file) return;
      this.#held = held;
      of('compare').classList.toggle('held', held);
      this.#draw();
    };
    target.addEventListener('pointerdown', (event) => {
      if (event.button === 0) hold(true);
    });
    for (const name of ['pointerup', 'pointercancel', 'pointerleave', 'blur']) {
      target.addEventListener(name, () => hold(false));
    }
    target.addEventListener('contextmenu', (event) => event.preventDefault());
    target.addEventListener('keydown', (event) => {
      if (event.key === ' ' || event.key === 'Enter') {
        event.preventDefault();
        hold(true);
      }
    });
    target.addEventListener('keyup', () => hold(false));
  }

  #toggle(id) {
    this.#press(id, !this.#isPressed(id));
    this.#drawSoon();
  }

  #isPressed(id) {
    return of(id).getAttribute('aria-pressed') === 'true';
  }

  #press(id, pressed) {
    of(id).setAttribute('aria-pressed', String(pressed));
  }

  /** Which part of the photo is shown. */
  #frame() {
    if (!this.#file) return;
    const {width, height} = this.#file.photo;
    this.box = new Box(0, 0, width, height);
    if (this.#isPressed('closer')) this.box = this.#near() ?? this.box;
    this.#preview.frame(this.#file.picture, this.box);
    const ratio = this.box.width / this.box.height;
    of('frame').style.aspectRatio = String(Math.min(Math.max(ratio, NARROWEST), WIDEST));
    this.#fit();
    this.#place();
    this.#draw();
  }

  #near() {
    const {width, height} = this.#file.photo;
    const faces = this.#faces.filter((face) => this.chosen.has(face));
    const boxes = faces.length ? faces.map((face) => face.box) : [this.hint].filter(Boolean);
    if (!boxes.length) return null;
    const [left, top, right, bottom] = [Math.min, Math.min, Math.max, Math.max].map((end, edge) =>
      end(...boxes.map((box) => box[edge])),
    );
    const face = Math.max(...boxes.map((box) => box[3] - box[1]));
    const half = (Math.max(right - left, bottom - top) + (AROUND - 1) * face) / 2;
    const [x, y] = [(left + right) / 2, (top + bottom) / 2 - 0.08 * face];
    const side = Math.round(2 * half);
    const from = (middle, length) =>
      Math.round(Math.min(Math.max(middle - half, 0), Math.max(length - side, 0)));
    const [startX, startY] = [from(x, width), from(y, height)];
    return new Box(startX, startY, Math.min(startX + side, width), Math.min(startY + side, height));
  }

  /** The largest picture that fits into the frame. */
  #fit() {
    if (!this.box) return;
    const {clientWidth, clientHeight} = of('frame');
    const scale = Math.min(clientWidth / this.box.width, clientHeight / this.box.height);
    of('sheet').style.width = `${this.box.width * scale}px`;
    of('sheet').style.height = `${this.box.height * scale}px`;
  }

  /** Lays the marks of the faces over the picture. */
  #place() {
    const alone = this.#faces.length === 1;
    const focused = [...of('faces').children].indexOf(document.activeElement);
    of('faces').classList.toggle('alone', alone);
    of('faces').replaceChildren(
      ...this.#faces.map((face, index) => {
        const mark = document.createElement(alone ? 'span' : 'button');
        mark.className = 'face';
        const [left, top, right, bottom] = face.box;
        const {box} = this;
        mark.style.left = `${((left - box.left) / box.width) * 100}%`;
        mark.style.top = `${((top - box.top) / box.height) * 100}%`;
        mark.style.width = `${((right - left) / box.width) * 100}%`;
        mark.style.height = `${((bottom - top) / box.height) * 100}%`;
        if (alone) return mark;
        const number = document.createElement('b');
        number.textContent = index + 1;
        mark.type = 'button';
        mark.append(number);
        mark.setAttribute('aria-pressed', String(this.chosen.has(face)));
        mark.setAttribute('aria-label', `Face ${index + 1}: edit it`);
        mark.addEventListener('click', () => this.choose(face));
        return mark;
      }),
    );
    of('faces').children[focused]?.focus();
  }

  #drawSoon() {
    cancelAnimationFrame(this.#waiting);
    this.#waiting = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    if (!this.#file) return;
    const heat = this.#isPressed('heat');
    const split = this.#isPressed('split') && this.#edits.length > 0 && !this.#held;
    if (this.#held) this.#preview.drawUnedited();
    else if (heat) this.#preview.drawHeat(this.#edits);
    else this.#preview.draw(this.#edits);
    if (split) this.#preview.drawUnedited(of('divide').valueAsNumber / 100);
    of('divide').hidden = !split;
    const badge = (this.#held && 'As it was') || (split && 'Before') || (heat && 'How much changes');
    of('badge').hidden = !badge;
    of('badge').textContent = badge || '';
    of('after').hidden = !split;
    of('after').textContent = heat ? 'How much changes' : 'After';
    performance.mark('drawn');
  }
}
