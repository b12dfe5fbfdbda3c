// One program with its words → what it does beside being run. The table says it for most; builtins, wrappers and programs whose
// operands are scripts have code. What nothing here knows is left to `guess.ts`.
import { describeBuiltin } from "./builtin.ts";
import type { Command, Effect, ShellContext, ShellWord } from "./facts.ts";
import { findEffects } from "./find.ts";
import { guessEffects } from "./guess.ts";
import { type Operand, operandEffects, type ReadOptions, readOptions } from "./options.ts";
import { scriptEffects } from "./scripts.ts";
import { type ProgramEntry, programEntry } from "./table.ts";

/** Standard input as far as known; `undefined` = whatever the shell itself has. */
export type Standard =
  | undefined
  | { readonly kind: "unknown" }
  | { readonly kind: "file" }
  | { readonly kind: "text"; readonly text: string };

/** What the description needs. */
export interface ProgramUse {
  readonly words: readonly ShellWord[];
  readonly stdin: Standard;
  readonly directories: readonly string[];
  readonly context: ShellContext;
  /** Judges constant text as shell text of its own. */
  readonly shellText: (text: string) => readonly Command[];
  /** Judges words as one command of its own. */
  readonly inner: (words: readonly ShellWord[]) => readonly Command[];
}

/** What the program does. */
export interface Described {
  readonly effects: readonly Effect[];
  readonly free: boolean;
  readonly readOnly: boolean;
  readonly fileCommand: boolean;
  readonly alsoKnownAs: readonly (readonly (string | undefined)[])[];
  readonly setsNames: readonly string[];
  readonly entersDirectory?: string;
}

/** The plainest description: nothing but its effects. */
export function describedAs(parts: Partial<Described>): Described {
  return { effects: [], free: false, readOnly: false, fileCommand: false, alsoKnownAs: [], setsNames: [], ...parts };
}

/** Describes one use of a program. */
export function describeProgram(use: ProgramUse): Described {
  const [program] = use.words;
  const path = program?.value;
  if (program === undefined || path === undefined || program.tilde)
    return describedAs({
      effects: [{ kind: "gadget", code: "program-not-constant", index: 0 }],
      alsoKnownAs: likelyForms(use.words),
    });
  const name = path.slice(path.lastIndexOf("/") + 1);
  const builtin = path === name ? describeBuiltin(name, use) : undefined;
  if (builtin !== undefined) return { ...builtin, alsoKnownAs: [...builtin.alsoKnownAs, ...likelyForms(use.words)] };
  const entry = programEntry(name);
  const described = entry === undefined ? describedAs({ effects: guessEffects(use) }) : describeEntry(name, entry, use);
  const bare = path === name;
  const byName = [[name, ...use.words.slice(1).map((w) => w.value)]];
  // the same act under another name: who denies `rm` denies it
  if (name === "unlink") byName.push(["rm", ...use.words.slice(1).map((w) => w.value)]);
  return {
    ...described,
    free: described.free && bare,
    readOnly: described.readOnly && bare,
    fileCommand: described.fileCommand && bare,
    alsoKnownAs: [...(bare && name !== "unlink" ? [] : byName), ...described.alsoKnownAs, ...likelyForms(use.words)],
  };
}

/** For ask and deny: the words with constants put in, where that changes anything. */
function likelyForms(words: readonly ShellWord[]): readonly (readonly (string | undefined)[])[] {
  if (words.every((w) => w.value !== undefined)) return [];
  const likely = words.flatMap((w): readonly (string | undefined)[] => w.likely ?? [undefined]);
  const [first, ...rest] = likely;
  return [likely, ...(first?.includes("/") ? [[first.slice(first.lastIndexOf("/") + 1), ...rest]] : [])];
}

