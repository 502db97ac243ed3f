/** JPEG: what a file says, and how it is written with the tables that it had.
 *
 * A browser writes JPEG with tables of its own, which changes every pixel of the photo; with the file's own
 * tables, what is far from a face is decoded nearly as it was.
 */

import {begins, isSrgb, joined, orientationOf, withoutThumbnail} from './file_facts.js';
import {encoded} from './jpeg_encoder.js';

const EXIF = 'Exif\0\0';
const PROFILE = 'ICC_PROFILE\0';
const PROGRESSIVE = 0xc2;
const START_OF_SCAN = 0xda;
const QUANTISATION = 0xdb;
const COMMENT = 0xfe;

/** What a JPEG file says.
 *
 * @param bytes Uint8Array.
 * @returns {width, height, components, progressive, sampling, tables, orientation, kept, pixels, isSrgb}:
 *     `sampling` [h, v] of the luminance against the colours; `tables` of quantisation, one for each component, in
 *     the order of the file; `kept` the segments that are written back; `pixels` a Blob of the picture without
 *     orientation.
 * @throws Error if it is damaged.
 */
export function read(bytes) {
  const facts = {kept: [], orientation: 1};
  const tables = {};
  const plain = [bytes.subarray(0, 2)];
  const profile = [];
  let frame = null;
  let at = 2;
  while (bytes[at + 1] !== START_OF_SCAN) {
    if (bytes[at] !== 0xff || at + 4 > bytes.length) throw new Error('damaged');
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    const end = at + 2 + (bytes[at + 2] << 8) + bytes[at + 3];
    const segment = bytes.subarray(at, end);
    const content = segment.subarray(4);
    if (marker === QUANTISATION) readTables(content, tables);
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      frame = content;
      facts.progressive = marker === PROGRESSIVE;
    }
    if (marker === 0xe1 && begins(content, EXIF)) {
      const exif = content.subarray(EXIF.length);
      facts.orientation = orientationOf(exif);
      const clean = segment.slice();
      clean.set(withoutThumbnail(exif), 4 + EXIF.length);
      facts.kept.push(clean);
    } else {
      if (marker === 0xe2 && begins(content, PROFILE)) profile.push(content);
      if (isKept(marker, content)) facts.kept.push(segment);
      plain.push(segment);
    }
    at = end;
  }
  if (!frame) throw new Error('damaged');
  plain.push(bytes.subarray(at));
  return {
    ...facts,
    ...readFrame(frame, tables),
    // In one part, for Firefox decodes none of several.
    pixels: new Blob([joined(plain)], {type: 'image/jpeg'}),
    isSrgb: isSrgb(profile.length ? joined(profile) : null),
  };
}

/** JFIF, XMP, profile, IPTC and comments; not the list of further pictures, which do not follow. */
function isKept(marker, content) {
  if (marker === 0xe2) return begins(content, PROFILE);
  return [0xe0, 0xe1, 0xed, COMMENT].includes(marker);
}

function readTables(content, tables) {
  let at = 0;
  while (at < content.length) {
    const deep = content[at] >> 4;
    const number = content[at] & 15;
    at += 1;
    tables[number] = Array.from({length: 64}, (_, index) =>
      deep ? (content[at + 2 * index] << 8) + content[at + 2 * index + 1] : content[at + index],
    );
    at += deep ? 128 : 64;
  }
}

function readFrame(frame, tables) {
  const count = frame[5];
  const parts = Array.from({length: count}, (_, index) => frame.subarray(6 + 3 * index));
  const [first, second] = parts;
  const across = second ? Math.round((first[1] >> 4) / (second[1] >> 4)) : 1;
  const down = second ? Math.round((first[1] & 15) / (second[1] & 15)) : 1;
  const sane = [1, 2].includes(across) && [1, 2].includes(down);
  return {
    height: (frame[1] << 8) + frame[2],
    width: (frame[3] << 8) + frame[4],
    components: count,
    sampling: sane ? [across, down] : [2, 2],
    tables: parts.map((part) => tables[part[2]]),
  };
}

/** Writes a JPEG as the file was written that `read` read.
 *
 * @param samples as a `Photo`'s, as the file has them: 1 or 3 colours of 8 bits.
 * @param facts what `read` gave.
 * @param pause is waited for now and then.
 */
export async function write(samples, facts, pause) {
  const inks = facts.components === 4;
  // What says how the colours are to be taken of inks says nothing of red, green and blue.
  const kept = facts.kept.filter((segment) => !(inks && segment[1] === 0xe2));
  const tables = samples.colors === 1 ? facts.tables.slice(0, 1) : facts.tables.slice(0, 3);
  const sampling = samples.colors === 1 || inks ? [1, 1] : facts.sampling;
  const parts = await encoded(samples, {kept, tables, sampling, progressive: facts.progressive}, pause);
  return new Blob(parts, {type: 'image/jpeg'});
}
