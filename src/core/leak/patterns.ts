// The ways in which a secret is written by one step (base64 at its three alignments, hex, base32, reversed, …), as patterns to be looked for.
// What takes further steps is undone first, by the decoders of views.ts; the last step is always found here.

import { decodedForms } from "./decoded-forms.ts";
import { type Alphabet, ascii85, BASE32, BASE64, BASE85, base58, letters, UU, Z85 } from "./encodings.ts";
import { GRAM, type Pattern } from "./gram-index.ts";
import { enoughOf, type LeakSecret } from "./secret.ts";

/** All patterns of all secrets; `secret` is the place in the list. */
export function patternsOf(secrets: readonly LeakSecret[]): readonly Pattern[] {
  return secrets.flatMap((secret, number) => {
    const enough = enoughOf(secret);
    // A copy of its own kind: what is handed in may be a view whose slices share its memory.
    const value = Uint8Array.from(secret.value);
    const own = written(value, enough);
    // A key that is itself written in hex or base64 leaves as well as the bytes that it means.
    const meant = decodedForms(value).flatMap((form) =>
      written(form, Math.ceil((enough * form.length) / value.length)),
    );
    return [...own, ...meant].map((pattern) => ({ ...pattern, secret: number }));
  });
}

type Written = Omit<Pattern, "secret">;

function written(value: Uint8Array, enough: number): readonly Written[] {
  const share = enough / value.length;
  const dense = isDense(value);
  const seen = new Set<string>();
  const forms: Written[] = [];
  const add = (bytes: Uint8Array, isOwn = false): void => {
    const key = bytes.join();
    if (bytes.length < GRAM || seen.has(key)) return;
    seen.add(key);
    forms.push({ bytes, enough: Math.max(GRAM, Math.ceil(bytes.length * share)), isDense: isOwn && dense });
  };
  add(value, true);
  // Only what is no separator: found however it is spaced, quoted or cut up.
  const bare = onlyAlphanumeric(value);
  if (bare.length >= value.length * 0.6) add(bare, true);
  add(value.slice().reverse());
  add(onlyAlphanumeric(value.slice().reverse()));
  add(turned(value));
  add(shiftedPrintable(value));
  for (const bytes of [value, value.slice().reverse()]) {
    for (const skip of [0, 1, 2]) {
      add(letters(bytes, BASE64, skip), true);
      // `+`, `/`, `-` and `_` are separators to the search that skips them.
      add(onlyAlphanumeric(letters(bytes, BASE64, skip)));
      add(letters(bytes, BASE64, skip).reverse());
    }
    add(hex(bytes));
  }
  for (const skip of [0, 1, 2, 3, 4]) add(letters(value, BASE32, skip));
  for (const skip of [0, 1, 2]) add(letters(value, UU, skip));
  for (const alphabet of [ascii85, BASE85, Z85] satisfies readonly Alphabet[])
    for (const skip of [0, 1, 2, 3]) add(letters(value, alphabet, skip));
  const long = base58(value);
  if (long !== undefined) add(long);
  return forms;
}

/** Letters, digits and nothing said twice: what a machine made. A piece of it stands nowhere else. */
function isDense(value: Uint8Array): boolean {
  if (value.length < 16) return false;
  const text = String.fromCharCode(...value.slice(0, 256));
  return !/:\/\/|[\s@]/.test(text) && /[0-9]/.test(text) && new Set(text).size >= Math.min(12, text.length * 0.4);
}

const isAlphanumeric = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a);

/** The ASCII letters and digits alone. */
export function onlyAlphanumeric(bytes: Uint8Array): Uint8Array {
  return bytes.filter(isAlphanumeric);
}

function hex(bytes: Uint8Array): Uint8Array {
  const digit = (value: number): number => (value < 10 ? 0x30 : 0x57) + value;
  return Uint8Array.from({ length: bytes.length * 2 }, (_, at) => {
    const byte = bytes[at >> 1] ?? 0;
    return digit(at % 2 === 0 ? byte >> 4 : byte & 15);
  });
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
