// Characters of Unicode that stand for those of ASCII or for single bytes, and that nobody reads as such: full width, mathematical and circled letters, the
// invisible tags and variation selectors, Braille. What is smuggled in them is written with a fixed distance, so a table of ranges says it all.

/** What the first of them means. */
const RANGES: readonly (readonly [from: number, to: number, meant: number])[] = [
  [0xff01, 0xff5e, 0x21],
  [0xe0020, 0xe007e, 0x20],
  [0x2800, 0x28ff, 0],
  [0xfe00, 0xfe0f, 0],
  [0xe0100, 0xe01ef, 16],
  [0x24b6, 0x24cf, 0x41],
  [0x24d0, 0x24e9, 0x61],
];
/** Thirteen styles of A to Z, a to z; five of 0 to 9. */
const MATH_LETTERS: readonly [number, number] = [0x1d400, 0x1d6a3];
const MATH_DIGITS: readonly [number, number] = [0x1d7ce, 0x1d7ff];

/** What the code point stands for; -1 for one that means itself. */
export function meantBy(code: number): number {
  for (const [from, to, meant] of RANGES) if (code >= from && code <= to) return code - from + meant;
  if (code >= MATH_LETTERS[0] && code <= MATH_LETTERS[1]) {
    const letter = (code - MATH_LETTERS[0]) % 52;
    return letter < 26 ? 0x41 + letter : 0x61 + letter - 26;
  }
  return code >= MATH_DIGITS[0] && code <= MATH_DIGITS[1] ? 0x30 + ((code - MATH_DIGITS[0]) % 10) : -1;
}

/** The first bytes in UTF-8 of all that stand for something. */
export const LEADS: readonly number[] = [0xe2, 0xef, 0xf0, 0xf3];

/** The code point that is written there in UTF-8, and its width; a lead byte of three or four bytes is there. */
export function codePointAt(bytes: Uint8Array, at: number): readonly [code: number, width: number] {
  const width = (bytes[at] as number) < 0xf0 ? 3 : 4;
  let code = (bytes[at] as number) & (width === 3 ? 15 : 7);
  for (let k = 1; k < width; k += 1) code = (code << 6) | ((bytes[at + k] ?? 0) & 63);
  return [code, width];
}
