/** The edited photo as a file. */

import {Changes} from '../editing/changes.js';
import {save, suffixOf} from '../editing/photo_files.js';

// Milliseconds for which the page may be deaf while a large photo is written.
const MOST_DEAF = 40;
// After so many the browser has read what it was given.
const READ_AFTER = 60_000;

/** Edits a photo at its full size and gives it to the browser to keep; gives the name of the file.
 *
 * @param opened the photo.
 * @param faces of each edited face, the changes of the edits.
 * @param strengths, names of the edits.
 */
export async function write(opened, faces, strengths, names) {
  const pause = breather();
  const edited = await new Changes(opened.file.photo, faces).at(strengths, pause);
  const blob = await save(edited, opened.file, pause);
  const link = document.createElement('a');
  link.download = nameOf(opened.name, names, blob);
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), READ_AFTER);
  return link.download;
}

function breather() {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < MOST_DEAF) return;
    await new Promise((done) => {
      setTimeout(done);
    });
    last = performance.now();
  };
}

/** As the Python editor names it: the photo's name, then the edits. */
function nameOf(name, edits, blob) {
  const dot = name.lastIndexOf('.');
  const [stem, suffix] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const wanted = suffixOf(blob);
  const isSame = suffix.toLowerCase().replace('jpeg', 'jpg') === wanted;
  return `${stem}-${edits.join('-')}${isSame ? suffix : wanted}`;
}
