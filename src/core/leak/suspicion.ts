// Whether a text could hold something that takes more than one step to read (base64 of gzip, hex of base64): most of what is recorded is paths and words,
// and undoing all decoders on each costs a thousand times what saying no does. In doubt it says yes.

/** Letters that packed or twice encoded bytes stand in, in one row; shorter ones hold nothing of a secret's length. */
const RUN = /[A-Za-z0-9+/=_-]{12,}/g;
/** Characters written otherwise, characters that are none, mail's line ends: decoders of their own. */
const ODD = /[^\t\n\r\x20-\x7e]|%[0-9A-Fa-f]{2}|%u|\\[ux0-9]|&#|=[0-9A-F]{2}|=\r?\n/;
const DIGITS = /(?:[0-9][^0-9]*){7}|(?:[0-9A-Fa-f]{2}[^0-9A-Za-z]{1,4}){7}/;
/** Eight numbers with a little between them, as many groups of hex digits, rows of digits. */
const NUMBERS =
  /(?:[0-9]{1,10}[A-Za-z]{0,8}[^0-9A-Za-z][^0-9]{0,15}){7}|(?:\b(?:0x)?[0-9A-Fa-f]{2}[^0-9A-Za-z]{1,4}){7}|[0-9]{24}/;
/** A digest or an id: what it means is looked at. */
const DIGEST = /^[0-9a-f]{2,128}$/;
const LETTER_BY_LETTER = /(?:\\*"[^"\\]{1,12}\\*",?\s*){4}|(?:\\*"[^"\\]{0,64}\\*":\\*"[^"\\]{1,12}\\*",?){4}/;

/** Could it? */
export function mayHide(text: string): boolean {
  if (ODD.test(text) || (DIGITS.test(text) && NUMBERS.test(text)) || LETTER_BY_LETTER.test(text)) return true;
  for (const [run] of text.matchAll(RUN)) if (!isPlain(run)) return true;
  return false;
}

/** Words and digests, one after the other. */
function isPlain(run: string): boolean {
  for (const part of run.split(/[+/=_-]+/)) if (!isWord(part) && !(DIGEST.test(part) && isRandom(part))) return false;
  return true;
}

/** What people name things: a word, several of them with capitals, with a number at the end. */
function isWord(part: string): boolean {
  const letters = part.replace(/[0-9]{1,4}$/, "");
  if (!/^[A-Za-z]*$/.test(letters)) return false;
  const humps = letters.match(/[a-z][A-Z]/g)?.length ?? 0;
  return humps * HUMP_LEAST <= letters.length;
}

/** Words have so many letters, on an average; base64 has fewer between its capitals. */
const HUMP_LEAST = 5;

/** Hex that means neither text nor the beginning of something packed: compressed data without a mark begin with few values only. */
function isRandom(hex: string): boolean {
  if (hex.length < 24) return true;
  let text = 0;
  for (let at = 0; at + 1 < hex.length; at += 2) {
    const byte = Number.parseInt(hex.slice(at, at + 2), 16);
    text = byte >= 0x20 && byte < 0x7f ? text + 1 : 0;
    if (text >= TEXT_LEAST) return false;
  }
  // gzip, zlib, Zstandard, ZIP; raw deflate and brotli as their encoders begin what is short.
  return !/1f8b|78(?:01|5e|9c|da)|28b52ffd|504b0304/.test(hex) && (Number.parseInt(hex[1] ?? "0", 16) & 7) !== 3;
}

const TEXT_LEAST = 8;
