// Every eight bytes that stand next to each other in a pattern, found in a stream at a few nanoseconds a byte: two multiplications, one look into a
// bit table that says no to all but a few, and then a comparison. Case is folded, so that an upper-case copy is a copy.

/** How long a piece of a pattern must be to be noticed at all. */
export const GRAM = 8;

/** One way in which a secret may be written. */
export interface Pattern {
  readonly bytes: Uint8Array;
  /** From how many of its bytes it counts as seen. */
  readonly enough: number;
  /** Of the secret that it is one of. */
  readonly secret: number;
  /** Resembles nothing else, so that pieces of it in several requests add up. */
  readonly isDense: boolean;
}

const MIX_LOW = 0x9e3779b1;
const MIX_HIGH = 0x85ebca77;

/** ASCII letters in lower case, everything else as it is. */
export const FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte,
);

/** The index over all patterns; the patterns themselves are folded copies. */
export class GramIndex {
  readonly patterns: readonly Pattern[];
  private readonly shift: number;
  private readonly bits: Uint8Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly patternOf: Int32Array;
  private readonly offsetOf: Int32Array;

  constructor(patterns: readonly Pattern[]) {
    this.patterns = patterns.map((pattern) => ({ ...pattern, bytes: pattern.bytes.map((byte) => FOLD[byte] ?? 0) }));
    const grams = this.patterns.reduce((sum, { bytes }) => sum + Math.max(0, bytes.length - GRAM + 1), 0);
    // 32 bits a gram: three of a hundred other positions get as far as the comparison.
    const size = Math.min(26, Math.max(12, Math.ceil(Math.log2(grams * 32 + 1))));
    this.shift = 32 - size;
    this.bits = new Uint8Array(2 ** (size - 3));
    this.heads = new Int32Array(2 ** (size - 5));
    this.next = new Int32Array(grams + 1);
    this.patternOf = new Int32Array(grams + 1);
    this.offsetOf = new Int32Array(grams + 1);
    let entry = 0;
    for (const [number, { bytes }] of this.patterns.entries())
      for (let offset = 0; offset + GRAM <= bytes.length; offset += 1) {
        entry += 1;
        this.add(entry, number, offset, bytes);
      }
  }

  private add(entry: number, number: number, offset: number, bytes: Uint8Array): void {
    let low = 0;
    let high = 0;
    for (let k = 0; k < GRAM; k += 1) {
      low = (low << 8) | (high >>> 24);
      high = (high << 8) | (bytes[offset + k] ?? 0);
    }
    const slot = (Math.imul(low, MIX_LOW) ^ Math.imul(high, MIX_HIGH)) >>> this.shift;
    this.bits[slot >>> 3] = (this.bits[slot >>> 3] ?? 0) | (1 << (slot & 7));
    const head = slot >>> 5;
    this.patternOf[entry] = number;
    this.offsetOf[entry] = offset;
    this.next[entry] = this.heads[head] ?? 0;
    this.heads[head] = entry;
  }

  /** Calls for every piece of a pattern that stands in the bytes, until a call answers true. True when one did. */
  scan(bytes: Uint8Array, found: (pattern: number, offset: number) => boolean): boolean {
    const { bits, shift } = this;
    let low = 0;
    let high = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      low = (low << 8) | (high >>> 24);
      high = (high << 8) | (FOLD[bytes[at] as number] as number);
      const slot = (Math.imul(low, MIX_LOW) ^ Math.imul(high, MIX_HIGH)) >>> shift;
      if ((((bits[slot >>> 3] as number) >>> (slot & 7)) & 1) === 1 && at >= GRAM - 1)
        if (this.compare(bytes, at - GRAM + 1, slot >>> 5, found)) return true;
    }
    return false;
  }

  private compare(
    bytes: Uint8Array,
    at: number,
    head: number,
    found: (pattern: number, offset: number) => boolean,
  ): boolean {
    for (let entry = this.heads[head] ?? 0; entry !== 0; entry = this.next[entry] ?? 0) {
      const number = this.patternOf[entry] ?? 0;
      const offset = this.offsetOf[entry] ?? 0;
      const pattern = this.patterns[number]?.bytes;
      let same = 0;
      while (same < GRAM && FOLD[bytes[at + same] ?? 0] === pattern?.[offset + same]) same += 1;
      if (same === GRAM && found(number, offset)) return true;
    }
    return false;
  }
}
