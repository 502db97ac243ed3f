/** Which edits there are, and their networks: fetched as they are asked for. */

import {UserError} from '../errors.js';
import {load} from '../litert.js';

const BUNDLES = new URL('../../bundles/', import.meta.url);
const FORMAT = 1;

/** The edits that the page has.
 *
 * @returns of each {edit, column, adds, size, points, file, sha256}: its name, what it changes and in which
 *     direction, the side of the face crop, the five points of a face in it, and where the network is.
 * @throws UserError if the list is missing or of another version.
 */
export async function listed() {
  let list;
  try {
    const answer = await fetch(new URL('index.json', BUNDLES));
    list = await answer.json();
  } catch (error) {
    throw new UserError('The list of edits could not be loaded. Is there a connection?', {cause: error});
  }
  if (list.format !== FORMAT) {
    throw new UserError('The list of edits is of another version than this page. Load the page again.');
  }
  return list.edits;
}

/** Runs a bundle's .tflite. */
export class Runtime {
  static async load({edit, file, size, sha256}) {
    const model = await load(new URL(`${edit}/${file}`, BUNDLES), sha256);
    if (model.size !== size) throw new UserError(`${file} is not of the size that its bundle says.`);
    return new Runtime(model);
  }

  constructor(model) {
    this.model = model;
    this.size = model.size;
  }

  /** The residual of a face crop, three Float32Array [size * size], and how needed it is, or null.
   *
   * @param image Float32Array [size * size * 3] in [-1, 1].
   */
  async run(image) {
    const outputs = await this.model.run(image);
    const count = this.size * this.size;
    const residual = [0, 1, 2].map((color) =>
      Float32Array.from({length: count}, (_, at) => outputs.residual[3 * at + color]),
    );
    return {residual, needed: outputs.needed ? outputs.needed[0] : null};
  }
}
