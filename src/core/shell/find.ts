// `find`: its expression is a small language. Predicates that only look are listed; the rest runs, writes, deletes or is not known.
import type { Effect, ShellWord } from "./facts.ts";
import type { ProgramUse } from "./use.ts";

const NO_VALUE = new Set(
  "-H -L -P -a -and -o -or -not ! ( ) , -true -false -print -print0 -ls -prune -quit -depth -d -daystart -follow -mount -xdev -x -noleaf -warn -nowarn -empty -executable -readable -writable -nouser -nogroup -help --help -version --version -ignore_readdir_race -noignore_readdir_race".split(
    " ",
  ),
);
const ONE_VALUE = new Set(
  "-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -type -xtype -size -perm -user -group -uid -gid -links -inum -mtime -atime -ctime -mmin -amin -cmin -used -newer -anewer -cnewer -samefile -fstype -maxdepth -mindepth -regextype -printf -D -context".split(
    " ",
  ),
);
/** Tests that pick some files out; without one, `-delete` deletes all that is there. */
const NARROWS =
  /^-(?:i?name|i?path|i?wholename|i?regex|i?lname|[acm]?newer|newer.*|[acm](?:time|min)|size|empty|used|user|group|uid|gid|inum|samefile|perm|links)$/;
const RUNS = new Set(["-exec", "-execdir", "-ok", "-okdir"]);
const HERE: ShellWord = { text: ".", value: ".", likely: ["."], prefix: ".", kind: "constant", tilde: false };

/** Effects of one use of find. */
export function findEffects(use: ProgramUse): readonly Effect[] {
  const { words } = use;
  const effects: Effect[] = [];
  let at = 1;
  let roots = 0;
  while (/^-(?:[HLP]|O\d)$/.test(words[at]?.value ?? "")) at++;
  for (; at < words.length; at++) {
    const word = words[at] as ShellWord;
    const text = word.value ?? word.prefix;
    if (/^[-(),!]/.test(text) || (word.value === undefined && (text === "" || word.kind === "split"))) break;
    effects.push({ kind: "read", path: word, index: at, content: false });
    roots++;
  }
  if (roots === 0) effects.push({ kind: "read", path: HERE, index: 0, content: false });
  const narrowed = picksOut(words.slice(at));
  const deleted = narrowed ? [] : effects.flatMap((e) => (e.kind === "read" ? [e.path] : []));
  while (at < words.length) {
    const index = at;
    const value = words[at]?.value;
    at++;
    if (value === undefined) effects.push({ kind: "gadget", code: "not-constant", index });
    else if (NO_VALUE.has(value)) continue;
    else if (ONE_VALUE.has(value)) {
      // an unquoted glob can become several words, and so predicates
      const kind = words[at]?.kind;
      if (kind === "glob" || kind === "split") effects.push({ kind: "gadget", code: "not-constant", index: at });
      at++;
    } else if (/^-newer[aBcm][aBcmt]$/.test(value)) at++;
    else if (value === "-delete") {
      effects.push({ kind: "gadget", code: "delete", index });
      for (const path of deleted) effects.push({ kind: "delete", path, index, inherent: false, tree: true });
    } else if (RUNS.has(value)) {
      const from = at;
      while (
        at < words.length &&
        words[at]?.value !== ";" &&
        !(words[at]?.value === "+" && words[at - 1]?.value === "{}")
      )
        at++;
      const inner = words.slice(from, at);
      at++;
      const [program] = inner;
      if (program === undefined) effects.push({ kind: "gadget", code: "not-constant", index });
      // each `{}` is a file name that is not known; names given to a shell's -c are code
      else {
        effects.push({ kind: "run", index: from, inner: use.inner(inner.map((word) => fileName(word, narrowed))) });
        // `sh -c 'rm {}'`: what the text runs beside the names put into it may be denied
        const named = inner.some((w, i) => inner[i - 1]?.value === "-c" && w.value?.includes("{}") === true);
        if (named) effects.push({ kind: "run", index: from, inner: use.inner(inner) });
      }
    } else effects.push({ kind: "gadget", code: /^-f(?:print|ls)/.test(value) ? "write" : "unknown-option", index });
  }
  return effects;
}

/** True when what is done is done to some only: each of the alternatives has a test that picks, and does not merely leave out. */
function picksOut(expression: readonly ShellWord[]): boolean {
  const alternatives: boolean[] = [false];
  expression.forEach(({ value, prefix }, at) => {
    if (value === "-o" || value === "-or") alternatives.push(false);
    const negated = /^(?:!|-not)$/.test(expression[at - 1]?.value ?? "");
    const anything = /^[*./]*$/.test(expression[at + 1]?.value ?? "x");
    if (NARROWS.test(value ?? prefix) && !negated && !anything) alternatives[alternatives.length - 1] = true;
  });
  return alternatives.every(Boolean);
}

/** `{}` stands for a path below the start: never an option when find gives it (`./x`, `dir/x`), but not constant. */
function fileName(word: ShellWord, narrowed: boolean): ShellWord {
  if (word.value === undefined || !word.value.includes("{}")) return word;
  const before = word.value.slice(0, word.value.indexOf("{}"));
  return {
    text: word.text,
    value: undefined,
    likely: undefined,
    prefix: before === "" ? "./" : before,
    kind: "quoted",
    tilde: false,
    ...(narrowed ? { picked: true } : {}),
  };
}
