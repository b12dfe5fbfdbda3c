// Pieces of patterns, found in a stream at about a nanosecond a byte: at every fourth byte eight bytes are hashed, a bit table says no to all but a few,
// and the rest are compared in both directions. Case is folded, so that an upper-case copy is a copy.

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

/** Told of every piece: which pattern, from where in it, how long. True ends the scan. */
export type OnPiece = (pattern: number, offset: number, length: number) => boolean;

/** Eight bytes are compared by hash. */
export const GRAM = 8;
const STEP = 4;
/** So many places are looked at without a stop: a millisecond or two. A whole number of steps. */
const STRETCH = 256 * 1024;

const MIX_LOW = 0x9e3779b1;
const MIX_HIGH = 0x85ebca77;

/** ASCII letters in lower case, and the eighth bit away: some set it to hide a letter. */
const FOLD: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const low = byte & 0x7f;
  return low >= 0x41 && low <= 0x5a ? low + 0x20 : low;
});

/** The index over all patterns; the patterns themselves are folded copies. */
export class GramIndex {
  readonly patterns: readonly Pattern[];
  private readonly tables: readonly GramTable[];

  constructor(patterns: readonly Pattern[]) {
    this.patterns = patterns.map((pattern) => ({ ...pattern, bytes: pattern.bytes.map((byte) => FOLD[byte] ?? 0) }));
    // A pattern must be so long that every fourth place of a stream is one of its own; shorter ones are looked for at every place.
    const isLong = ({ bytes }: Pattern): boolean => bytes.length >= GRAM + STEP - 1;
    this.tables = [
      new GramTable(this.patterns, isLong, STEP),
      new GramTable(this.patterns, (pattern) => !isLong(pattern), 1),
    ].filter(({ size }) => size > 0);
  }

  /** Calls for the pieces that stand in the bytes, until a call answers true. Stops after every stretch. */
  *scan(bytes: Uint8Array, found: OnPiece): Generator<void, void> {
    for (const table of this.tables) {
      for (let from = 0; from + GRAM <= bytes.length; from += STRETCH) {
        if (table.scan(bytes, { from, to: from + STRETCH }, found)) return;
        yield;
      }
    }
  }
}

class GramTable {
  readonly size: number;
  private readonly patterns: readonly Pattern[];
  private readonly step: number;
  private readonly shift: number;
  private readonly bits: Uint8Array;
  private readonly heads: Int32Array;
  private readonly next: Int32Array;
  private readonly patternOf: Int32Array;
  private readonly offsetOf: Int32Array;

  constructor(patterns: readonly Pattern[], holds: (pattern: Pattern) => boolean, step: number) {
    this.patterns = patterns;
    this.step = step;
    this.size = patterns.filter(holds).reduce((sum, { bytes }) => sum + Math.max(0, bytes.length - GRAM + 1), 0);
    // 32 bits a gram: three of a hundred other places get as far as the comparison.
    const width = Math.min(26, Math.max(12, Math.ceil(Math.log2(this.size * 32 + 1))));
    this.shift = 32 - width;
    this.bits = new Uint8Array(2 ** (width - 3));
    this.heads = new Int32Array(2 ** (width - 5));
    this.next = new Int32Array(this.size + 1);
    this.patternOf = new Int32Array(this.size + 1);
    this.offsetOf = new Int32Array(this.size + 1);
    let entry = 0;
    for (const [number, pattern] of patterns.entries()) {
      if (!holds(pattern)) continue;
      for (let offset = 0; offset + GRAM <= pattern.bytes.length; offset += 1) {
        entry += 1;
        this.add(entry, number, offset);
      }
    }
  }

  private add(entry: number, number: number, offset: number): void {
    const bytes = this.patterns[number]?.bytes ?? new Uint8Array(GRAM);
    const slot =
      (Math.imul(word(bytes, offset), MIX_LOW) ^ Math.imul(word(bytes, offset + 4), MIX_HIGH)) >>> this.shift;
    this.bits[slot >>> 3] = (this.bits[slot >>> 3] ?? 0) | (1 << (slot & 7));
    const head = slot >>> 5;
    this.patternOf[entry] = number;
    this.offsetOf[entry] = offset;
    this.next[entry] = this.heads[head] ?? 0;
    this.heads[head] = entry;
  }

  /** The pieces of which a gram begins between two places. True when a call answered true. */
  scan(bytes: Uint8Array, { from, to }: { readonly from: number; readonly to: number }, found: OnPiece): boolean {
    const { bits, shift, step } = this;
    const last = Math.min(bytes.length - GRAM, to - 1);
    let high = 0;
    for (let at = from; at <= last; at += step) {
      // At every fourth place the second half of the one before is the first half of this one.
      const low = step === STEP && at > from ? high : word(bytes, at);
      high = word(bytes, at + 4);
      const slot = (Math.imul(low, MIX_LOW) ^ Math.imul(high, MIX_HIGH)) >>> shift;
      if ((((bits[slot >>> 3] as number) >>> (slot & 7)) & 1) === 1 && this.compare(bytes, at, slot >>> 5, found))
        return true;
    }
    return false;
  }

  private compare(bytes: Uint8Array, at: number, head: number, found: OnPiece): boolean {
    for (let entry = this.heads[head] ?? 0; entry !== 0; entry = this.next[entry] ?? 0) {
      const number = this.patternOf[entry] ?? 0;
      const pattern = this.patterns[number]?.bytes ?? bytes;
      let from = this.offsetOf[entry] ?? 0;
      let to = from;
      const shift = at - from;
      while (to < pattern.length && to + shift < bytes.length && FOLD[bytes[to + shift] as number] === pattern[to])
        to += 1;
      if (to - from < GRAM) continue;
      while (from > 0 && from + shift > 0 && FOLD[bytes[from + shift - 1] as number] === pattern[from - 1]) from -= 1;
      if (found(number, from, to - from)) return true;
    }
    return false;
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((FOLD[bytes[at] as number] as number) << 24) |
    ((FOLD[bytes[at + 1] as number] as number) << 16) |
    ((FOLD[bytes[at + 2] as number] as number) << 8) |
    (FOLD[bytes[at + 3] as number] as number)
  );
}
