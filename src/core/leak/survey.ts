// One cheap pass over some bytes that says which decoders could find anything there at all: most bytes need none of them.

const DIGIT = 1;
const HEX = 2;
const BASE64 = 4;
const BETWEEN = 8;
const PRINTABLE = 16;
const ESCAPE = 32;
const EQUALS = 64;
const NUL = 128;
/** Within base64, it is none of its letters. */
const BREAK = 256;

const CLASS: Uint16Array = Uint16Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  const is = (pattern: RegExp, flag: number): number => (pattern.test(letter) ? flag : 0);
  return (
    is(/[0-9]/, DIGIT) |
    is(/[0-9a-fA-FxX]/, HEX) |
    is(/[A-Za-z0-9+/_-]/, BASE64) |
    is(/[\s:,.;_\\%/|[\]()-]/, BETWEEN) |
    is(/[\x20-\x7e\t\r\n]/, PRINTABLE) |
    is(/[%\\&\xe2\xef\xf0\xf3]/, ESCAPE) |
    is(/=/, EQUALS) |
    is(/[\r\n]/, BREAK) |
    (byte === 0 ? NUL : 0)
  );
});

/** What may be in the bytes. */
export interface Survey {
  /** Nothing but printable characters: nothing compressed. */
  readonly isText: boolean;
  /** Text, or enough of it in one piece; text in two bytes a character, too. */
  readonly hasText: boolean;
  readonly hasBase64: boolean;
  readonly hasHex: boolean;
  readonly hasNumbers: boolean;
  readonly hasEscapes: boolean;
  readonly hasEquals: boolean;
  readonly hasNuls: boolean;
}

const BASE64_LEAST = 12;
const HEX_LEAST = 16;
/** Digits: eight numbers have so many. */
const NUMBERS_LEAST = 8;
/** Chance makes no printable piece of this length. */
const TEXT_LEAST = 24;

/** Looks once at every byte. */
export function survey(bytes: Uint8Array): Survey {
  let all = 0;
  let printable = 0;
  let text = 0;
  let base64 = 0;
  let hex = 0;
  let numbers = 0;
  let longestText = 0;
  let longestBase64 = 0;
  let longestHex = 0;
  // Without a branch for each question: a run goes on, or is masked to nought.
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = CLASS[bytes[at] as number] as number;
    all |= kind;
    const isText = ((kind >>> 4) | (kind >>> 7)) & 1;
    const isBase64 = (kind >>> 2) & 1;
    printable += isText;
    text = (text + 1) & -isText;
    base64 = (base64 + isBase64) & -(isBase64 | (kind >>> 8));
    hex = (hex + ((kind >>> 1) & 1)) & -(((kind >>> 1) | (kind >>> 3)) & 1);
    numbers += kind & 1;
    if (text > longestText) longestText = text;
    if (base64 > longestBase64) longestBase64 = base64;
    if (hex > longestHex) longestHex = hex;
  }
  return {
    isText: printable === bytes.length && (all & NUL) === 0,
    hasText: longestText >= TEXT_LEAST || printable * 5 >= bytes.length * 4,
    hasBase64: longestBase64 >= BASE64_LEAST,
    hasHex: longestHex >= HEX_LEAST,
    hasNumbers: numbers >= NUMBERS_LEAST,
    hasEscapes: (all & ESCAPE) !== 0,
    hasEquals: (all & EQUALS) !== 0,
    hasNuls: (all & NUL) !== 0,
  };
}
