// The ways in which a secret is written by one step (base64 at its three alignments, hex, base32, reversed, …), as patterns to be looked for.
// What takes further steps is undone first, by the decoders of views.ts; the last step is always found here.

import { decodedForms } from "./decoded-forms.ts";
import { type Alphabet, ascii85, asNumbers, BASE32, BASE64, BASE85, letters, UU, Z85 } from "./encodings.ts";
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
  forms.add(turned(value));
  forms.add(shiftedPrintable(value));
  for (const skip of [0, 1, 2]) {
    forms.add(letters(reversed, BASE64, skip));
    forms.add(letters(value, BASE64, skip).reverse());
    forms.add(turned(letters(value, BASE64, skip)));
    forms.add(letters(value, UU, skip));
  }
  for (const skip of [0, 1, 2, 3, 4]) forms.add(letters(value, BASE32, skip));
  for (const alphabet of [ascii85, BASE85, Z85] satisfies readonly Alphabet[])
    for (const skip of [0, 1, 2, 3]) forms.add(letters(value, alphabet, skip));
  // As `hexdump` and `od -x` print it.
  for (const skip of [0, 1]) forms.add(hex(swapped(value.subarray(skip))));
  for (const long of asNumbers(value)) forms.add(long);
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

/** Each two bytes in turn. */
function swapped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: bytes.length - (bytes.length % 2) }, (_, at) => bytes[at ^ 1] ?? 0);
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
