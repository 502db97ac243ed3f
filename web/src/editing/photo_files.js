/** Photos from files and into files: what a file says besides its pixels is kept. */

import {UserError} from '../errors.js';
import {begins} from './file_facts.js';
import * as jpeg from './jpeg.js';
import {Photo, asStored, seenOf, upright} from './photo.js';
import * as png from './png.js';
import * as webp from './webp.js';

/** Larger photos are refused before they are decoded. */
export const MAX_MEGAPIXELS = 50;
// Rows that a canvas holds at a time: some browsers have none for a whole photo.
const ROWS = 256;

/** A photo and what else its file says.
 *
 * @typedef {{photo: Photo, picture: ImageBitmap, form: string, facts: object, warnings: string[]}} PhotoFile
 *     `picture` is the photo upright as the browser shows it; `form` is what it is written as: `jpeg`, `png`
 *     or `webp`; `warnings` are sentences without a subject.
 */

/** Opens and decodes a photo.
 *
 * @param blob a file.
 * @param name of the file, for messages.
 * @returns {Promise<PhotoFile>}
 * @throws UserError if it is no image, damaged, too large, or of a kind that the browser cannot read.
 */
export async function open(blob, name) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  try {
    if (begins(bytes, '\xff\xd8')) return await openJpeg(bytes, name);
    if (png.isPng(bytes)) return await openPng(bytes, name);
    if (webp.isWebp(bytes)) return await openWebp(bytes, name);
    return await openOther(bytes, blob, name);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if (error instanceof RangeError) {
      throw new UserError(`There is too little memory for ${name}. A smaller photo may do.`, {cause: error});
    }
    throw new UserError(`${name} cannot be read as an image. It may be damaged.`, {cause: error});
  }
}

function checkSize(name, {width, height}) {
  if (width * height <= MAX_MEGAPIXELS * 1e6) return;
  const mega = Math.round((width * height) / 1e6);
  throw new UserError(
    `${name} has ${mega} megapixels, and ${MAX_MEGAPIXELS} are the most that are edited here. Scale it down first.`,
  );
}

async function openJpeg(bytes, name) {
  const facts = jpeg.read(bytes);
  checkSize(name, facts);
  const warnings = facts.components === 4 ? ['has inks for colours, and is written as red, green and blue'] : [];
  const grey = facts.components === 1;
  const decoded = await pixelsOf(facts.pixels);
  const stored = grey ? greyOf(decoded) : {...decoded, colors: 3, alpha: false};
  return opened('jpeg', stored, facts, new Blob([bytes], {type: 'image/jpeg'}), warnings);
}

async function openPng(bytes, name) {
  const facts = png.read(bytes);
  checkSize(name, facts);
  await png.readProfile(facts);
  const warnings = facts.moves ? ['moves, and its first picture is edited'] : [];
  const stored = await png.samplesOf(facts);
  return opened('png', stored, facts, new Blob([bytes], {type: 'image/png'}), warnings);
}

async function openWebp(bytes, name) {
  const facts = webp.read(bytes);
  checkSize(name, facts);
  const warnings = facts.moves ? ['moves, and its first picture is edited'] : [];
  const stored = {...(await pixelsOf(facts.pixels)), colors: 3, alpha: true};
  return opened('webp', stored, facts, new Blob([bytes], {type: 'image/webp'}), warnings);
}

/** What the browser reads and nobody writes here: it becomes a PNG. */
async function openOther(bytes, blob, name) {
  let picture;
  try {
    picture = await createImageBitmap(blob);
  } catch (error) {
    throw new UserError(unreadable(bytes, name), {cause: error});
  }
  checkSize(name, picture);
  const stored = {...readBack(picture), colors: 3, alpha: true};
  const facts = {kept: [], orientation: 1, isSrgb: true};
  const opaque = stored.data.every((level, at) => at % 4 !== 3 || level === 255);
  if (opaque) stored.alpha = false;
  return {photo: new Photo(stored), picture, form: 'png', facts, warnings: ['is written as a PNG']};
}

function unreadable(bytes, name) {
  const kind = String.fromCharCode(...bytes.subarray(8, 12));
  if (begins(bytes, 'ftyp', 4) && /^(hei|hev|mif|msf)/.test(kind)) {
    return `${name} is HEIC, which this browser cannot read. Save it as a JPEG; phones have a setting for it.`;
  }
  if (begins(bytes, 'II*\0') || begins(bytes, 'MM\0*')) {
    return `${name} is a TIFF, which browsers cannot read. Save it as a PNG, or use python edit.py.`;
  }
  return `${name} is not an image that this browser can read. JPEG, PNG and WebP will do.`;
}

async function opened(form, stored, facts, blob, warnings) {
  const samples = upright(stored, facts.orientation);
  let picture = await createImageBitmap(blob);
  // The network sees what a person sees: colours of a wider profile are turned into sRGB.
  const seen = facts.isSrgb ? seenOf(samples) : seenOf({...readBack(picture), colors: 3, alpha: true});
  // All browsers turn JPEGs upright, and not all of them others.
  if (form !== 'jpeg' && facts.orientation !== 1) picture = await pictureOf(seenOf(samples));
  return {photo: new Photo(samples, seen, facts.orientation), picture, form, facts, warnings};
}

async function pictureOf({width, height, stride, data}) {
  const all = new ImageData(width, height);
  all.data.fill(255);
  for (let from = 0, to = 0; from < data.length; from += stride, to += 4) {
    for (let color = 0; color < 3; color += 1) all.data[to + color] = data[from + color];
  }
  return createImageBitmap(all);
}

/** The pixels of a picture, no colour changed: {width, height, stride: 4, data}. */
async function pixelsOf(blob) {
  return readBack(
    await createImageBitmap(blob, {colorSpaceConversion: 'none', premultiplyAlpha: 'none'}),
  );
}

function readBack(picture) {
  const {width, height} = picture;
  const data = new Uint8ClampedArray(width * height * 4);
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = Math.min(ROWS, height);
  const context = canvas.getContext('2d', {willReadFrequently: true});
  for (let top = 0; top < height; top += ROWS) {
    const rows = Math.min(ROWS, height - top);
    context.clearRect(0, 0, width, rows);
    context.drawImage(picture, 0, -top);
    data.set(context.getImageData(0, 0, width, rows).data, top * width * 4);
  }
  return {width, height, stride: 4, data};
}

function greyOf({width, height, data}) {
  const grey = new Uint8ClampedArray(width * height);
  for (let at = 0; at < grey.length; at += 1) grey[at] = data[4 * at];
  return {width, height, stride: 1, colors: 1, alpha: false, data: grey};
}

/** Writes an edited photo as its file was: a Blob.
 *
 * @param {Photo} photo the edited one.
 * @param {PhotoFile} file that it was in.
 * @param pause is waited for now and then.
 */
export async function save(photo, {form, facts}, pause) {
  const stored = asStored(photo.samples, photo.orientation);
  if (form === 'jpeg') return jpeg.write(stored, facts, pause);
  if (form === 'webp') {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [stored.width, stored.height];
    const whole = new ImageData(stored.data, stored.width, stored.height);
    canvas.getContext('2d').putImageData(whole, 0, 0);
    const blob = await webp.write(canvas, facts);
    if (blob) return blob;
  }
  return png.write(stored, form === 'png' ? facts.kept : [], pause);
}

/** The suffix of a file of a Blob's kind, with its dot. */
export function suffixOf({type}) {
  return {'image/jpeg': '.jpg', 'image/png': '.png', 'image/webp': '.webp'}[type];
}
