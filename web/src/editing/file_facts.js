/** What EXIF says of a photo's pixels, and what must not stay in it. */

const ORIENTATION = 0x0112;

/** A reader of EXIF's first directory, or null if it is damaged.
 *
 * @param exif Uint8Array that begins with the header of a TIFF.
 */
function directoryOf(exif) {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const order = exif.length > 8 ? view.getUint16(0) : 0;
  if (order !== 0x4949 && order !== 0x4d4d) return null;
  const little = order === 0x4949;
  const entriesAt = (start) => {
    const count = view.getUint16(start, little);
    const entries = Array.from({length: count}, (_, index) => start + 2 + 12 * index);
    return {
      entries: entries.map((at) => ({at, tag: view.getUint16(at, little)})),
      next: start + 2 + 12 * count,
    };
  };
  return {view, little, entriesAt, first: view.getUint32(4, little)};
}

/** EXIF's orientation, in [1, 8]; 1 where there is none, or none that has a meaning. */
export function orientationOf(exif) {
  try {
    const {view, little, entriesAt, first} = directoryOf(exif);
    const entry = entriesAt(first).entries.find(({tag}) => tag === ORIENTATION);
    const value = view.getUint16(entry.at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  } catch {
    return 1;
  }
}

/** EXIF whose second directory, the small picture of the whole, is neither named nor there: it would show
 * what was edited away. All else stays byte for byte, for what camera makers put in leans on its place. */
export function withoutThumbnail(exif) {
  const found = exif.slice();
  try {
    const {view, little, entriesAt, first} = directoryOf(found);
    const {next} = entriesAt(first);
    const second = view.getUint32(next, little);
    if (!second) return found;
    const place = {};
    for (const {at, tag} of entriesAt(second).entries) place[tag] = view.getUint32(at + 8, little);
    view.setUint32(next, 0, little);
    const start = place[0x0201] ?? 0;
    found.fill(0, start, start + (place[0x0202] ?? 0));
    return found;
  } catch {
    return exif;
  }
}

/** Whether a colour profile says that colours are sRGB, as no profile does. */
export function isSrgb(profile) {
  if (!profile) return true;
  const text = Array.from(profile, (byte) => String.fromCharCode(byte)).join('');
  return text.includes('sRGB') || text.includes('\0s\0R\0G\0B');
}

export function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function begins(bytes, text, at = 0) {
  return [...text].every((letter, index) => bytes[at + index] === letter.charCodeAt(0));
}
