// Bash's own commands. They change the shell itself, so everything not listed as harmless is an effect.

import type { Described } from "./described.ts";
import { isInside, joinPath } from "./directory.ts";
import type { Effect, ShellWord } from "./facts.ts";
import type { ProgramUse } from "./program.ts";

type Handler = (use: ProgramUse) => Partial<Described>;

const gadget = (code: string, index = 0): Effect => ({ kind: "gadget", code, index });
const FREE: Handler = () => ({ free: true });

/** Flow and numbers: harmless with constant words or `$?`. */
const flow: Handler = (use) => {
  const odd = use.words.findIndex((w, i) => i > 0 && w.value === undefined && w.text !== "$?" && w.text !== '"$?"');
  return odd < 0 ? { free: true } : { effects: [gadget("not-constant", odd)] };
};

const builtinGadget: Handler = () => ({ effects: [gadget("changes-shell")] });

/** `export`, `declare` and their kin: names and values. */
const declares: Handler = (use) => {
  const effects: Effect[] = [];
  const names: string[] = [];
  const array = use.words.some((w) => /^-\w*[aA]/.test(w.value ?? ""));
  use.words.forEach((word, index) => {
    if (index === 0) return;
    const text = word.value ?? word.prefix;
    const equals = text.indexOf("=");
    // `declare 'a=($(x))'`: bash reads the value of an array again, as shell text
    if (equals > 0 && (text.charAt(equals + 1) === "(" || (word.value === undefined && array)))
      effects.push(gadget("evaluated-text", index));
    if (text.startsWith("-") && word.value !== undefined && equals < 0) {
      if (!/^-[xrgapA]+$/.test(text)) effects.push(gadget("changes-shell", index));
    } else if (word.value === undefined && equals <= 0) effects.push(gadget("not-constant", index));
    else names.push((equals < 0 ? text : text.slice(0, equals)).replace(/\+$/, ""));
  });
  return { effects, free: effects.length === 0, setsNames: names };
};

/** `read` and `unset`: every operand is a name, and a subscript in it would be evaluated. */
function namesAfter(options: RegExp): Handler {
  return (use) => {
    const effects: Effect[] = [];
    const names: string[] = [];
    use.words.forEach((word, index) => {
      if (index === 0) return;
      if (word.value === undefined) effects.push(gadget("not-constant", index));
      else if (options.test(word.value)) return;
      else if (/^[A-Za-z_]\w*$/.test(word.value)) names.push(word.value);
      else effects.push(gadget("evaluated-text", index));
    });
    return { effects, free: effects.length === 0, setsNames: names };
  };
}

/** `cd`: free to a constant directory inside the workspace. */
const cd: Handler = (use) => {
  const operands = use.words.slice(1).filter((w) => w.value === undefined || !/^(?:-[LPe@]+|--)$/.test(w.value));
  const [target] = operands;
  if (
    operands.length !== 1 ||
    target?.value === undefined ||
    target.tilde ||
    target.value === "" ||
    target.value === "-" ||
    target.value.startsWith("-")
  )
    return { effects: [gadget("directory-not-known", 1)] };
  const path = target.value;
  const inside =
    use.directories.length > 0 && use.directories.every((from) => isInside(use.context.root, joinPath(from, path)));
  if (!inside) return { effects: [gadget("outside-workspace", 1)] };
  return { effects: [{ kind: "directory", path: target, index: 1 }], free: true, entersDirectory: path };
};

const BINARY = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;
const UNARY = /^-[bcdefghknprstuwxzGLNOS]$/;

/** `test` and `[`: `-v` evaluates subscripts, so with unknown words only the two plain forms are known. */
const test: Handler = (use) => {
  let words = use.words.slice(1);
  if (use.words[0]?.value === "[") words = words.slice(0, -1);
  const constant = words.every((w) => w.value !== undefined && w.value !== "-v" && w.value !== "-R");
  if (constant) return { free: true };
  while (words[0]?.value === "!") words = words.slice(1);
  const whole = (w: ShellWord | undefined): boolean =>
    w !== undefined && (w.value !== undefined || w.kind === "quoted");
  const [a, b, c] = words;
  const unary = words.length === 2 && UNARY.test(a?.value ?? "") && whole(b);
  const binary = words.length === 3 && whole(a) && BINARY.test(b?.value ?? "") && whole(c);
  const single = words.length === 1 && whole(a);
  return unary || binary || single ? { free: true } : { effects: [gadget("evaluated-text")] };
};

