// One cheap pass over some bytes that says which decoders could find anything there at all: most bytes need none of them.

const DIGIT = 1;
const HEX = 2;
const BASE64 = 4;
const BETWEEN = 8;
const PRINTABLE = 16;
const ESCAPE = 32;
const EQUALS = 64;
const NUL = 128;

const CLASS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte);
  const is = (pattern: RegExp, flag: number): number => (pattern.test(letter) ? flag : 0);
  return (
    is(/[0-9]/, DIGIT) |
    is(/[0-9a-fA-FxX]/, HEX) |
    is(/[A-Za-z0-9+/_-]/, BASE64) |
    is(/[\s:,.;_\\%/|[\]()-]/, BETWEEN) |
    is(/[\x20-\x7e\t\r\n]/, PRINTABLE) |
    is(/[%\\&]/, ESCAPE) |
    is(/=/, EQUALS) |
    (byte === 0 ? NUL : 0)
  );
});

/** What may be in the bytes. */
export interface Survey {
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
const NUMBERS_LEAST = 15;
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
  let longestNumbers = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const kind = CLASS[bytes[at] as number] as number;
    all |= kind;
    if ((kind & (PRINTABLE | NUL)) !== 0) {
      printable += 1;
      text += 1;
      if (text > longestText) longestText = text;
    } else text = 0;
    if ((kind & BASE64) !== 0) {
      base64 += 1;
      if (base64 > longestBase64) longestBase64 = base64;
    } else if (bytes[at] !== 0x0a && bytes[at] !== 0x0d) base64 = 0;
    if ((kind & (HEX | BETWEEN)) !== 0) {
      if ((kind & HEX) !== 0) hex += 1;
      if (hex > longestHex) longestHex = hex;
      if ((kind & (DIGIT | BETWEEN)) !== 0) {
        numbers += 1;
        if (numbers > longestNumbers) longestNumbers = numbers;
      } else numbers = 0;
    } else {
      hex = 0;
      numbers = 0;
    }
  }
  return {
    hasText: longestText >= TEXT_LEAST || printable * 5 >= bytes.length * 4,
    hasBase64: longestBase64 >= BASE64_LEAST,
    hasHex: longestHex >= HEX_LEAST,
    hasNumbers: longestNumbers >= NUMBERS_LEAST,
    hasEscapes: (all & ESCAPE) !== 0,
    hasEquals: (all & EQUALS) !== 0,
    hasNuls: (all & NUL) !== 0,
  };
}
