// Bytes written as numbers: `[103, 104, 112, …]` as JSON and Python print them, octal as `od` does, ones and noughts; also two or four bytes a
// number.

/** A list is one from this many numbers on. */
const LEAST = 8;
/** More between two numbers: they are of two lists. `)+chr(` and `"},{"code":` are less. */
const BETWEEN_MOST = 16;
/** Bits of one character, without the noughts in front. */
const BITS_LEAST = 6;
/** An unbroken row of bits this long is no number. */
const ROW = 24;

/** So many bytes are read without a stop. */
const STRETCH = 128 * 1024;

/**
 * What lists of numbers mean, read as decimal, as octal and as binary; only the views that hold any. Before them comes an `undefined` for each stop on
 * the way.
 */
export function* numberViews(bytes: Uint8Array): Generator<Uint8Array | undefined, void> {
  const lists = [
    new NumberList(10, 3, 1),
    new NumberList(8, 3, 1),
    new NumberList(2, 8, 1),
    // As `od` prints them when nothing is asked of it, and with `-d` and `-i`.
    new NumberList(8, 6, 2),
    new NumberList(10, 5, 2),
    new NumberList(10, 10, 4),
  ];
  const rows: number[] = [];
  let from = -1;
  let last = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    if (at % STRETCH === STRETCH - 1) yield undefined;
    const byte = at < bytes.length ? (bytes[at] as number) : 0;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    if (isDigit) {
      if (from < 0) from = at;
      continue;
    }
    if (from < 0) continue;
    if (from - last > BETWEEN_MOST) for (const list of lists) list.end();
    if (at - from >= ROW) pushRow(bytes.subarray(from, at), rows);
    for (const list of lists) list.add(bytes, from, at);
    last = at;
    from = -1;
  }
  for (const list of lists) list.end();
  for (const values of [...lists.map(({ out }) => out), rows])
    if (values.length >= LEAST) yield Uint8Array.from(values);
}

/** Numbers of so many bytes each, the lowest first; of one byte, characters. */
class NumberList {
  readonly out: number[] = [];
  private readonly base: number;
  private readonly digits: number;
  private readonly bytes: number;
  private current: number[] = [];
  private largest = 0;

  constructor(base: number, digits: number, bytes: number) {
    this.base = base;
    this.digits = digits;
    this.bytes = bytes;
  }

  add(bytes: Uint8Array, from: number, to: number): void {
    let value = 0;
    let fits = to - from <= this.digits && (this.base > 2 || to - from >= BITS_LEAST);
    for (let at = from; fits && at < to; at += 1) {
      const digit = (bytes[at] as number) - 0x30;
      fits = digit < this.base;
      value = value * this.base + digit;
    }
    if (!fits || value >= 256 ** this.bytes) {
      this.end();
      return;
    }
    this.largest = Math.max(this.largest, value);
    for (let shift = 0; shift < this.bytes * 8; shift += 8) this.current.push((value >>> shift) & 255);
  }

  end(): void {
    // Numbers that are all characters are the other list's.
    if (this.current.length >= LEAST && (this.bytes === 1 || this.largest > 255)) {
      for (const value of this.current) this.out.push(value);
      this.out.push(0x0a);
    }
    if (this.current.length > 0) this.current = [];
    this.largest = 0;
  }
}

/** A row of digits without anything between: bits, or three digits a byte, from each place where a byte may begin. */
function pushRow(row: Uint8Array, into: number[]): void {
  const isBits = row.every((byte) => byte <= 0x31);
  for (const { base, width } of isBits ? [{ base: 2, width: 8 }] : THREE_DIGITS) {
    for (let phase = 0; phase < width; phase += 1) {
      for (let at = phase; at + width <= row.length; at += width) {
        let value = 0;
        for (let k = 0; k < width; k += 1) value = value * base + ((row[at + k] as number) - 0x30);
        into.push(value);
      }
      into.push(0x0a);
    }
  }
}

const THREE_DIGITS = [
  { base: 10, width: 3 },
  { base: 8, width: 3 },
] as const;
