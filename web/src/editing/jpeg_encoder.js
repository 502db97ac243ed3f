/** JPEG with given tables of quantisation (ITU-T T.81), by the integers of libjpeg, so that the same pixels become
 * the same coefficients as in the Python editor. */

import {fill, quantise, stepsOf} from './jpeg_blocks.js';
import {Writer} from './jpeg_writer.js';

const [BASELINE, EXTENDED, PROGRESSIVE] = [0xc0, 0xc1, 0xc2];
// What a progressive file has after the first coefficients of all blocks: first and last of a scan.
const BANDS = [
  [1, 5],
  [6, 63],
];

/** The parts of a file.
 *
 * @param samples as a `Photo`'s: 1 or 3 colours of 8 bits.
 * @param how {kept, tables, sampling, progressive}: segments that go first; tables of 64 in the order of the
 *     file, one for each colour; how many pixels, across and down, share a colour; whether the whole is there
 *     before its details are.
 * @param pause is waited for after each row of blocks.
 */
export async function encoded(samples, {kept, tables, sampling, progressive}, pause = async () => {}) {
  const {width, height, colors} = samples;
  const [across, down] = sampling;
  const writer = new Writer();
  writer.bytes(0xff, 0xd8);
  for (const segment of kept) writer.all(segment);
  const written = [...new Set(tables)];
  writer.tables(written);
  // Of each colour: its number, how often it is sampled across and down, and whose codes it has.
  const parts = colors === 1 ? [[1, 1, 1, 0]] : [[1, across, down, 0], [2, 1, 1, 1], [3, 1, 1, 1]];
  // Steps of 16 bits need the extended frame.
  const plain = written.flat().some((step) => step > 255) ? EXTENDED : BASELINE;
  const numbers = tables.map((table) => written.indexOf(table));
  writer.frame(progressive ? PROGRESSIVE : plain, width, height, parts, numbers);
  writer.codes(colors === 1 ? [0] : [0, 1]);
  const rows = rowsOf(samples, parts, tables, pause);
  if (progressive) await inScans(writer, rows, parts, samples, pause);
  else await atOnce(writer, rows, parts);
  return writer.finished();
}

/** Gives the levels of all blocks, row by row of those groups that share their colours: of each colour an
 * Int16Array, 64 for each block of a group, group after group. The next row is written over it. */
async function* rowsOf(samples, parts, tables, pause) {
  const [, across, down] = parts[0];
  const steps = tables.map(stepsOf);
  const planes = parts.map(([, h, v]) => new Int32Array(64 * h * v));
  const groups = Math.ceil(samples.width / (8 * across));
  const row = planes.map((plane) => new Int16Array(plane.length * groups));
  for (let top = 0; top < samples.height; top += 8 * down) {
    for (let group = 0; group < groups; group += 1) {
      fill(planes, samples, 8 * across * group, top, across, down);
      planes.forEach((plane, index) => {
        for (let at = 0; at < plane.length; at += 64) {
          quantise(plane.subarray(at, at + 64), steps[index], row[index], group * plane.length + at);
        }
      });
    }
    yield row;
    await pause();
  }
}

/** Calls with the part and the place of each block of a row, group by group. */
function eachOfGroups(row, parts, use) {
  const groups = row[0].length / (64 * parts[0][1] * parts[0][2]);
  for (let group = 0; group < groups; group += 1) {
    parts.forEach(([, h, v], index) => {
      for (let block = 0; block < h * v; block += 1) use(index, 64 * (group * h * v + block));
    });
  }
}

async function atOnce(writer, rows, parts) {
  writer.scan(parts, 0, 63);
  const last = parts.map(() => 0);
  for await (const row of rows) {
    eachOfGroups(row, parts, (index, at) => {
      const code = parts[index][3];
      writer.first(code, row[index][at] - last[index]);
      last[index] = row[index][at];
      writer.others(code, row[index], at, 1, 63);
    });
  }
}

async function inScans(writer, rows, parts, {width, height}, pause) {
  writer.scan(parts, 0, 0);
  const last = parts.map(() => 0);
  const kept = [];
  for await (const row of rows) {
    eachOfGroups(row, parts, (index, at) => {
      writer.first(parts[index][3], row[index][at] - last[index]);
      last[index] = row[index][at];
    });
    kept.push(row.map((levels) => levels.slice()));
  }
  const [, across, down] = parts[0];
  for (const [from, to] of BANDS) {
    for (const [index, part] of parts.entries()) {
      const [, h, v, code] = part;
      writer.scan([part], from, to);
      // A colour alone has no blocks but those with pixels of the photo.
      const columns = Math.ceil((width * h) / (8 * across));
      const lines = Math.ceil((height * v) / (8 * down));
      for (let line = 0; line < lines; line += 1) {
        const levels = kept[Math.floor(line / v)][index];
        for (let column = 0; column < columns; column += 1) {
          const block = Math.floor(column / h) * h * v + (line % v) * h + (column % h);
          writer.others(code, levels, 64 * block, from, to);
        }
        await pause();
      }
    }
  }
}
