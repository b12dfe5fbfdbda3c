// Bash's own commands that set variables: which names, and what in their words is evaluated again (DESIGN 7 rule 3).
import type { Described } from "./described.ts";
import type { Effect, ShellWord } from "./facts.ts";
import type { ProgramUse } from "./use.ts";

/** What one builtin does with its words. */
export type Handler = (use: ProgramUse) => Partial<Described>;

/** An effect of a word. */
export const gadget = (code: string, index = 0): Effect => ({ kind: "gadget", code, index });

/** `export`, `declare` and their kin: names and values. */
export const declares: Handler = (use) => {
  const effects: Effect[] = [];
  const names: string[] = [];
  const array = use.words.some((w) => /^-\w*[aA]/.test(w.value ?? ""));
  use.words.forEach((word, index) => {
    if (index === 0) return;
    const text = word.value ?? word.prefix;
    const equals = text.indexOf("=");
    // `declare -a a=(x y)`: its elements were read where they stand
    if (/^[A-Za-z_]\w*\+?=\(/.test(word.text)) {
      names.push(/^\w+/.exec(word.text)?.[0] ?? "");
      return;
    }
    // `declare 'a=($(x))'`: bash reads the value of an array again, as shell text
    if (equals > 0 && (text.charAt(equals + 1) === "(" || (word.value === undefined && array)))
      effects.push(gadget("evaluated-text", index));
    if (text.startsWith("-") && word.value !== undefined && equals < 0) {
      if (!/^-[xrgapAluF]+$/.test(text)) effects.push(gadget("changes-shell", index));
    } else if (word.value === undefined && equals <= 0) effects.push(gadget("not-constant", index));
    else names.push((equals < 0 ? text : text.slice(0, equals)).replace(/\+$/, ""));
  });
  return { effects, free: effects.length === 0, setsNames: names };
};

/** Options of a builtin whose other words are names: those without a value, those with one, those whose value is a name. */
interface NameOptions {
  readonly flags: string;
  readonly values?: string;
  readonly names?: string;
}

/** `read`, `unset` and their kin: every operand is a name, and a subscript in it would be evaluated. */
export function namesAfter({ flags, values = "", names: naming = "" }: NameOptions): Handler {
  return (use) => {
    const effects: Effect[] = [];
    const names: string[] = [];
    const name = (word: ShellWord | undefined, index: number): void => {
      if (word?.value === undefined) effects.push(gadget("not-constant", index));
      else if (/^[A-Za-z_]\w*$/.test(word.value)) names.push(word.value);
      else effects.push(gadget("evaluated-text", index));
    };
    for (let i = 1; i < use.words.length; i++) {
      const text = use.words[i]?.value;
      if (text === undefined || !/^-./.test(text)) {
        name(use.words[i], i);
        continue;
      }
      const letters = [...text.slice(1)];
      const at = letters.findIndex((letter) => !flags.includes(letter));
      if (at < 0) continue;
      const letter = letters[at] ?? "";
      const attached = at + 1 < letters.length;
      if (values.includes(letter) || naming.includes(letter)) {
        const place = attached ? i : ++i;
        const value = use.words[place];
        if (naming.includes(letter))
          name(attached && value ? { ...value, value: letters.slice(at + 1).join("") } : value, place);
        else if (value === undefined || (value.value === undefined && value.kind !== "quoted"))
          effects.push(gadget("not-constant", place));
      } else effects.push(gadget("changes-shell", i));
    }
    return { effects, free: effects.length === 0, setsNames: names };
  };
}

/** `mapfile -t lines`: names, and with `-C` text that is run for every line. */
export const mapfile: Handler = (use) => {
  const at = use.words.findIndex((w, i) => i > 0 && (w.value ?? "").startsWith("-C"));
  if (at < 0) return namesAfter({ flags: "t", values: "dnOsu" })(use);
  const text = use.words[at]?.value === "-C" ? use.words[at + 1]?.value : use.words[at]?.value?.slice(2);
  const effects: Effect[] = [gadget("evaluated-text", at)];
  if (text !== undefined) effects.push({ kind: "run", index: at, inner: use.sameShell(text) });
  return { effects };
};

/** `getopts OPTIONS name`: sets the name. */
export const getopts: Handler = (use) => {
  const [, options, name] = use.words.map((w) => w.value);
  const known = options !== undefined && name !== undefined && /^[A-Za-z_]\w*$/.test(name);
  return known ? { free: true, setsNames: [name] } : { effects: [gadget("evaluated-text", 2)] };
};

/** `printf`: `-v` sets a name; a format that is not constant could be that option. */
export const printf: Handler = (use) => {
  const [, first, second] = use.words;
  if (first === undefined) return { readOnly: true };
  const text = first.value ?? first.prefix;
  if (first.value === undefined && (text === "" || text.startsWith("-")))
    return { effects: [gadget("not-constant", 1)] };
  if (!text.startsWith("-v")) return { readOnly: use.words.every((w) => w.value !== undefined) };
  const name = text === "-v" ? second?.value : text.slice(2);
  return name !== undefined && /^[A-Za-z_]\w*$/.test(name)
    ? { free: true, setsNames: [name] }
    : { effects: [gadget("evaluated-text", 1)] };
};
