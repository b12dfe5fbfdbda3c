// What the beginning of a word tells of the path it will be, where the whole is not known: `~/.ssh/*` and `/etc/$x` lie in a folder, `$HOME/x`
// in the home, and a variable set once holds its value. Only ever a reason to ask.
import type { ShellWord } from "../shell/index.ts";

/** Constant words for places that the word may well mean; empty where nothing is known. */
export function beginnings(word: ShellWord, home: string): readonly ShellWord[] {
  const at = (value: string, tilde: boolean): ShellWord => ({ ...word, value, kind: "constant", tilde });
  const folder = word.prefix.slice(0, word.prefix.lastIndexOf("/") + 1);
  const inHome = /^"?\$\{?HOME\b(?:\}?"?(\/[^*?[$`"]*))?/.exec(word.text);
  return [
    ...(word.likely ?? []).map((value) => at(value, word.tilde)),
    ...(folder === "" ? [] : [at(`${folder}*`, word.tilde)]),
    ...(inHome === null ? [] : [at(`${home}${inHome[1] ?? "/*"}`, false)]),
    ...(mayClimb(word.text) ? [at(`${folder}${"../".repeat(climbing(word.text).length)}*`, word.tilde)] : []),
  ];
}

/** True for a pattern that a `..` fits: bash before 5.2 finds it with `.*`, `.?` and `.[.]`. */
export function mayClimb(text: string): boolean {
  return climbing(text).length > 0;
}

function climbing(text: string): readonly string[] {
  return text.split("/").filter((segment) => {
    if (!/^\..*[*?[(]/.test(segment)) return false;
    const rest = segment.slice(1).replaceAll(/\*+/g, "");
    return /^(?:|\?|\.|\[(?![!^].*\.).*\])$/.test(rest) || /["'\\$`(){}]/.test(rest);
  });
}