function describeEntry(name: string, top: ProgramEntry, use: ProgramUse): Described {
  let entry = top;
  let start = 1;
  const effects: Effect[] = [];
  const path: string[] = [name];
  const forms: (readonly (string | undefined)[])[] = [];
  for (let level = 0; entry.subcommands !== undefined && level < 4; level++) {
    const read = readOptions({ ...entry, stopAtOperand: true }, use.words, start);
    effects.push(...read.effects);
    const [operand] = read.operands;
    if (operand === undefined) {
      start = use.words.length;
      break;
    }
    const word = operand.word.value;
    const sub =
      word === undefined ? undefined : Object.hasOwn(entry.subcommands, word) ? entry.subcommands[word] : undefined;
    if (operand.index > start && word !== undefined)
      forms.push([...path, ...use.words.slice(operand.index).map((w) => w.value)]);
    if (sub === undefined || word === undefined) {
      if (entry.operands !== undefined) break; // a level whose operand may also be something else than a subcommand
      return describedAs({
        effects: [
          ...effects,
          { kind: "gadget", code: "unknown-subcommand", index: operand.index },
          ...guessEffects(use, operand.index),
        ],
        alsoKnownAs: forms,
      });
    }
    path.push(word);
    entry = sub.same === undefined ? sub : { ...programEntry(sub.same) };
    start = operand.index + 1;
    if (entry.always !== undefined) effects.push({ kind: "gadget", code: entry.always, index: operand.index });
    if (entry.irreversible !== undefined)
      effects.push({ kind: "irreversible", code: entry.irreversible, index: operand.index });
  }
  if (path.length === 1) {
    if (entry.always !== undefined) effects.push({ kind: "gadget", code: entry.always, index: 0 });
    if (entry.irreversible !== undefined) effects.push({ kind: "irreversible", code: entry.irreversible, index: 0 });
  }
  const special = name === "find" ? findEffects(use) : undefined;
  if (special !== undefined)
    return describedAs({
      effects: special,
      readOnly: entry.readOnly === true && special.every((e) => e.kind === "read"),
    });
  if (entry.wrapper !== undefined) return describeWrapper(entry, start, use, effects, forms);
  const module = /^python[\d.]*$/.test(name) ? pythonModule(use) : undefined;
  if (module !== undefined)
    return describedAs({
      effects: [{ kind: "gadget", code: "runs-module", index: module.index }, ...restEffects(use, module)],
    });
  const read = readOptions(entry, use.words, start);
  effects.push(...read.effects, ...operandEffects(entry, read), ...scriptEffects(entry.special, read, use));
  effects.push(...shellTextEffects(entry, read, use));
  const [other] = read.operands;
  if (entry.guessRest && other !== undefined) effects.push(...restEffects(use, other));
  // an operand of a program that always has an effect may steer it (`less +'!sh'`, `vim +q`): only a rule that spells it covers it
  if (entry.always !== undefined && entry.operands === undefined)
    for (const o of read.operands) effects.push({ kind: "gadget", code: entry.always, index: o.index });
  const withoutOperands =
    entry.readOnlyWithoutOperands !== true || read.operands.every((o) => o.word.value?.startsWith("+") === true);
  const elsewhere = name === "git" && (use.directories.length !== 1 || use.directories[0] !== use.context.cwd);
  return describedAs({
    effects,
    free: entry.free === true && effects.length === 0,
    readOnly: entry.readOnly === true && withoutOperands && !elsewhere && effects.every((e) => e.kind === "read"),
    fileCommand: entry.fileCommand === true,
    alsoKnownAs: forms,
  });
}

/** Options whose value is shell text: an effect of their own, and what the text would run is judged besides. */
function shellTextEffects(entry: ProgramEntry, read: ReadOptions, use: ProgramUse): readonly Effect[] {
  return Object.entries(entry.effects ?? {}).flatMap(([key, effect]): readonly Effect[] => {
    const given = effect === "shell-text" ? read.values.get(key.replace(/=$/, "")) : undefined;
    return given?.word.value === undefined
      ? []
      : [{ kind: "run", index: given.index, inner: use.shellText(given.word.value) }];
  });
}

/** `python -m NAME …`: what follows belongs to the module. */
function pythonModule(use: ProgramUse): Operand | undefined {
  const at = use.words.findIndex((w, i) => i > 0 && !/^-[BEIOSbsuq]+$/.test(w.value ?? ""));
  const word = use.words[at]?.value === "-m" ? use.words[at + 1] : undefined;
  return word?.value === undefined ? undefined : { word, index: at + 1 };
}

/** `npx jest -c x`: options of the program behind a runner, by its own entry if it has a plain one. */
function restEffects(use: ProgramUse, program: Operand): readonly Effect[] {
  const entry = programEntry(program.word.value ?? "");
  if (entry === undefined || entry.subcommands !== undefined || entry.wrapper !== undefined)
    return guessEffects(use, program.index);
  const read = readOptions(entry, use.words, program.index + 1);
  const special = scriptEffects(entry.special, read, use);
  return [...read.effects, ...operandEffects(entry, read), ...special];
}

/** A program that runs the rest of its words. */
function describeWrapper(
  entry: ProgramEntry,
  start: number,
  use: ProgramUse,
  before: readonly Effect[],
  forms: readonly (readonly (string | undefined)[])[],
): Described {
  const read = readOptions({ ...entry, stopAtOperand: true }, use.words, start);
  const command = read.operands[entry.wrapper ?? 0];
  const effects: Effect[] = [...before, ...read.effects];
  const text = entry.shellText === undefined ? undefined : read.values.get(entry.shellText);
  if (text !== undefined) {
    if (text.word.value === undefined) effects.push({ kind: "gadget", code: "not-constant", index: text.index });
    else effects.push({ kind: "run", index: text.index, inner: use.shellText(text.word.value) });
  } else if (command !== undefined) effects.push(runs(entry, command, use));
  // an own operand that is not constant may be more than one word, or an option
  for (const own of read.operands.slice(0, entry.wrapper ?? 0))
    if (own.word.value === undefined) effects.push({ kind: "gadget", code: "not-constant", index: own.index });
  return describedAs({ effects, free: entry.free === true, alsoKnownAs: forms });
}

/** `flock lock -c TEXT` has its option behind its own operand; every other wrapper's command stands as words. */
function runs(entry: ProgramEntry, command: Operand, use: ProgramUse): Effect {
  const text = use.words[command.index + 1]?.value;
  const option = entry.shellText !== undefined && /^-(?:c|-command)$/.test(command.word.value ?? "");
  return option && text !== undefined
    ? { kind: "run", index: command.index + 1, inner: use.shellText(text) }
    : { kind: "run", index: command.index, inner: use.inner(use.words.slice(command.index)) };
}
