/** Runs a network that finds faces: one image in, arrays out. */

import {load} from '../litert.js';

const MODELS = new URL('../../models/', import.meta.url);

/** A .tflite file of `models/`; `size` is the side of the image that it takes. */
export class Network {
  static async load(name) {
    return new Network(await load(new URL(name, MODELS)));
  }

  constructor(model) {
    this.model = model;
    this.size = model.size;
  }

  /** The outputs, Float32Array each, for an image: Float32Array [size * size * 3]. */
  async run(image) {
    return Object.values(await this.model.run(image));
  }
}

/** The score of a logit, clipped to what has an exponential in single precision. */
export function sigmoid(value) {
  return 1 / (1 + Math.exp(-Math.min(Math.max(value, -80), 80)));
}
