// Text as the lexicon reads it: compatibility forms undone, what cannot be seen taken out, letters that look like Latin ones made Latin, accents off.
// The lexicon's own terms pass through the same, so that both sides always agree, whatever the script.
import table from "./confusables.json" with { type: "json" };

const LOOKALIKE: ReadonlyMap<string, string> = new Map(
  Object.entries(table.letters).flatMap(([latin, others]) => [...others].map((other) => [other, latin] as const)),
);

/** Nothing that a reader sees. */
export const INVISIBLE: RegExp =
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

/** The text in the form that is compared. Its length differs from the original's. */
export function fold(text: string): string {
  // most texts are plain, and for them nothing of the rest can change anything
  if (/^[\x09\x0a\x0d\x20-\x7e]*$/.test(text)) return text.toLowerCase();
  const plain = text
    .replace(INVISIBLE, "")
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "");
  return plain.normalize("NFC").replace(/[^\x00-\x7f]/gu, (letter) => LOOKALIKE.get(letter) ?? letter);
}

/** Only what looks alike made Latin: two names with the same skeleton are told apart by nobody. */
export function skeleton(name: string): string {
  return fold(name).replace(/rn/g, "m").replace(/vv/g, "w").replace(/[1|]/g, "l").replace(/0/g, "o");
}

const LEET: ReadonlyMap<string, string> = new Map(
  Object.entries({ "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i", "|": "l" }),
);

/** Words in which digits and signs stand for letters, with the letters; undefined where there are not two such words. */
export function unleet(folded: string): string | undefined {
  if (!/[a-z][013457@$!|]|[013457@$!|][a-z]/.test(folded)) return undefined;
  let changed = 0;
  const text = folded.replace(/[a-z0-9@$!|]{2,24}/g, (word) => {
    if (!/[a-z]/.test(word) || !/[a-z][013457@$!|]|[013457@$!|][a-z]/.test(word)) return word;
    changed += 1;
    return word.replace(/[013457@$!|]/g, (sign) => LEET.get(sign) ?? sign);
  });
  return changed >= 2 ? text : undefined;
}

const SPACED = /(?<![^\W_])(?:[\p{L}\p{N}@$][ .\-_*\u00b7\u2022|/]{1,3}){7,}[\p{L}\p{N}](?![^\W_])/gu;

/** Letters written apart (`d o   n o t`), together again; words apart only where the gap is wider. */
export function unspaced(text: string): string | undefined {
  const runs = text.match(SPACED);
  if (runs === null) return undefined;
  return runs
    .map((run) =>
      run
        .replace(/ {2,}/g, "\u0001")
        .replace(/[ .\-_*\u00b7\u2022|/]/g, "")
        .replaceAll("\u0001", " "),
    )
    .map(fold)
    .join(" ");
}
