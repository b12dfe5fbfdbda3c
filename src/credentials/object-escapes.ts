// Escapes in a text of an object, undone whether or not the rest of it is right: a reader that takes the text takes them.

const LETTERS: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\n", ""],
  ["\r\n", ""],
]);

/** The text that is meant. */
export function unescaped(raw: string): string {
  if (!raw.includes("\\")) return raw;
  return raw.replace(
    /\\(?:u([0-9a-f]{4})|x([0-9a-f]{2})|(\r\n|[\s\S]))/gi,
    (_, long: string | undefined, short: string | undefined, letter = "") => {
      const code = long ?? short;
      return code === undefined ? (LETTERS.get(letter) ?? letter) : String.fromCharCode(Number.parseInt(code, 16));
    },
  );
}
