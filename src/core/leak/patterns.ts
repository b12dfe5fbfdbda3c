// The ways in which a secret is written by one step (base64 at its three alignments, hex, base32, reversed, …), as patterns to be looked for.
// What takes further steps is undone first, by the decoders of views.ts; the last step is always found here.

import { decodedForms } from "./decoded-forms.ts";
import { type Alphabet, ascii85, asNumbers, BASE32S, BASE64, BASE85, letters, UU, Z85 } from "./encodings.ts";
import { GRAM, type Pattern } from "./gram-index.ts";
import { enoughOf, type LeakSecret } from "./secret.ts";

/** Two ways that begin alike for so long are the same. */
const LONGEST = 4096;

/** All patterns of all secrets; `secret` is the place in the list. */
export function patternsOf(secrets: readonly LeakSecret[]): readonly Pattern[] {
  return secrets.flatMap((secret, number) => {
    const enough = enoughOf(secret);
    // A copy of its own kind: what is handed in may be a view whose slices share its memory.
    const value = Uint8Array.from(secret.value);
    const forms = new Forms(enough / value.length, number);
    addUsual(forms, value, isDense(value));
    addOdd(forms, value);
    // A key that is itself written in hex or base64 leaves as well as the bytes that it means.
    for (const meant of decodedForms(value)) addUsual(forms, meant, true);
    return forms.all;
  });
}

/** The ways of writing one secret. */
class Forms {
  readonly all: Pattern[] = [];
  private readonly share: number;
  private readonly secret: number;
  private readonly seen = new Set<string>();

  constructor(share: number, secret: number) {
    this.share = share;
    this.secret = secret;
  }

  add(bytes: Uint8Array, isDense = false): void {
    const key = String.fromCharCode(...bytes.subarray(0, LONGEST));
    if (bytes.length < GRAM || this.seen.has(key)) return;
    this.seen.add(key);
    const enough = Math.max(GRAM, Math.ceil(bytes.length * this.share));
    this.all.push({ bytes: Uint8Array.from(bytes), enough, secret: this.secret, isDense });
  }
}

function addUsual(forms: Forms, value: Uint8Array, dense: boolean): void {
  forms.add(value, dense);
  // Only what is no separator: found however it is spaced, quoted or cut up.
  const bare = onlyAlphanumeric(value);
  if (bare.length >= value.length * 0.6) forms.add(bare, dense);
  for (const skip of [0, 1, 2]) {
    const base64 = letters(value, BASE64, skip);
    forms.add(base64, dense);
    // `+`, `/`, `-` and `_` are separators to the search that skips them.
    forms.add(onlyAlphanumeric(base64));
  }
  forms.add(hex(value));
}

function addOdd(forms: Forms, value: Uint8Array): void {
  const reversed = value.slice().reverse();
  forms.add(reversed);
  forms.add(onlyAlphanumeric(reversed));
  forms.add(hex(reversed));
  forms.add(hex(value).reverse());
  forms.add(turned(value));
  forms.add(shiftedPrintable(value));
  for (const skip of [0, 1, 2]) {
    forms.add(letters(reversed, BASE64, skip));
    forms.add(letters(value, BASE64, skip).reverse());
    forms.add(turned(letters(value, BASE64, skip)));
    forms.add(letters(value, UU, skip));
  }
  for (const alphabet of BASE32S) for (const skip of [0, 1, 2, 3, 4]) forms.add(letters(value, alphabet, skip));
  for (const alphabet of [ascii85, BASE85, Z85] satisfies readonly Alphabet[])
    for (const skip of [0, 1, 2, 3]) forms.add(letters(value, alphabet, skip));
  // As `hexdump` and `od -x` print it.
  for (const word of [2, 4, 8])
    for (let skip = 0; skip < word; skip += 1) forms.add(hex(swapped(value.subarray(skip), word)));
  for (const number of [value, reversed]) for (const long of asNumbers(number)) forms.add(long);
  for (const of of BYTES) forms.add(value.map((byte) => of[byte] ?? 0));
}

/** Letters, digits and nothing said twice: what a machine made. A piece of it stands nowhere else. */
function isDense(value: Uint8Array): boolean {
  if (value.length < 16) return false;
  const text = String.fromCharCode(...value.slice(0, 256));
  return !/:\/\/|[\s@]/.test(text) && /[0-9]/.test(text) && new Set(text).size >= Math.min(12, text.length * 0.4);
}

const ALPHANUMERIC: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The ASCII letters and digits alone. */
export function onlyAlphanumeric(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    out[length] = byte;
    length += ALPHANUMERIC[byte] as number;
  }
  return out.subarray(0, length);
}

function hex(bytes: Uint8Array): Uint8Array {
  const digit = (value: number): number => (value < 10 ? 0x30 : 0x57) + value;
  return Uint8Array.from({ length: bytes.length * 2 }, (_, at) => {
    const byte = bytes[at >> 1] ?? 0;
    return digit(at % 2 === 0 ? byte >> 4 : byte & 15);
  });
}

/** Each word of two, four or eight bytes from its end. */
function swapped(bytes: Uint8Array, word: number): Uint8Array {
  return Uint8Array.from({ length: bytes.length - (bytes.length % word) }, (_, at) => bytes[at ^ (word - 1)] ?? 0);
}

/** Other bytes for each: its bits turned over, its bits from the end (`basenc --base2lsbf`), its halves swapped, Atbash, EBCDIC. */
const BYTES: readonly Uint8Array[] = [
  (byte: number): number => ~byte,
  (byte: number): number => {
    let out = 0;
    for (let bit = 0; bit < 8; bit += 1) out |= ((byte >> bit) & 1) << (7 - bit);
    return out;
  },
  (byte: number): number => (byte >> 4) | (byte << 4),
  (byte: number): number => (/[A-Za-z]/.test(String.fromCharCode(byte)) ? ((byte & 0x60) << 1) + 27 - byte : byte),
  ebcdic,
].map((of) => Uint8Array.from({ length: 256 }, (_, byte) => of(byte)));

/** Code page 37: digits and letters, in rows of nine; of the rest what tokens have. */
function ebcdic(byte: number): number {
  const at = "abcdefghijklmnopqrstuvwxyz".indexOf(String.fromCharCode(byte).toLowerCase());
  if (byte >= 0x30 && byte <= 0x39) return byte + 0xc0;
  if (at >= 0) return ((byte & 0x20) === 0 ? 0xc1 : 0x81) + at + (at > 17 ? 15 : at > 8 ? 7 : 0);
  return { 45: 0x60, 46: 0x4b, 47: 0x61, 95: 0x6d, 43: 0x4e, 61: 0x7e }[byte] ?? byte;
}

/** ROT13, which is folded like everything else. */
function turned(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => {
    const low = byte | 0x20;
    return low < 0x61 || low > 0x7a || byte < 0x41 ? byte : ((low - 0x61 + 13) % 26) + 0x61;
  });
}

/** ROT47. */
function shiftedPrintable(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => (byte < 0x21 || byte > 0x7e ? byte : ((byte - 0x21 + 47) % 94) + 0x21));
}