/** `set -euo pipefail` and `set -- …`. */
const set: Handler = (use) => {
  const words = use.words.slice(1).map((w) => w.value);
  const end = words.indexOf("--");
  const options = end < 0 ? words : words.slice(0, end);
  const fine = options.every(
    (w) => w !== undefined && /^(?:[-+][euxfvo]+|pipefail|errexit|nounset|xtrace|noglob)$/.test(w),
  );
  return fine ? { free: true } : { effects: [gadget("changes-shell")] };
};

/** `eval`, and `trap` for its first word: text that is judged like any other. */
function evaluates(all: boolean): Handler {
  return (use) => {
    const words = use.words.slice(1).filter((w, i) => !(i === 0 && w.value === "--"));
    const text = all ? words : words.slice(0, 1);
    if (!all && (text[0]?.value === "-" || text[0]?.value === "" || text.length === 0)) return { free: true };
    if (text.some((w) => w.value === undefined))
      return { effects: [gadget("evaluated-text", 1)], ...likelyText(use, text) };
    return { effects: [{ kind: "run", index: 1, inner: use.shellText(text.map((w) => w.value).join(" ")) }] };
  };
}

/** For deny rules: the text with constants put in is judged too. */
function likelyText(use: ProgramUse, text: readonly ShellWord[]): Partial<Described> {
  if (text.some((w) => w.likely === undefined)) return {};
  const inner = use.shellText(text.flatMap((w) => w.likely ?? []).join(" "));
  return { effects: [gadget("evaluated-text", 1), { kind: "run", index: 1, inner }] };
}

/** `command`: a query with `-v`, otherwise the rest is the command. */
const command: Handler = (use) => {
  let at = 1;
  while (use.words[at]?.value === "-p" || use.words[at]?.value === "--") at++;
  const option = use.words[at]?.value;
  if (option === "-v" || option === "-V")
    return use.words.every((w) => w.value !== undefined) ? { free: true } : { effects: [gadget("not-constant")] };
  const rest = use.words.slice(at);
  return rest.length === 0
    ? { free: true }
    : { free: true, effects: [{ kind: "run", index: at, inner: use.inner(rest) }] };
};

const exec: Handler = (use) => {
  let at = 1;
  while (/^-[cl]+$/.test(use.words[at]?.value ?? "")) at++;
  if (use.words[at]?.value === "-a") at += 2;
  const rest = use.words.slice(at);
  return rest.length === 0 ? { free: true } : { effects: [{ kind: "run", index: at, inner: use.inner(rest) }] };
};

const printf: Handler = (use) => {
  const first = use.words[1];
  if (
    first !== undefined &&
    (first.value === undefined ? !first.prefix || first.prefix.startsWith("-") : first.value.startsWith("-v"))
  )
    return { effects: [gadget(first.value === undefined ? "not-constant" : "evaluated-text", 1)] };
  return { readOnly: use.words.every((w) => w.value !== undefined) };
};

const HANDLERS: Readonly<Record<string, Handler>> = {
  ":": FREE,
  true: FREE,
  false: FREE,
  cd,
  test,
  "[": test,
  set,
  command,
  builtin: command,
  exec,
  printf,
  eval: evaluates(true),
  trap: evaluates(false),
  exit: flow,
  return: flow,
  break: flow,
  continue: flow,
  shift: flow,
  wait: (use) => (use.words.some((w) => /^-\w*p/.test(w.value ?? "")) ? builtinGadget(use) : flow(use)),
  export: declares,
  declare: declares,
  typeset: declares,
  local: declares,
  readonly: declares,
  read: namesAfter(/^-[rs]+$/),
  unset: namesAfter(/^-v$/),
  ".": () => ({ effects: [gadget("runs-file")] }),
  source: () => ({ effects: [gadget("runs-file")] }),
  let: () => ({ effects: [gadget("evaluated-text")] }),
};
for (const name of "alias unalias shopt enable hash bind complete compgen compopt history fc mapfile readarray getopts pushd popd coproc".split(
  " ",
))
  (HANDLERS as Record<string, Handler>)[name] = builtinGadget;

/** Describes a builtin; `undefined` when the name is none of bash's, or an ordinary program does the same (`kill`, `pwd`, `echo`). */
export function describeBuiltin(name: string, use: ProgramUse): Described | undefined {
  const handler = Object.hasOwn(HANDLERS, name) ? HANDLERS[name] : undefined;
  if (handler === undefined) return undefined;
  return {
    effects: [],
    free: false,
    readOnly: false,
    fileCommand: false,
    alsoKnownAs: [],
    setsNames: [],
    ...handler(use),
  };
}
