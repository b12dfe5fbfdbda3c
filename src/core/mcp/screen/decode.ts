// What a text means when it is undone: letters in base64, hex, escapes, entities, tags and selectors, turned around or turned by thirteen. A decoded text
// counts only when it reads like words, and it is looked at again, twice deep at most.
import {
  base32,
  base85,
  braille,
  morse,
  quotedPrintable,
  shifted,
  unpadded,
  upsideDown,
  utf7,
  wordsBackwards,
} from "./cipher.ts";
import { fold } from "./fold.ts";
import type { Work } from "./work.ts";

const LONGEST = 65_536;
const RUNS_MOST = 64;

/** Every text that the given one hides in another spelling. */
export function* decodedIn(text: string): Work<readonly string[]> {
  const found: string[] = [];
  for (const reading of READINGS)
    for (const decoded of reading(text)) {
      if (decoded !== undefined && decoded.length >= 6 && found.length < RUNS_MOST)
        found.push(decoded.slice(0, LONGEST));
      yield;
    }
  return found;
}

/** One way to undo a spelling: what it gives, or nothing, as often as it is asked. */
type Reading = (text: string) => Iterable<string | undefined>;

const READINGS: readonly Reading[] = [
  whole(tagged),
  whole(selected),
  whole(widthBits),
  whole(escapes),
  inRuns(/[A-Za-z0-9+/_-]{16,}={0,2}/g, (run) => words(base64(run))),
  inRuns(/(?:[A-Za-z0-9+/_-]{4,80}\s{1,4}){2,200}[A-Za-z0-9+/_-]{2,80}={0,2}/g, (run) =>
    /[a-z][A-Z]|[A-Z][a-z][A-Z]|\d/.test(run) ? words(base64(run.replace(/\s+/g, ""))) : undefined,
  ),
  inRuns(/(?:(?:0x|\\x)?[0-9a-f]{2}[\s:,;]{0,2}){10,}/gi, (run) => words(hex(run.replace(/0x|\\x|[^0-9a-f]/gi, "")))),
  inRuns(/(?:\b[01]{8}\b\s*){6,}/g, (run) => words(bits(run))),
  inRuns(/(?:\b\d{2,3}\b[\s,]+){7,}\d{2,3}\b/g, (run) => words(decimals(run))),
  whole((text) => ((text.match(TURNED)?.length ?? 0) >= 2 ? rot13(text) : undefined)),
  inRuns(/\b(?:[A-Z2-7]{16,}|[a-z2-7]{24,})={0,6}/g, (run) => (/\d/.test(run) ? words(base32(run)) : undefined)),
  inRuns(/<~[!-u\s]{10,}~>/g, (run) => words(base85(run.slice(2, -2).replace(/\s+/g, "")))),
  whole(quotedPrintable),
  whole((text) => utf7(text, base64)),
  whole(morse),
  whole(braille),
  whole(upsideDown),
  whole(wordsBackwards),
  (text) => mapped(lines(text), (line) => shifted(line, text.slice(0, 4000))),
  (text) => mapped(text.split("\n"), (line) => (isBackwards(line) ? [...line].reverse().join("") : undefined)),
];

function whole(undo: (text: string) => string | undefined): Reading {
  return (text) => [undo(text)];
}

function inRuns(pattern: RegExp, undo: (run: string) => string | undefined): Reading {
  return (text) => mapped(runs(text, pattern), undo);
}

function* mapped(pieces: Iterable<string>, undo: (piece: string) => string | undefined): Generator<string | undefined> {
  for (const piece of pieces) yield undo(piece);
}

