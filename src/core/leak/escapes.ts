// Single characters written otherwise: `%67` of URLs, `\x67`, `\u0067`, `\147` and `\n` of JSON and source code, `&#103;` of HTML, `=67` of mail.
// Any share of the characters may be written so, and what is written so may be again.
import { codePointAt, LEADS, meantBy } from "./lookalikes.ts";

const TIMES_MOST = 4;

/** The bytes with every such character as itself, through up to four layers; the same array where there is none. */
export function unescaped(bytes: Uint8Array): Uint8Array {
  let now = bytes;
  for (let times = 0; times < TIMES_MOST; times += 1) {
    const next = once(now);
    if (next === now) break;
    now = next;
  }
  return now;
}

/** So many bytes around such a character may belong to it: a line of mail. */
const AROUND = 80;

/**
 * Quoted-printable (RFC 2045), and only what stands near it: apart from the other escapes, because a query has `=` before what may be hex, and base64
 * ends in it. Empty where there is none.
 */
export function unquoted(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length + 1);
  let length = 0;
  let from = 0;
  const copy = (until: number): void => {
    out.set(bytes.subarray(from, until), length);
    length += until - from;
  };
  for (let at = nextQuoted(bytes, 0); at >= 0; at = nextQuoted(bytes, from)) {
    if (at - from > 2 * AROUND) {
      if (from > 0) copy(from + AROUND);
      if (length > 0) out[length++] = 0x0a;
      from = at - AROUND;
    }
    copy(at);
    const soft = softBreak(bytes, at);
    if (soft === 0) out[length++] = hexAt(bytes, at + 1, 2);
    from = at + (soft === 0 ? 3 : soft);
  }
  if (from > 0) copy(Math.min(bytes.length, from + AROUND));
  return out.subarray(0, length);
}

function nextQuoted(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x3d, from); at >= 0; at = bytes.indexOf(0x3d, at + 1))
    if (softBreak(bytes, at) > 0 || hexAt(bytes, at + 1, 2) >= 0) return at;
  return -1;
}

/** The length of an `=` that only breaks a line; 0 where it is none. */
function softBreak(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] === 0x0a) return 2;
  return bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a ? 3 : 0;
}

function once(bytes: Uint8Array): Uint8Array {
  if (![0x25, 0x5c, 0x26, ...LEADS].some((mark) => bytes.includes(mark))) return bytes;
  const out = new Uint8Array(bytes.length);
  let length = 0;
  let isChanged = false;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number;
    if (byte !== 0x25 && byte !== 0x5c && byte !== 0x26 && (byte < 0xe2 || !LEADS.includes(byte))) {
      out[length++] = byte;
      at += 1;
      continue;
    }
    const [code, width] = reads(byte, bytes, at);
    if (width === 0) {
      out[length++] = byte;
      at += 1;
      continue;
    }
    isChanged = true;
    at += width;
    length = push(out, length, code, byte === 0x25 && width === 3);
  }
  return isChanged ? out.subarray(0, length) : bytes;
}

function reads(byte: number, bytes: Uint8Array, at: number): Read {
  switch (byte) {
    case 0x25:
      return percent(bytes, at);
    case 0x5c:
      return backslash(bytes, at);
    case 0x26:
      return entity(bytes, at);
    default:
      return lookalike(bytes, at);
  }
}

/** `ｇｈｐ`, in UTF-8. */
function lookalike(bytes: Uint8Array, at: number): Read {
  const [code, width] = codePointAt(bytes, at);
  const meant = meantBy(code);
  return meant < 0 ? NONE : [meant, width];
}

/** What the characters mean, and how many they are; width 0 where they mean themselves. */
type Read = readonly [code: number, width: number];
const NONE: Read = [0, 0];

function percent(bytes: Uint8Array, at: number): Read {
  const value = hexAt(bytes, at + 1, 2);
  if (value >= 0) return [value, 3];
  const wide = bytes[at + 1] === 0x75 ? hexAt(bytes, at + 2, 4) : -1;
  return wide < 0 ? NONE : [wide, 6];
}

