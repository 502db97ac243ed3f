/** PNG, read and written by hand: a canvas keeps neither 16 bits nor the colours behind alpha, and drops what
 * else the file says. */

import {begins, isSrgb, joined, orientationOf, withoutThumbnail} from './file_facts.js';

const SIGNATURE = '\x89PNG\r\n\x1a\n';
// What says how the colours are, how large a point is, and what is written beside; the rest is made for the
// samples as they were.
const KEPT = ['iCCP', 'sRGB', 'gAMA', 'cHRM', 'cICP', 'pHYs', 'tEXt', 'zTXt', 'iTXt', 'tIME'];
const CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4};
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** What a PNG file says, without its pixels: {width, height, depth, kind, interlaced, orientation, kept,
 * palette, clear, data, isSrgb}.
 *
 * @throws Error if it is damaged.
 */
export function read(bytes) {
  const facts = {kept: [], data: [], orientation: 1, isSrgb: true};
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (content.length < length) throw new Error('damaged');
    if (name === 'IHDR') {
      Object.assign(facts, {
        width: view.getUint32(at + 8),
        height: view.getUint32(at + 12),
        depth: content[8],
        kind: content[9],
        interlaced: content[12] === 1,
      });
    }
    if (name === 'PLTE') facts.palette = content;
    if (name === 'tRNS') facts.clear = content;
    if (name === 'IDAT') facts.data.push(content);
    if (name === 'acTL') facts.moves = true;
    if (name === 'iCCP') facts.isSrgb = false;
    if (name === 'eXIf') {
      facts.orientation = orientationOf(content);
      facts.kept.push([name, withoutThumbnail(content)]);
    }
    if (KEPT.includes(name)) facts.kept.push([name, content]);
    if (name === 'IEND') break;
    at += 12 + length;
  }
  if (!CHANNELS[facts.kind] || !facts.width || !facts.data.length) throw new Error('damaged');
  return facts;
}

/** Whether a profile's name or, where it can be told, its text says sRGB. */
export async function readProfile(facts) {
  const found = facts.kept.find(([name]) => name === 'iCCP');
  if (!found) return;
  const packed = found[1].subarray(found[1].indexOf(0) + 2);
  facts.isSrgb = isSrgb(await inflated([packed]));
}

/** The samples of a file, as it has them; what has a palette or few bits is unfolded.
 *
 * @throws Error if it is damaged.
 */
export async function samplesOf(facts) {
  const raw = await inflated(facts.data);
  const {width, height, kind, depth} = facts;
  const channels = CHANNELS[kind];
  const levels = new (depth === 16 ? Uint16Array : Uint8ClampedArray)(width * height * channels);
  const passes = facts.interlaced ? PASSES : [[0, 0, 1, 1]];
  let at = 0;
  for (const [left, top, right, down] of passes) {
    const columns = Math.ceil((width - left) / right);
    const rows = Math.ceil((height - top) / down);
    if (columns <= 0 || rows <= 0) continue;
    const rowBytes = Math.ceil((columns * channels * depth) / 8);
    const step = Math.max(1, (channels * depth) >> 3);
    let above = new Uint8Array(rowBytes);
    for (let row = 0; row < rows; row += 1, at += rowBytes + 1) {
      const line = raw.subarray(at + 1, at + 1 + rowBytes);
      if (line.length < rowBytes) throw new Error('damaged');
      unfilter(raw[at], line, above, step);
      above = line;
      spread(line, levels, (top + row * down) * width + left, right, columns, channels, depth, kind);
    }
  }
  return unfolded(levels, facts, channels);
}

async function inflated(parts) {
  return bytesOf(new Blob(parts).stream().pipeThrough(new DecompressionStream('deflate')));
}

