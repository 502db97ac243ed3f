// Reads and writes the photos of a folder as the page does: node photo_files.mjs FOLDER. Of each a.png there comes
// a.png.levels, its samples, and a.png.again, the file written anew; of each a.jpg and a.jpg.levels, a.jpg.again.
import {readFileSync, readdirSync, writeFileSync} from 'node:fs';

import {withoutThumbnail} from '../../web/src/editing/file_facts.js';
import * as jpeg from '../../web/src/editing/jpeg.js';
import {asStored, upright} from '../../web/src/editing/photo.js';
import * as png from '../../web/src/editing/png.js';
import * as webp from '../../web/src/editing/webp.js';

const [folder] = process.argv.slice(2);
const bytesOf = (name) => new Uint8Array(readFileSync(`${folder}/${name}`));
const keep = (name, bytes) => writeFileSync(`${folder}/${name}`, bytes);
const all = async (blob) => new Uint8Array(await blob.arrayBuffer());
const told = {};
for (const name of readdirSync(folder).sort()) {
  if (name.endsWith('.png')) {
    const facts = png.read(bytesOf(name));
    await png.readProfile(facts);
    const samples = await png.samplesOf(facts);
    const turned = asStored(upright(samples, facts.orientation), facts.orientation);
    keep(`${name}.levels`, new Uint8Array(upright(samples, facts.orientation).data.buffer));
    keep(`${name}.again`, await all(await png.write(turned, facts.kept)));
    const {width, height, stride, colors, alpha} = samples;
    told[name] = {width, height, stride, colors, alpha, orientation: facts.orientation, isSrgb: facts.isSrgb};
  } else if (name.endsWith('.jpg')) {
    const facts = jpeg.read(bytesOf(name));
    const {width, height, orientation, components, isSrgb} = facts;
    told[name] = {width, height, orientation, components, isSrgb, pixels: facts.pixels.size};
    const colors = components === 1 ? 1 : 3;
    const data = new Uint8ClampedArray(bytesOf(`${name}.levels`));
    const samples = {width, height, stride: colors, colors, alpha: false, data};
    keep(`${name}.again`, await all(await jpeg.write(samples, facts, async () => {})));
  } else if (name.endsWith('.webp')) {
    const {width, height, orientation, lossless, moves, kept} = webp.read(bytesOf(name));
    told[name] = {width, height, orientation, lossless, moves, kept: kept.map(([kind]) => kind)};
  } else if (name.endsWith('.exif')) {
    keep(`${name}.again`, withoutThumbnail(bytesOf(name)));
  }
}
console.log(JSON.stringify(told));
