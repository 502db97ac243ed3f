/** LiteRT.js, fetched when the first network is. */

import {UserError} from './errors.js';

const LITERT = new URL('../litert/', import.meta.url);
let starting = null;
let failures = 0;

/** Starts the runtime, once; after a failure it can be tried again. */
export function start() {
  starting ??= started().catch((error) => {
    starting = null;
    throw error;
  });
  return starting;
}

/** What this browser lacks that the networks run in: a sentence, or null. */
export function lacking() {
  if (typeof WebAssembly !== 'object') {
    return 'This browser has no WebAssembly, which the networks run in. Any browser of 2021 or later has it, unless it was switched off.';
  }
  if (!hasSimd()) {
    return 'This browser’s WebAssembly lacks SIMD, which the networks need. A newer browser has it, on a computer of 2008 or later.';
  }
  return null;
}

async function started() {
  const sentence = lacking();
  if (sentence) throw new UserError(sentence);
  try {
    // Firefox keeps a module that it could not load as one that cannot be, so that it needs another name.
    const litert = await import(new URL(failures ? `index.js?${failures}` : 'index.js', LITERT));
    // A directory: where the browser lacks relaxed SIMD, the variant that does without is taken.
    await litert.loadLiteRt(new URL('wasm/', LITERT).href);
    return litert;
  } catch (error) {
    failures += 1;
    throw new UserError('What runs the networks could not be loaded. Is there a connection?', {cause: error});
  }
}

function hasSimd() {
  // (module (func (result v128) i32.const 0 i8x16.splat))
  const smallest = [
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
  ];
  return WebAssembly.validate(Uint8Array.from(smallest));
}

/** Loads a network from a .tflite file that takes one square image.
 *
 * @param url where it is.
 * @param sha256 in hexadecimal digits, of what is taken; null for any file.
 * @returns {size, run}: the side of the image, and a function of a Float32Array [size * size * 3] that
 *     gives the outputs, Float32Array each, by their names.
 * @throws UserError if it cannot be loaded.
 */
export async function load(url, sha256 = null) {
  const [litert, bytes] = await Promise.all([start(), fetched(url)]);
  // Digests are to be had over HTTPS and on this machine alone; elsewhere nobody is promised anything.
  if (sha256 && globalThis.crypto?.subtle && (await digest(bytes)) !== sha256) {
    throw new UserError(`${nameOf(url)} did not arrive as it was made. Try again.`);
  }
  let model;
  try {
    model = await litert.loadAndCompile(new Uint8Array(bytes), {accelerator: 'wasm'});
  } catch (error) {
    throw new UserError(`${nameOf(url)} cannot be run here.`, {cause: error});
  }
  const [input] = model.getInputDetails();
  const names = model.getOutputDetails().map((output) => output.name);
  const run = async (image) => {
    const tensor = new litert.Tensor(image, [...input.shape]);
    const outputs = await model.run([tensor]);
    tensor.delete();
    const found = {};
    for (const [index, output] of outputs.entries()) {
      found[names[index]] = Float32Array.from(await output.data());
      output.delete();
    }
    return found;
  };
  return {size: input.shape[1], run};
}

async function fetched(url) {
  try {
    const answer = await fetch(url);
    if (answer.ok) return await answer.arrayBuffer();
  } catch {
    // Told of below, as an answer that is none.
  }
  throw new UserError(`${nameOf(url)} could not be loaded. Is there a connection?`);
}

async function digest(bytes) {
  const found = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(found, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function nameOf(url) {
  return String(url).split('/').at(-1);
}
