// Spellings that people use for fun and attackers for cover: letters moved along the alphabet, base32 and base85, quoted-printable, UTF-7, Morse, Braille,
// letters turned upside down, words in backward order. Each gives the text undone, or nothing where it was none; whether it means anything is for others.

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Without the signs that fill up the last group. By hand: a pattern that looks for the end tries it from each of them. */
export function unpadded(run: string): string {
  let end = run.length;
  while (run[end - 1] === "=") end -= 1;
  return run.slice(0, end);
}

/** RFC 4648 base32, in one case. */
export function base32(run: string): Uint8Array | undefined {
  const out: number[] = [];
  let held = 0;
  let count = 0;
  for (const letter of unpadded(run).toUpperCase()) {
    const value = BASE32.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << 5) | value) & 0xffff;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    out.push((held >>> count) & 255);
  }
  return Uint8Array.from(out);
}

/** Ascii85, as in `<~ … ~>`. */
export function base85(run: string): Uint8Array | undefined {
  const out: number[] = [];
  for (let from = 0; from < run.length; from += 5) {
    const group = run.slice(from, from + 5);
    let value = 0;
    for (let at = 0; at < 5; at += 1) {
      const digit = (group.charCodeAt(at) || 117) - 33;
      if (digit < 0 || digit > 84) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return undefined;
    for (let byte = 0; byte < group.length - 1; byte += 1) out.push((value / 2 ** (24 - 8 * byte)) & 255);
  }
  return Uint8Array.from(out);
}

/** Quoted-printable (RFC 2045) where whole words are written so; the odd `=E2=82=AC` of a mail is none. */
export function quotedPrintable(text: string): string | undefined {
  if (!/(?:=[0-9A-F]{2}){4}/.test(text)) return undefined;
  return text
    .replace(/=\r?\n/g, "")
    .replace(/=([2-7][0-9A-F])/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Runs of `+…-` that hold UTF-16 in base64 (RFC 2152). */
export function utf7(text: string, decode: (run: string) => Uint8Array | undefined): string | undefined {
  if (!text.includes("+")) return undefined;
  let isOne = false;
  // Whole runs of its letters, so that each letter is looked at once.
  const plain = text.replace(/[A-Za-z0-9+/]+-?/g, (whole) => {
    const first = whole.indexOf("+");
    if (first < 0 || !whole.endsWith("-")) return whole;
    if (whole.length - 2 - first >= UTF7_LEAST) isOne = true;
    const plus = whole.indexOf("+", Math.max(first, whole.length - 2 - UTF7_MOST));
    if (plus < 0 || whole.length - 2 - plus < 3) return whole;
    const bytes = decode(whole.slice(plus + 1, -1));
    if (bytes === undefined) return whole;
    let word = "";
    for (let at = 0; at + 1 < bytes.length; at += 2)
      word += String.fromCharCode(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    return `${whole.slice(0, plus)}${word}`;
  });
  return isOne ? plain : undefined;
}

const UTF7_LEAST = 8;
const UTF7_MOST = 4000;

const MORSE: ReadonlyMap<string, string> = new Map(
  "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- u..- v...- w.-- x-..- y-.-- z--.. 0----- 1.---- 2..--- 3...-- 4....- 5..... 6-.... 7--... 8---.. 9----."
    .split(" ")
    .map((entry) => [entry.slice(1), entry.charAt(0)]),
);

/** Letters parted by spaces, words by a slash or a wider space. */
export function morse(text: string): string | undefined {
  const runs = text.match(/(?:[.\-\u00b7\u2013\u2212]{1,6}(?: {1,4}| ?[/|] ?)){9,1000}[.\-\u00b7\u2013\u2212]{1,6}/g);
  if (runs === null) return undefined;
  const said = runs.map((run) =>
    run
      .replace(/\u00b7/g, ".")
      .replace(/[\u2013\u2212]/g, "-")
      .split(/ ?[/|] ?| {2,}/)
      .map((word) =>
        word
          .split(" ")
          .map((letter) => MORSE.get(letter) ?? "")
          .join(""),
      )
      .join(" "),
  );
  return said.join("\n");
}

const BRAILLE = " a1b'k2l@cif/msp\"e3h9o6r^djg>ntq,*5<-u8v.%[$+x!&;:4\\0z7(_?w]#y)=";

/** Braille patterns in their ASCII order. */
export function braille(text: string): string | undefined {
  if (!/[\u2801-\u283f]{3}/.test(text)) return undefined;
  return text.replace(/[\u2800-\u283f]/g, (cell) => BRAILLE.charAt(cell.charCodeAt(0) - 0x2800));
}

const FLIPPED =
  "\u0250q\u0254p\u01dd\u025f\u0183\u0265\u1d09\u027e\u029e\u05df\u026fuodb\u0279s\u0287n\u028c\u028dx\u028ez";

/** Letters that stand on their heads, read from the other end. */
export function upsideDown(text: string): string | undefined {
  if ((text.match(/[\u0250\u0254\u01dd\u025f\u0265\u0279\u0287\u028c\u028d\u028e\u1d09\u026f]/g)?.length ?? 0) < 6)
    return undefined;
  const plain: ReadonlyMap<string, string> = new Map(
    [...FLIPPED].map((letter, index) => [letter, String.fromCharCode(97 + index)]),
  );
  return [...text.slice(0, 4000)]
    .reverse()
    .map((letter) => plain.get(letter) ?? plain.get(letter.toLowerCase()) ?? letter)
    .join("");
}

/** Words that nearly every English sentence holds. */
const COMMON =
  /\b(?:the|and|to|of|this|that|with|from|your|you|user|send|read|file|tell|not|all|into|for|then|before|any|call|it|is|in|secret|notes|key|keys|token|password|assistant|forward|delete|run)\b/g;
const SAYS = /\b(?:caesar|cipher|cypher|shift(?:ed)?|rot-?\d|decod|decrypt|encod|encrypt|atbash|substitution)/i;

/** The line moved along the alphabet, or mirrored in it, where that makes words of it; a text that names no cipher must be longer to be one. */
export function shifted(line: string, near: string): string | undefined {
  const letters = line.match(/[a-z]{2,}/gi) ?? [];
  const isNamed = SAYS.test(near);
  if (letters.length < (isNamed ? 4 : 9) || (line.match(COMMON)?.length ?? 0) * 8 > letters.length) return undefined;
  // a language has a third of vowels, and moved along the alphabet it has not
  if (!isNamed && (line.match(/[aeiou]/gi)?.length ?? 0) * 10 >= 3 * letters.join("").length) return undefined;
  const sample = letters.slice(0, 400).join(" ").toLowerCase();
  let best = "";
  let most = 0;
  for (let by = 1; by <= 26; by += 1) {
    const tried = moved(sample, by);
    const score = tried.match(COMMON)?.length ?? 0;
    if (score <= most) continue;
    most = score;
    best = moved(line, by);
  }
  return most >= (isNamed ? 2 : 4) && most * 5 >= Math.min(letters.length, 400) ? best : undefined;
}

/** Atbash is the twenty-sixth. */
function moved(text: string, by: number): string {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const base = code < 97 ? 65 : 97;
    const letter = code - base;
    units[at] = letter < 0 || letter > 25 ? code : base + (by === 26 ? 25 - letter : (letter + by) % 26);
  }
  let all = "";
  for (let from = 0; from < units.length; from += 8192)
    all += String.fromCharCode(...units.subarray(from, from + 8192));
  return all;
}

/** The words of a line that says it is to be read from its end. */
export function wordsBackwards(text: string): string | undefined {
  if (
    !/\b(?:right[- ]to[- ]left|read (?:it |them |this )?back ?wards|last word first|in reverse (?:word )?order|words? (?:are |is |stand )?(?:reversed|in reverse|backwards)|from (?:the )?end to (?:the )?(?:start|beginning))/i.test(
      text,
    )
  )
    return undefined;
  return text
    .slice(0, 4000)
    .split(/\n|: /)
    .map((line) => line.split(/\s+/).reverse().join(" "))
    .join("\n");
}