/** What a file of text says that travels in base64; undefined when it is no text. */
export function textOfBlob(blob: string): string | undefined {
  const bytes = base64(blob.replace(/\s+/g, ""));
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** Where a cipher may be: a few lines of a long text, and what follows a colon. */
function lines(text: string): readonly string[] {
  return text
    .slice(0, LONGEST)
    .split(/\n|: (?=[a-z])|(?<=[.!?]) (?=[A-Z])/)
    .filter((line) => line.length >= 14)
    .slice(0, RUNS_MOST);
}

function* runs(text: string, pattern: RegExp): Generator<string> {
  let left = RUNS_MOST;
  for (const [run] of text.matchAll(pattern)) {
    yield run.slice(0, LONGEST);
    left -= 1;
    if (left === 0) return;
  }
}

/** Undefined for what is no text: most runs of letters mean nothing in base64. */
function words(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length < 6) return undefined;
  let text = "";
  try {
    text = new TextDecoder(isWide(bytes) ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const odd = text.match(/[^\t\n\r\x20-\x7e\p{L}\p{M}\p{N}\p{P}\p{Zs}]/gu)?.length ?? 0;
  return odd === 0 && /[\p{L}]{2,}/u.test(text) ? text : undefined;
}

/** ASCII in two bytes a letter, as some shells want it. */
function isWide(bytes: Uint8Array): boolean {
  return bytes.length % 2 === 0 && bytes.every((byte, at) => at % 2 === 0 || byte === 0);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function base64(run: string): Uint8Array | undefined {
  // words in camel case and paths are runs, too, and mean nothing
  if (!/[A-Z]/.test(run) || !/[a-z0-9]/.test(run)) return undefined;
  const out: number[] = [];
  let held = 0;
  let count = 0;
  for (const letter of unpadded(run)) {
    const value = letter === "-" ? 62 : letter === "_" ? 63 : LETTERS.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push((held >>> count) & 255);
    }
  }
  return Uint8Array.from(out);
}

function hex(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function bits(run: string): Uint8Array {
  return Uint8Array.from(run.match(/[01]{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}

function decimals(run: string): Uint8Array | undefined {
  const codes = (run.match(/\d+/g) ?? []).map(Number);
  return codes.every((code) => code >= 9 && code < 127) ? Uint8Array.from(codes) : undefined;
}

function tagged(text: string): string | undefined {
  const tags = text.match(/[\u{e0020}-\u{e007e}]/gu);
  return tags === null
    ? undefined
    : String.fromCodePoint(...tags.slice(0, 4096).map((tag) => (tag.codePointAt(0) ?? 0) - 0xe0000));
}

function selected(text: string): string | undefined {
  const marks = text.match(/[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu);
  if (marks === null || marks.length < 6) return undefined;
  return words(
    Uint8Array.from(marks.slice(0, 4096), (mark) => {
      const code = mark.codePointAt(0) ?? 0;
      return code < 0x10000 ? code - 0xfe00 : code - 0xe0100 + 16;
    }),
  );
}

/** Two invisible letters as the bits of bytes. */
function widthBits(text: string): string | undefined {
  const marks = text.match(/[\u200b-\u200d\u2060-\u2064\ufeff]/g);
  if (marks === null || marks.length < 48) return undefined;
  const [zero] = marks;
  const kinds = [...new Set(marks)];
  for (const nil of kinds.length > 1 ? kinds : [zero]) {
    const decoded = words(
      bits(
        marks
          .filter((mark) => kinds.indexOf(mark) < 2)
          .map((mark) => (mark === nil ? "0" : "1"))
          .join(""),
      ),
    );
    if (decoded !== undefined) return decoded;
  }
  return undefined;
}

const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    lt: "<",
    gt: ">",
    amp: "&",
    quot: '"',
    apos: "'",
    nbsp: " ",
    sol: "/",
    tilde: "~",
    period: ".",
    colon: ":",
    excl: "!",
  }),
);
const ESCAPED =
  /\\u\{?([0-9a-f]{4,6})\}?|\\x([0-9a-f]{2})|%u([0-9a-f]{4})|%([0-9a-f]{2})|&#x([0-9a-f]{2,6});|&#(\d{2,7});|&([a-z]{2,6});|\\([0-3][0-7]{2})|\\0{0,4}([2-7][0-9a-f]) /gi;

/** The lines that are mostly written so: a manual that names some escapes is none, and neither is an address. */
function escapes(text: string): string | undefined {
  if (!/[\\%&]/.test(text)) return undefined;
  const lines = text.split("\n").flatMap((line) => {
    const found = line.match(ESCAPED) ?? [];
    const letters = found.reduce((sum, { length }) => sum + length, 0);
    return found.length >= 3 && letters >= 0.25 * Math.min(line.length, 600) ? [unescaped(line)] : [];
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}

function unescaped(line: string): string {
  return line.replace(ESCAPED, (whole, u, x, pu, percent, hexadecimal, decimal, named, octal, css) => {
    if (named !== undefined) return NAMED.get(String(named).toLowerCase()) ?? whole;
    const digits = u ?? x ?? pu ?? percent ?? hexadecimal ?? css;
    const code =
      digits !== undefined
        ? Number.parseInt(digits, 16)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : Number(decimal);
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole;
  });
}

/** Small words of English, turned by thirteen letters. */
const TURNED =
  /\b(?:gur|naq|guvf|hfre|gbby|svyr|fraq|ernq|pnyy|abg|gryy|orsber|frperg|cnffjbeq|vagb|jvgu|sebz|lbh|nyy|vtaber|cerivbhf|vafgehpgvbaf?|perqragvnyf?|nyjnlf|arire|pbagragf?)\b/gi;

function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0);
    const base = code < 97 ? 65 : 97;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
}

const BACKWARDS =
  /(?:^|[^a-z])(?:eht|resu|llet|daer|dnes|erofeb|syawla|erongi|suoiverp|snoitcurtsni|noitcurtsni|terces|drowssap|slaitnederc|tnetnoc|stnetnoc|tnatropmi|reven|noitasrevnoc|yrevE|elbaliava|siht|lla|neddih|hss|asr)(?=$|[^a-z])/g;

/** Words that no language has, and that turned around are orders. */
function isBackwards(text: string): boolean {
  return (fold(text).match(BACKWARDS)?.length ?? 0) >= 2;
}
