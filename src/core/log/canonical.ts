// The one JSON form of the log, checked on bytes without building a tree: what `JSON.stringify(JSON.parse(x))` would give
// back unchanged, with safe integers only, unique keys, valid UTF-8 and a bounded depth. A second spelling of the same
// record would be a second leaf for one meaning, so anything else is refused. About 1 ns a byte.

/** Deepest nesting a record may have. */
export const MAX_DEPTH = 64;

/** Thrown inside this file only; `endOfJson` turns it into -1. */
const REFUSED = -1;

/**
 * Reads one canonical JSON value that starts at `at` and returns the offset behind it, or -1 when the bytes are not what
 * the writer would have written. Never throws.
 */
export function endOfJson(bytes: Uint8Array, at: number, end: number, depth: number = MAX_DEPTH): number {
  if (at >= end) return REFUSED;
  const first = bytes[at];
  switch (first) {
    case 0x22:
      return endOfString(bytes, at, end);
    case 0x7b:
      return depth === 0 ? REFUSED : endOfObject(bytes, at, end, depth);
    case 0x5b:
      return depth === 0 ? REFUSED : endOfArray(bytes, at, end, depth);
    case 0x74:
      return word(bytes, at, end, "true");
    case 0x66:
      return word(bytes, at, end, "false");
    case 0x6e:
      return word(bytes, at, end, "null");
    default:
      return endOfInteger(bytes, at, end);
  }
}

/** Offset behind `text` (ASCII) when it stands at `at`, else -1. */
export function word(bytes: Uint8Array, at: number, end: number, text: string): number {
  if (at + text.length > end) return REFUSED;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return REFUSED;
  return at + text.length;
}

function endOfArray(bytes: Uint8Array, open: number, end: number, depth: number): number {
  let at = open + 1;
  if (bytes[at] === 0x5d && at < end) return at + 1;
  for (;;) {
    at = endOfJson(bytes, at, end, depth - 1);
    if (at === REFUSED || at >= end) return REFUSED;
    if (bytes[at] === 0x5d) return at + 1;
    if (bytes[at] !== 0x2c) return REFUSED;
    at++;
  }
}

function endOfObject(bytes: Uint8Array, open: number, end: number, depth: number): number {
  let at = open + 1;
  if (bytes[at] === 0x7d && at < end) return at + 1;
  const keys = new Keys(bytes);
  for (;;) {
    const key = at;
    at = endOfString(bytes, at, end);
    if (at === REFUSED || at >= end || bytes[at] !== 0x3a || !keys.add(key + 1, at - 1)) return REFUSED;
    at = endOfJson(bytes, at + 1, end, depth - 1);
    if (at === REFUSED || at >= end) return REFUSED;
    if (bytes[at] === 0x7d) return at + 1;
    if (bytes[at] !== 0x2c) return REFUSED;
    at++;
  }
}

/** The keys of one object so far. JavaScript puts index-like keys first in rising order; the writer does, so must the text. */
class Keys {
  readonly #bytes: Uint8Array;
  readonly #few: number[] = [];
  #many: Set<string> | undefined;
  #lastIndex = -1;
  #sawName = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** False when the key was there before or stands in the wrong place. */
  add(start: number, end: number): boolean {
    const index = indexLike(this.#bytes, start, end);
    if (index >= 0) {
      if (this.#sawName || index <= this.#lastIndex) return false;
      this.#lastIndex = index;
      return true;
    }
    this.#sawName = true;
    return this.#many === undefined ? this.#addFew(start, end) : this.#addMany(start, end);
  }

  #addFew(start: number, end: number): boolean {
    const few = this.#few;
    for (let i = 0; i < few.length; i += 2) {
      const from = few[i] as number;
      if ((few[i + 1] as number) - from === end - start && same(this.#bytes, from, start, end - start)) return false;
    }
    few.push(start, end);
    if (few.length > 32) {
      this.#many = new Set();
      for (let i = 0; i < few.length; i += 2) this.#addMany(few[i] as number, few[i + 1] as number);
    }
    return true;
  }

  #addMany(start: number, end: number): boolean {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(this.#bytes[i] as number);
    if (this.#many?.has(text)) return false;
    this.#many?.add(text);
    return true;
  }
}

function same(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

/** The number of an array-index key (`0` to 4294967294, no leading zero), else -1. */
function indexLike(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length > 10 || (length > 1 && bytes[start] === 0x30)) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = (bytes[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= 4_294_967_294 ? value : -1;
}

function endOfInteger(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const negative = bytes[at] === 0x2d;
  if (negative) at++;
  const digits = at;
  let value = 0;
  while (at < end) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
    at++;
  }
  const length = at - digits;
  if (length === 0 || length > 16 || value > Number.MAX_SAFE_INTEGER) return REFUSED;
  if (bytes[digits] === 0x30 && (length > 1 || negative)) return REFUSED;
  return at;
}

function endOfString(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || bytes[start] !== 0x22) return REFUSED;
  let at = start + 1;
  while (at < end) {
    // Nearly everything is plain: one look at a table a byte.
    while (at < end && PLAIN[bytes[at] as number] === 1) at++;
    if (at >= end) return REFUSED;
    const byte = bytes[at] as number;
    if (byte === 0x22) return at + 1;
    if (byte < 0x20) return REFUSED;
    at = byte === 0x5c ? endOfEscape(bytes, at, end) : endOfUtf8(bytes, at, end);
    if (at === REFUSED) return REFUSED;
  }
  return REFUSED;
}

/** ASCII that stands for itself in a string. */
const PLAIN: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x20 && code < 0x80 && code !== 0x22 && code !== 0x5c ? 1 : 0,
);

/** Only the escapes JSON.stringify writes: the seven short ones, `\u00xx` for other controls, lone surrogate halves. */
function endOfEscape(bytes: Uint8Array, at: number, end: number): number {
  switch (bytes[at + 1]) {
    case 0x22:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return at + 2 < end ? at + 2 : REFUSED;
    case 0x75: {
      const unit = hex4(bytes, at + 2, end);
      if (unit < 0x20) return unit < 0 || SHORT.has(unit) ? REFUSED : at + 6;
      if (unit < 0xd800 || unit > 0xdfff) return REFUSED;
      // Two halves that belong together are one character, which is written as itself.
      const paired =
        unit < 0xdc00 && bytes[at + 6] === 0x5c && bytes[at + 7] === 0x75 && isLow(hex4(bytes, at + 8, end));
      return paired ? REFUSED : at + 6;
    }
    default:
      return REFUSED;
  }
}

/** Control characters that have a short escape. */
const SHORT: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d]);

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Four lower-case hexadecimal digits, or -1. */
function hex4(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at + i] as number;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** Offset behind one well-formed UTF-8 sequence of two to four bytes (Unicode table 3-7), or -1. */
function endOfUtf8(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > end) return REFUSED;
  const second = bytes[at + 1] as number;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return REFUSED;
  for (let i = 2; i < length; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return REFUSED;
  return at + length;
}
