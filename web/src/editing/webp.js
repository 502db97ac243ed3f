/** WebP: the browser reads and writes the pixels; what else the file says is put back around them. */

import {begins, isSrgb, joined, orientationOf, withoutThumbnail} from './file_facts.js';

const KEPT = ['ICCP', 'EXIF', 'XMP '];
const FLAGS = {ICCP: 0x20, ALPH: 0x10, EXIF: 0x08, 'XMP ': 0x04};
// Lossy ones do not tell their quality.
const QUALITY = 0.95;

export function isWebp(bytes) {
  return begins(bytes, 'RIFF') && begins(bytes, 'WEBP', 8);
}

/** What a WebP file says: {width, height, lossless, moves, orientation, kept, pixels, isSrgb}. */
export function read(bytes) {
  const chunks = chunksOf(bytes);
  const find = (name) => chunks.find(([other]) => other === name)?.[1];
  const facts = {orientation: 1, kept: [], moves: Boolean(find('ANIM')), isSrgb: isSrgb(find('ICCP'))};
  for (const [name, content] of chunks) {
    if (!KEPT.includes(name)) continue;
    const exif = begins(content, 'Exif\0\0') ? content.subarray(6) : content;
    if (name === 'EXIF') facts.orientation = orientationOf(exif);
    facts.kept.push([name, name === 'EXIF' ? withoutThumbnail(exif) : content]);
  }
  facts.lossless = Boolean(find('VP8L'));
  const plain = chunks.filter(([name]) => name !== 'EXIF');
  return {...facts, ...sizeOf(find), pixels: new Blob([container(plain)], {type: 'image/webp'})};
}

function sizeOf(find) {
  const [whole, lossless, lossy] = [find('VP8X'), find('VP8L'), find('VP8 ')];
  const three = (at) => whole[at] + (whole[at + 1] << 8) + (whole[at + 2] << 16) + 1;
  if (whole) return {width: three(4), height: three(7)};
  if (lossless) {
    const bits = lossless[1] + (lossless[2] << 8) + (lossless[3] << 16) + lossless[4] * 2 ** 24;
    return {width: (bits & 0x3fff) + 1, height: (Math.floor(bits / 2 ** 14) & 0x3fff) + 1};
  }
  if (!lossy) throw new Error('damaged');
  return {width: (lossy[6] + (lossy[7] << 8)) & 0x3fff, height: (lossy[8] + (lossy[9] << 8)) & 0x3fff};
}

function chunksOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    chunks.push([name, bytes.subarray(at + 8, at + 8 + length)]);
    at += 8 + length + (length & 1);
  }
  return chunks;
}

function container(chunks) {
  const parts = chunks.flatMap(([name, content]) => {
    const head = new Uint8Array(8);
    [...name].forEach((letter, index) => {
      head[index] = letter.charCodeAt(0);
    });
    new DataView(head.buffer).setUint32(4, content.length, true);
    return [head, content, new Uint8Array(content.length & 1)];
  });
  const body = joined(parts);
  const head = new Uint8Array(12);
  [...'RIFF'].forEach((letter, index) => {
    head[index] = letter.charCodeAt(0);
  });
  new DataView(head.buffer).setUint32(4, body.length + 4, true);
  [...'WEBP'].forEach((letter, index) => {
    head[8 + index] = letter.charCodeAt(0);
  });
  return joined([head, body]);
}

/** Writes what a canvas shows, with what the file said; null where the browser writes no WebP. */
export async function write(canvas, facts) {
  const quality = facts.lossless ? 1 : QUALITY;
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/webp', quality));
  if (blob?.type !== 'image/webp') return null;
  if (!facts.kept.length) return blob;
  const pixels = chunksOf(new Uint8Array(await blob.arrayBuffer())).filter(
    ([name]) => !KEPT.includes(name) && name !== 'VP8X',
  );
  const has = Object.fromEntries(facts.kept);
  const header = new Uint8Array(10);
  const alpha = pixels.some(([name, content]) => name === 'ALPH' || (name === 'VP8L' && content[4] & 0x10));
  header[0] = (alpha ? FLAGS.ALPH : 0) + Object.keys(has).reduce((sum, name) => sum + FLAGS[name], 0);
  const view = new DataView(header.buffer);
  [canvas.width, canvas.height].forEach((side, index) => {
    view.setUint16(4 + 3 * index, (side - 1) & 0xffff, true);
    view.setUint8(6 + 3 * index, (side - 1) >> 16);
  });
  const only = (name) => (has[name] ? [[name, has[name]]] : []);
  const chunks = [['VP8X', header], ...only('ICCP'), ...pixels, ...only('EXIF'), ...only('XMP ')];
  return new Blob([container(chunks)], {type: 'image/webp'});
}
