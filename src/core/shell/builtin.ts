// Bash's own commands. They change the shell itself, so everything not listed as harmless is an effect.

import type { Described } from "./described.ts";
import { isInside, joinPath } from "./directory.ts";
import type { ShellWord } from "./facts.ts";
import type { ProgramUse } from "./use.ts";
import { declares, gadget, getopts, type Handler, mapfile, namesAfter, printf } from "./variables.ts";

const FREE: Handler = () => ({ free: true });

/** Flow and numbers: harmless with constant words or `$?`. */
const flow: Handler = (use) => {
  const odd = use.words.findIndex((w, i) => i > 0 && w.value === undefined && w.text !== "$?" && w.text !== '"$?"');
  return odd < 0 ? { free: true } : { effects: [gadget("not-constant", odd)] };
};

const builtinGadget: Handler = () => ({ effects: [gadget("changes-shell")] });

/** `shopt -s nullglob`: what file name patterns match, and nothing about how text is read. */
const shopt: Handler = (use) => {
  const words = use.words.slice(1).map((w) => w.value ?? "");
  const fine = words.every((w) =>
    /^(?:-[suqp]+|nullglob|globstar|dotglob|failglob|nocaseglob|nocasematch|globasciiranges)$/.test(w),
  );
  return fine ? { free: true } : builtinGadget(use);
};

/** `let`: the analysis reads constant words as arithmetic. */
const arithmetic: Handler = (use) =>
  use.words.every((w) => w.value !== undefined) ? { free: true } : { effects: [gadget("evaluated-text")] };

/** `cd`: free to a constant directory inside the workspace. */
const cd: Handler = (use) => {
  const operands = use.words.slice(1).filter((w) => w.value === undefined || !/^(?:-[LPe@]+|--)$/.test(w.value));
  const [target] = operands;
  const value = target?.value;
  const swaps = value === undefined || value === "" || /^[-+]/.test(value);
  // `~` alone and `~/x` are the caller's home; another user's is not known
  if (operands.length !== 1 || target === undefined || swaps || (target.tilde && !/^~(?:\/|$)/.test(value)))
    return { effects: [gadget("directory-not-known", 1)], ...probablyEnters(use, operands) };
  const path = target.tilde ? use.context.home + value.slice(1) : value;
  // `-P` resolves links before `..`
  if (path.includes("..") && use.words.some((w) => /^-\w*[Pe]/.test(w.value ?? "")))
    return { effects: [gadget("directory-not-known", 1)] };
  const inside =
    use.directories.length > 0 && use.directories.every((from) => isInside(use.context.root, joinPath(from, path)));
  if (!inside) return { effects: [gadget("outside-workspace", 1)], entersDirectory: path };
  return { effects: [{ kind: "directory", path: target, index: 1 }], free: true, entersDirectory: path };
};

/** For ask and deny: where a `cd` that nothing proves would lead, by itself (home) or with constants put in. */
function probablyEnters(
  use: ProgramUse,
  operands: readonly ShellWord[],
): Pick<Described, "entersDirectory"> | undefined {
  const [target, more] = operands;
  const likely = target === undefined ? [use.context.home] : target.value === undefined ? target.likely : undefined;
  const [path] = likely ?? [];
  return more === undefined && likely?.length === 1 && path !== undefined && /^[^-+]/.test(path)
    ? { entersDirectory: path }
    : undefined;
}

/** `pushd`: followed like `cd`, but only `cd` itself needs no rule (DESIGN 7 rule 6). */
const pushd: Handler = (use) => {
  const { effects = [], entersDirectory } = cd(use);
  return {
    effects: [gadget("changes-shell"), ...effects],
    ...(entersDirectory === undefined ? {} : { entersDirectory }),
  };
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
    return { effects: [{ kind: "run", index: 1, inner: use.sameShell(text.map((w) => w.value).join(" ")) }] };
  };
}

/** For deny rules: the text with constants put in is judged too. */
function likelyText(use: ProgramUse, text: readonly ShellWord[]): Partial<Described> {
  if (text.some((w) => w.likely === undefined)) return {};
  const inner = use.sameShell(text.flatMap((w) => w.likely ?? []).join(" "));
  return { effects: [gadget("evaluated-text", 1), { kind: "run", index: 1, inner }] };
}

/** `.` runs a file; standard input is one whose text may be known. */
const source: Handler = (use) => {
  const standard = /^(?:\/dev\/stdin|\/dev\/fd\/0)$/.test(use.words[1]?.value ?? "");
  const text =
    use.stdin?.kind === "text" ? use.stdin.text : use.stdin?.kind === "unknown" ? use.stdin.likely : undefined;
  const inner = standard && text !== undefined ? use.sameShell(text) : [];
  return { effects: [gadget("runs-file", 1), { kind: "run", index: use.words.length, inner }] };
};

/** `command`: a query with `-v`, otherwise the rest is the command. */
const command: Handler = (use) => {
  let at = 1;
  let queries = false;
  for (; /^-[pvV]+$/.test(use.words[at]?.value ?? ""); at++) queries ||= /[vV]/.test(use.words[at]?.value ?? "");
  if (use.words[at]?.value === "--") at++;
  if (queries)
    return use.words.every((w) => w.value !== undefined || w.kind === "quoted")
      ? { free: true }
      : { effects: [gadget("not-constant")] };
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

const HANDLERS: Readonly<Record<string, Handler>> = {
  ":": FREE,
  true: FREE,
  false: FREE,
  cd,
  pushd,
  popd: builtinGadget,
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
  read: namesAfter({ flags: "res", values: "dinNptu", names: "a" }),
  unset: namesAfter({ flags: "vf" }),
  mapfile,
  readarray: mapfile,
  getopts,
  shopt,
  ".": source,
  source,
  let: arithmetic,
};
for (const name of "alias unalias enable hash bind complete compgen compopt history fc coproc".split(" "))
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

/** True for a name that bash answers itself in a way of its own. */
export function isBuiltin(name: string): boolean {
  return Object.hasOwn(HANDLERS, name);
}