function standsFor(code: number): number {
  const meant = code < 0x2000 ? -1 : meantBy(code);
  return meant < 0 ? code : meant;
}

const LETTERS: Readonly<Record<number, number>> = { 110: 10, 114: 13, 116: 9, 98: 8, 102: 12, 118: 11, 97: 7, 101: 27 };

function backslash(bytes: Uint8Array, at: number): Read {
  const next = bytes[at + 1] ?? 0;
  if (next === 0x75 || next === 0x78 || next === 0x55) {
    if (bytes[at + 2] === 0x7b) {
      const end = bytes.indexOf(0x7d, at + 3);
      const value = end < 0 || end - at > 11 ? -1 : hexAt(bytes, at + 3, end - at - 3);
      if (value >= 0) return [value, end - at + 1];
    }
    const width = next === 0x75 ? 4 : next === 0x78 ? 2 : 8;
    const value = hexAt(bytes, at + 2, width);
    // JSON writes what lies beyond four digits as two halves.
    const low = width === 4 && value >> 10 === 0x36 && bytes[at + 6] === 0x5c ? hexAt(bytes, at + 8, 4) : -1;
    if (low >> 10 === 0x37) return [standsFor(0x10000 + ((value & 0x3ff) << 10) + (low & 0x3ff)), 12];
    return value < 0 ? NONE : [standsFor(value), width + 2];
  }
  let octal = 0;
  let digits = 0;
  for (; digits < 3; digits += 1) {
    const digit = (bytes[at + 1 + digits] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) break;
    octal = octal * 8 + digit;
  }
  if (digits > 0) return [octal & 255, digits + 1];
  const control = LETTERS[next];
  if (control !== undefined) return [control, 2];
  // `\/`, `\"`, `\-`: themselves.
  return next > 0x20 && next < 0x7f && !(next >= 0x41 && next <= 0x5a) && !(next >= 0x61 && next <= 0x7a)
    ? [next, 2]
    : NONE;
}

const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    sol: "/",
    plus: "+",
    equals: "=",
    lowbar: "_",
    hyphen: "-",
    dash: "-",
    period: ".",
    colon: ":",
    num: "#",
    percnt: "%",
    commat: "@",
    dollar: "$",
    excl: "!",
    ast: "*",
    nbsp: " ",
  }).map(([name, letter]) => [name, letter.charCodeAt(0)]),
);

function entity(bytes: Uint8Array, at: number): Read {
  let end = at + 1;
  while (end < bytes.length && end - at < 12 && isWord(bytes[end] as number)) end += 1;
  const text = String.fromCharCode(...bytes.subarray(at + 1, end));
  const width = end - at + (bytes[end] === 0x3b ? 1 : 0);
  const [, hexDigits, digits] = /^#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}))$/.exec(text) ?? [];
  if (hexDigits !== undefined) return [Number.parseInt(hexDigits, 16), width];
  if (digits !== undefined) return [Number(digits), width];
  const named = bytes[end] === 0x3b ? NAMES.get(text) : undefined;
  return named === undefined ? NONE : [named, width];
}

function isWord(byte: number): boolean {
  return byte === 0x23 || (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a);
}

function hexAt(bytes: Uint8Array, at: number, width: number): number {
  if (width < 1 || at + width > bytes.length) return -1;
  let value = 0;
  for (let k = 0; k < width; k += 1) {
    const byte = bytes[at + k] as number;
    const low = byte | 0x20;
    const digit = byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : low >= 0x61 && low <= 0x66 ? low - 0x57 : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** A code point as UTF-8, a byte as itself. Never longer than what it was written as. */
function push(out: Uint8Array, length: number, code: number, isByte: boolean): number {
  if (isByte || code < 0x80) {
    out[length] = code;
    return length + 1;
  }
  if (code < 0x800) out.set([0xc0 | (code >> 6), 0x80 | (code & 63)], length);
  else out.set([0xe0 | ((code >> 12) & 15), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)], length);
  return length + (code < 0x800 ? 2 : 3);
}