async function bytesOf(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function unfilter(kind, line, above, step) {
  for (let at = 0; at < line.length; at += 1) {
    const left = at < step ? 0 : line[at - step];
    if (kind === 1) line[at] += left;
    else if (kind === 2) line[at] += above[at];
    else if (kind === 3) line[at] += (left + above[at]) >> 1;
    else if (kind === 4) line[at] += paeth(left, above[at], at < step ? 0 : above[at - step]);
  }
}

function paeth(left, up, corner) {
  const a = Math.abs(up - corner);
  const b = Math.abs(left - corner);
  const c = Math.abs(left + up - 2 * corner);
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Lays a row into the picture; grey of few bits is stretched to 255. */
function spread(line, levels, start, right, columns, channels, depth, kind) {
  const count = columns * channels;
  const scale = kind === 3 || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  for (let index = 0; index < count; index += 1) {
    const pixel = Math.floor(index / channels);
    let level;
    if (depth === 16) level = (line[2 * index] << 8) + line[2 * index + 1];
    else if (depth === 8) level = line[index];
    else {
      const bit = index * depth;
      level = ((line[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1)) * scale;
    }
    levels[(start + pixel * right) * channels + (index % channels)] = level;
  }
}

function unfolded(levels, {width, height, kind, depth, palette, clear}, channels) {
  const size = {width, height};
  if (kind === 4) return {...size, stride: 2, colors: 1, alpha: true, data: levels};
  if (kind === 6) return {...size, stride: 4, colors: 3, alpha: true, data: levels};
  const colors = kind === 0 ? 1 : 3;
  if (kind !== 3 && !clear) return {...size, stride: channels, colors, alpha: false, data: levels};
  const stride = colors + (clear ? 1 : 0);
  const data = new levels.constructor(width * height * stride);
  const most = depth === 16 ? 65535 : 255;
  const scale = kind === 3 || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  const key = kind === 3 ? null : Array.from({length: colors}, (_, color) =>
    ((clear[2 * color] << 8) + clear[2 * color + 1]) * scale);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const to = pixel * stride;
    if (kind === 3) {
      const entry = levels[pixel];
      for (let color = 0; color < 3; color += 1) data[to + color] = palette[3 * entry + color];
      if (clear) data[to + 3] = entry < clear.length ? clear[entry] : 255;
      continue;
    }
    const place = pixel * channels;
    let isClear = true;
    for (let color = 0; color < colors; color += 1) {
      data[to + color] = levels[place + color];
      if (levels[place + color] !== Math.round(key[color])) isClear = false;
    }
    data[to + colors] = isClear ? 0 : most;
  }
  return {...size, stride, colors, alpha: Boolean(clear), data};
}

/** Writes a PNG.
 *
 * @param samples as a `Photo`'s, as the file is to have them.
 * @param kept [name, content] of each chunk that goes before the pixels.
 * @param pause is waited for now and then.
 */
export async function write(samples, kept, pause = async () => {}) {
  const {width, height, colors, alpha, data} = samples;
  const depth = data.BYTES_PER_ELEMENT * 8;
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([depth, (colors === 3 ? 2 : 0) + (alpha ? 4 : 0)], 8);
  const packed = new CompressionStream('deflate');
  const deflated = bytesOf(packed.readable);
  const writer = packed.writable.getWriter();
  for await (const rows of filtered(samples, depth / 8)) {
    writer.write(rows);
    await pause();
  }
  writer.close();
  const chunks = [['IHDR', header], ...kept, ['IDAT', await deflated], ['IEND', new Uint8Array(0)]];
  const parts = [Uint8Array.from(SIGNATURE, (letter) => letter.charCodeAt(0)), ...chunks.map(chunkOf)];
  return new Blob(parts, {type: 'image/png'});
}

/** The rows, each byte less what Paeth's filter expects. */
function* filtered({width, height, stride, colors, alpha, data}, bytes) {
  const channels = colors + (alpha ? 1 : 0);
  const step = channels * bytes;
  const rowBytes = width * step;
  let above = new Uint8Array(rowBytes);
  for (let row = 0; row < height; ) {
    const count = Math.min(64, height - row);
    const out = new Uint8Array(count * (rowBytes + 1));
    for (let each = 0; each < count; each += 1, row += 1) {
      const line = new Uint8Array(rowBytes);
      let from = row * width * stride;
      for (let column = 0, to = 0; column < width; column += 1, from += stride) {
        for (let channel = 0; channel < channels; channel += 1) {
          const level = data[from + channel];
          if (bytes === 2) line[to++] = level >> 8;
          line[to++] = level & 255;
        }
      }
      const at = each * (rowBytes + 1);
      out[at] = 4;
      for (let index = 0; index < rowBytes; index += 1) {
        const left = index < step ? 0 : line[index - step];
        const corner = index < step ? 0 : above[index - step];
        out[at + 1 + index] = line[index] - paeth(left, above[index], corner);
      }
      above = line;
    }
    yield out;
  }
}

function chunkOf([name, content]) {
  const head = new Uint8Array(8);
  const view = new DataView(head.buffer);
  view.setUint32(0, content.length);
  [...name].forEach((letter, index) => view.setUint8(4 + index, letter.charCodeAt(0)));
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, checksum(head.subarray(4), content));
  return joined([head, content, tail]);
}

const REST = Uint32Array.from({length: 256}, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function checksum(...parts) {
  let rest = 0xffffffff;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 1) rest = REST[(rest ^ part[at]) & 255] ^ (rest >>> 8);
  }
  return (rest ^ 0xffffffff) >>> 0;
}

export function isPng(bytes) {
  return begins(bytes, SIGNATURE);
}
