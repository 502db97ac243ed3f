/** The bytes of a JPEG: segments, and coefficients as Huffman codes (ITU-T T.81). */

// The codes of annex K: how many there are of each length, then what they stand for.
const DC = [
  {counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], values: [...Array(12).keys()]},
  {counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], values: [...Array(12).keys()]},
];
const hex = (text) => text.match(/../g).map((pair) => parseInt(pair, 16));
const AC = [
  {
    counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d],
    values: hex(
      '01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a2526' +
        '2728292a3435363738393a434445464748494a535455565758595a636465666768696a737475767778797a838485' +
        '868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6' +
        'd7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa',
    ),
  },
  {
    counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77],
    values: hex(
      '000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f1171819' +
        '1a262728292a35363738393a434445464748494a535455565758595a636465666768696a737475767778797a8283' +
        '8485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4' +
        'd5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa',
    ),
  },
];

/** Code and length of each symbol. */
function codesOf({counts, values}) {
  const codes = [];
  let code = 0;
  let at = 0;
  counts.forEach((count, length) => {
    for (let each = 0; each < count; each += 1, at += 1, code += 1) codes[values[at]] = [code, length + 1];
    code *= 2;
  });
  return codes;
}

const CODES = [0, 1].map((id) => ({dc: codesOf(DC[id]), ac: codesOf(AC[id])}));

/** Writes into parts that grow; 0 names the codes of luminance, 1 those of colours. */
export class Writer {
  #parts = [];

  #out = new Uint8Array(1 << 16);

  #at = 0;

  #bits = 0;

  #held = 0;

  bytes(...values) {
    for (const value of values) this.#byte(value);
  }

  all(values) {
    for (let index = 0; index < values.length; index += 1) this.#byte(values[index]);
  }

  #byte(value) {
    if (this.#at === this.#out.length) {
      this.#parts.push(this.#out);
      this.#out = new Uint8Array(1 << 16);
      this.#at = 0;
    }
    this.#out[this.#at] = value;
    this.#at += 1;
  }

  #word(value) {
    this.bytes(value >> 8, value & 255);
  }

  tables(tables) {
    tables.forEach((table, number) => {
      const deep = table.some((step) => step > 255);
      this.bytes(0xff, 0xdb);
      this.#word(3 + (deep ? 128 : 64));
      this.bytes((deep ? 16 : 0) + number);
      for (const step of table) {
        if (deep) this.#word(step);
        else this.#byte(step);
      }
    });
  }

  /** What follows: sides in pixels, and of each color its number, how often it is sampled and its table. */
  frame(kind, width, height, parts, numbers) {
    this.bytes(0xff, kind);
    this.#word(8 + 3 * parts.length);
    this.bytes(8);
    this.#word(height);
    this.#word(width);
    this.bytes(parts.length);
    parts.forEach(([id, h, v], index) => this.bytes(id, 16 * h + v, numbers[index]));
  }

  codes(ids) {
    for (const id of ids) {
      for (const [kind, {counts, values}] of [[0, DC[id]], [16, AC[id]]]) {
        this.bytes(0xff, 0xc4);
        this.#word(19 + values.length);
        this.bytes(kind + id, ...counts, ...values);
      }
    }
  }

  /** Begins a scan of these colours, coefficients `from` to `to` of each block. */
  scan(parts, from, to) {
    this.#fill();
    this.bytes(0xff, 0xda);
    this.#word(6 + 2 * parts.length);
    this.bytes(parts.length);
    for (const [id, , , code] of parts) this.bytes(id, 17 * code);
    this.bytes(from, to, 0);
  }

  /** Writes the first coefficient of a block, as what it is more than that of the block before. */
  first(code, more) {
    this.#symbol(CODES[code].dc, 0, more);
  }

  /** Writes the levels `from` to `to` of a block that begins at `at`. */
  others(code, levels, at, from, to) {
    const {ac} = CODES[code];
    let zeros = 0;
    for (let place = at + from; place <= at + to; place += 1) {
      const level = levels[place];
      if (level === 0) {
        zeros += 1;
        continue;
      }
      for (; zeros > 15; zeros -= 16) this.#write(...ac[0xf0]);
      this.#symbol(ac, zeros << 4, level);
      zeros = 0;
    }
    if (zeros) this.#write(...ac[0]);
  }

  #symbol(codes, run, level) {
    const size = 32 - Math.clz32(Math.abs(level));
    this.#write(...codes[run + size]);
    if (size) this.#write(level < 0 ? level + (1 << size) - 1 : level, size);
  }

  #write(value, length) {
    for (let left = length - 1; left >= 0; left -= 1) {
      this.#held = (this.#held << 1) | ((value >> left) & 1);
      this.#bits += 1;
      if (this.#bits === 8) this.#flush();
    }
  }

  #flush() {
    this.#byte(this.#held);
    // Within pictures a byte of ones is followed by zeros, so that it is no marker.
    if (this.#held === 0xff) this.#byte(0);
    this.#held = 0;
    this.#bits = 0;
  }

  /** A scan ends with a whole byte. */
  #fill() {
    while (this.#bits) this.#write(1, 1);
  }

  /** Ends the file, and gives its parts. */
  finished() {
    this.#fill();
    this.bytes(0xff, 0xd9);
    return [...this.#parts, this.#out.subarray(0, this.#at)];
  }
}
