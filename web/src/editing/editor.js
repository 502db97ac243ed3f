/** Editor: finds the faces of a photo, and what edits make of them. */

import {Runtime} from '../bundles/bundle.js';
import {UserError} from '../errors.js';
import {FaceFinder} from '../faces/finder.js';
import {toCrop} from '../faces/template.js';
import {luminanceOf, toFloat} from '../pixels.js';
import {Change} from './changes.js';
import {FaceCrop} from './face_crop.js';

// Faces are looked for in a photo of at most so many pixels across.
const FIND_AT = 2048;

/** Loads networks when they are needed first, once each; what failed is tried again. */
export class Editor {
  #finder = null;

  #runtimes = new Map();

  /** Loads what finds faces. */
  async prepare() {
    this.#finder ??= FaceFinder.load().catch((error) => {
      this.#finder = null;
      throw error;
    });
    return this.#finder;
  }

  /** The faces of a photo, upright, the largest first. */
  async find(photo) {
    const finder = await this.prepare();
    const factor = Math.ceil(Math.max(photo.width, photo.height) / FIND_AT);
    const faces = await finder.find(photo.shrunk(factor));
    return faces.map((face) => (factor === 1 ? face : face.ofLarger(factor)));
  }

  /** Loads the network of an edit, one of `bundles.listed()`. */
  async load(bundle) {
    if (!bundle.points) {
      throw new UserError(`${bundle.edit} was trained on face crops that are aligned nobody knows how.`);
    }
    if (!this.#runtimes.has(bundle.edit)) {
      const loading = Runtime.load(bundle);
      this.#runtimes.set(bundle.edit, loading);
      loading.catch(() => this.#runtimes.delete(bundle.edit));
    }
    return this.#runtimes.get(bundle.edit);
  }

  /** What an edit makes of a face: a `Change`, which can be added at any strength without a network. */
  async look(photo, face, bundle) {
    const runtime = await this.load(bundle);
    const crop = new FaceCrop(toCrop(face.points, bundle.points));
    const seen = toFloat(crop.seen(photo, runtime.size));
    const {residual, needed} = await runtime.run(seen);
    return new Change(crop, runtime.size, luminanceOf(seen), residual, needed);
  }
}
