// How one letter of a value may be written in an answer: as it is, or as URLs, JSON, HTML and programming languages escape it, in any mixture and over
// several lines. A letter of the placeholder is written in its place in the same way and width, so that nothing around it moves.

/** One way in which a text's letters are written. */
export interface Spelling {
  /** Bytes that a letter takes here; 0 for none, `undefined` where more bytes would have to be seen. */
  read(bytes: Buffer, at: number, letter: number): number | undefined;
  /** Bytes between two letters that say nothing; `undefined` as above. */
  gap(bytes: Buffer, at: number): number | undefined;
  /** Another letter in the place of one. */
  write(spelled: Buffer, letter: number): Buffer;
  /** Pairs of bytes with which a text of these first two letters may begin. */
  starts(first: number, second: number): readonly (readonly [number, number])[];
}

const [TAB, LF, CR, SPACE, AND, EQUALS, BACKSLASH, PERCENT] = [9, 10, 13, 32, 38, 61, 92, 37];
const BREAK_MOST = 8;
/** Longer than every escape. */
const ESCAPE_MOST = 16;
const NAMED: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };
const ESCAPE =
  /^(?:%(?:25){0,3}([0-9a-f]{2})|\\{1,4}u00([0-9a-f]{2})|\\{1,4}x([0-9a-f]{2})|&(?:amp;)?#x0{0,4}([0-9a-f]{2});|&(?:amp;)?#0{0,4}(\d{2,3});|&([a-z]{2,4});|\\{1,4}([^A-Za-z0-9\\\s]))/i;
/** The beginnings of one. */
const BEGUN = /^(?:%[0-9a-f]*|\\{1,4}(?:[ux][0-9a-f]*)?|&[a-z#0-9;]*)$/i;
const BREAK_BEGUN = /^(?:=\r?|\r|\\(?:r\\?)?)$/;

/** A letter as it is, or as an escape. */
export const escaped: Spelling = {
  read(bytes, at, letter) {
    const byte = bytes[at];
    if (byte !== PERCENT && byte !== BACKSLASH && byte !== AND) return byte === letter ? 1 : 0;
    const plain = byte === letter ? 1 : 0;
    // The two that whole documents are full of, without a text for each.
    if (byte === PERCENT && at + 2 < bytes.length && (bytes[at + 1] !== 0x32 || bytes[at + 2] !== 0x35))
      return digitsAt(bytes, at + 1) === letter ? 3 : plain;
    if (byte === BACKSLASH && bytes[at + 1] === 0x75 && at + 5 < bytes.length && digitsAt(bytes, at + 4) !== letter)
      return plain;
    const [whole, url, unicode, hex, entity, decimal, name, mark] =
      ESCAPE.exec(bytes.toString("latin1", at, at + ESCAPE_MOST)) ?? [];
    if (whole === undefined) return plain === 0 && isBegun(BEGUN, bytes, at) ? undefined : plain;
    const digits = url ?? unicode ?? hex ?? entity;
    const code =
      digits !== undefined
        ? Number.parseInt(digits, 16)
        : decimal !== undefined
          ? Number(decimal)
          : (mark?.charCodeAt(0) ?? NAMED[name ?? ""]);
    return code === letter ? whole.length : plain;
  },
  gap: lineBreak,
  write(spelled, letter) {
    const text = spelled.toString("latin1");
    if (text.length === 1) return Buffer.of(letter);
    if (text.startsWith("&") && !/#x/i.test(text)) return Buffer.from(entityOf(letter, text), "latin1");
    // What ends in no digits is a mark behind a backslash, and stays.
    const like = text.startsWith("%") && !/[a-f]/.test(text) ? "A" : text; // capitals, where a URL's digits do not say
    return Buffer.from(text.replace(/[0-9a-f]{2}(?=;?$)/i, hexLike(letter, like)), "latin1");
  },
  starts: (first, second) => [
    ...[second, PERCENT, BACKSLASH, AND, CR, LF, EQUALS].map((next) => [first, next] as const),
    ...[..."2", first.toString(16)[0] ?? ""].map((digit) => [PERCENT, digit.charCodeAt(0)] as const),
    ...[..."ux\\", String.fromCharCode(first)].map((next) => [BACKSLASH, next.charCodeAt(0)] as const),
    ...[..."#algq"].map((next) => [AND, next.charCodeAt(0)] as const),
  ],
};

/** Letters as they are, over several lines: Base64. */
export const wrapped: Spelling = {
  read: (bytes, at, letter) => (bytes[at] === letter ? 1 : 0),
  gap: lineBreak,
  write: (_, letter) => Buffer.of(letter),
  starts: (first, second) => [second, CR, LF, BACKSLASH, EQUALS].map((next) => [first, next] as const),
};

/** Nothing but the letters. */
export const exact: Spelling = { ...wrapped, gap: () => 0, starts: (first, second) => [[first, second]] };

/** Each byte as two digits of either case, parted by blanks, colons or hyphens. */
export const hexadecimal: Spelling = {
  read: (bytes, at, letter) => {
    if (at + 2 > bytes.length) return undefined;
    return digitsAt(bytes, at) === letter ? 2 : 0;
  },
  gap: (bytes, at) => (/[ :-]/.test(String.fromCharCode(bytes[at] ?? 0)) ? 1 : lineBreak(bytes, at)),
  write: (spelled, letter) => Buffer.from(hexLike(letter, spelled.toString("latin1")), "latin1"),
  starts: (first) => {
    const [high = "", low = ""] = first.toString(16).padStart(2, "0");
    const cases = (digit: string): readonly number[] => [
      ...new Set([digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)]),
    ];
    return cases(high).flatMap((one) => cases(low).map((other) => [one, other] as const));
  },
};

/** The number of two hexadecimal digits; NaN where there are none. */
function digitsAt(bytes: Buffer, at: number): number {
  return digit(bytes[at] ?? 0) * 16 + digit(bytes[at + 1] ?? 0);
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.NaN;
}

/** A line's end, as it is or as JSON writes it, with the indentation of the next; quoted-printable puts `=` before it. */
function lineBreak(bytes: Buffer, at: number): number | undefined {
  const byte = bytes[at];
  if (byte !== CR && byte !== LF && byte !== EQUALS && byte !== BACKSLASH) return 0;
  const [found = ""] = /^(?:=?\r?\n|(?:\\r)?\\n)/.exec(bytes.toString("latin1", at, at + BREAK_MOST)) ?? [];
  if (found === "" && isBegun(BREAK_BEGUN, bytes, at)) return undefined;
  let end = at + found.length;
  while (found !== "" && end < at + BREAK_MOST && (bytes[end] === SPACE || bytes[end] === TAB)) end += 1;
  return end - at;
}

/** True when the bytes end here, within something of that kind. */
function isBegun(begun: RegExp, bytes: Buffer, at: number): boolean {
  return at + ESCAPE_MOST > bytes.length && begun.test(bytes.toString("latin1", at));
}

function hexLike(letter: number, like: string): string {
  const hex = letter.toString(16).padStart(2, "0");
  return /[A-F]/.test(like) ? hex.toUpperCase() : hex;
}

/** `&#NN;` of the same width: capital letters need two digits. What is too short for any (`&lt;`) stays, and is a mark alone. */
function entityOf(letter: number, text: string): string {
  const before = /^&(?:amp;)?#/.exec(text)?.[0] ?? "&#";
  const width = text.length - before.length - 1;
  if (width < 2) return text;
  const code = width === 2 && letter > 99 ? letter - 32 : letter;
  return `${before}${String(code).padStart(width, "0")};`;
}
