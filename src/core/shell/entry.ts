// One use of a program that the table knows: its subcommands level by level, then its options, operands and scripts.
import { type Described, describedAs } from "./described.ts";
import type { Effect } from "./facts.ts";
import { findEffects } from "./find.ts";
import { guessEffects } from "./guess.ts";
import { handedOn } from "./handed-on.ts";
import { innerTextEffects } from "./inner-text.ts";
import { operandEffects } from "./operand-effects.ts";
import { readLeading, readOptions } from "./options.ts";
import type { ReadOptions } from "./read-options.ts";
import { destroyingVerb, lastingTask } from "./scripts/tasks.ts";
import { scriptEffects } from "./scripts.ts";
import { type ProgramEntry, programEntry } from "./table.ts";
import type { ProgramUse } from "./use.ts";
import { wrapperEffects } from "./wrapper.ts";

type Form = readonly (string | undefined)[];

/** Where the subcommands end. */
interface Descent {
  readonly entry: ProgramEntry;
  /** The first word that is not a subcommand. */
  readonly start: number;
  /** The program's entry and those of its subcommands, each with its word's place. */
  readonly levels: readonly (readonly [ProgramEntry, number])[];
  /** Spellings without global options, for ask and deny. */
  readonly forms: readonly Form[];
  /** The options before each subcommand. */
  readonly above: readonly ReadOptions[];
  /** The word that is no subcommand the table knows. */
  readonly unknownAt?: number;
}

const MAX_LEVELS = 4;

/** Describes one use by the entry of its program. */
export function describeEntry(name: string, top: ProgramEntry, use: ProgramUse): Described {
  const descent = descend(name, top, use);
  const { entry, start, forms, above, levels, unknownAt } = descent;
  const before = above.flatMap((r) => r.effects);
  if (unknownAt !== undefined) {
    const given = above.flatMap((r) => r.given);
    const unknown: Effect = { kind: "gadget", code: "unknown-subcommand", index: unknownAt };
    const runs = innerTextEffects({ effects: [], operands: [], seen: new Set(), given }, use);
    const [asked = "", behind = ""] = use.words.slice(unknownAt).map((w) => w.value ?? "");
    // rustup takes `+nightly` before cargo sees its words
    const word = asked.startsWith("+") ? behind : asked;
    const lasting = lastingTask(word) ?? abbreviated(word, entry);
    return describedAs({
      effects: [
        ...before,
        ...standing(levels, above, use),
        ...runs,
        unknown,
        ...(lasting === undefined ? [] : [{ kind: "irreversible", code: lasting, index: unknownAt } as const]),
        ...destroyingVerb(use.words, unknownAt),
        ...guessEffects(use, unknownAt),
      ],
      alsoKnownAs: forms,
    });
  }
  if (entry.special === "find") {
    const effects = findEffects(use);
    return describedAs({ effects, readOnly: entry.readOnly === true && effects.every((e) => e.kind === "read") });
  }
  if (entry.wrapper !== undefined)
    return describedAs({
      effects: [...before, ...standing(levels, above, use), ...wrapperEffects(entry, start, use)],
      free: entry.free === true,
      alsoKnownAs: forms,
    });
  const read = readOptions(entry, use.words, start);
  const all = { ...read, given: [...above.flatMap((r) => r.given), ...read.given] };
  const described: readonly Effect[] = [
    ...before,
    ...standing(levels, [...above, read], use).filter((e) => e.kind !== "irreversible" || !asksHelp(use)),
    ...read.effects,
    ...operandEffects(entry, read),
    ...scriptEffects(entry.special, all, use),
    ...innerTextEffects(all, use),
    ...restEffects(read, use),
    ...namedTasks(entry, read, use),
  ];
  const effects = rehearses(entry, read, use) ? described.filter((e) => e.kind !== "irreversible") : described;
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

function descend(name: string, top: ProgramEntry, use: ProgramUse): Descent {
  let entry = top;
  let start = 1;
  const levels: (readonly [ProgramEntry, number])[] = [[top, 0]];
  const path: string[] = [name];
  const forms: Form[] = [];
  const above: ReadOptions[] = [];
  for (let level = 0; entry.subcommands !== undefined && level < MAX_LEVELS; level++) {
    const read = readLeading(entry, use.words, start);
    const [operand] = read.operands;
    if (operand === undefined) break;
    const word = operand.word.value;
    const sub = word === undefined || !Object.hasOwn(entry.subcommands, word) ? undefined : entry.subcommands[word];
    if (operand.index > start && word !== undefined)
      forms.push([...path, ...use.words.slice(operand.index).map((w) => w.value)]);
    if (sub === undefined || word === undefined) {
      if (entry.operands !== undefined || entry.wrapper !== undefined) break; // the operand may also be something else
      return { entry, start, levels, forms, above: [...above, read], unknownAt: operand.index };
    }
    above.push(read);
    path.push(word);
    entry = sub.same === undefined ? sub : { ...programEntry(sub.same) };
    start = operand.index + 1;
    levels.push([entry, operand.index]);
  }
  return { entry, start, levels, forms, above };
}

/** `--help` as the last word, which is no option's value: the program itself does nothing. A script or task that it hands the word to may (`yarn deploy --help`). */
function asksHelp({ words }: ProgramUse): boolean {
  const [last, before] = [words.at(-1)?.value, words.at(-2)?.value];
  return last === "--help" && before !== undefined && !before.startsWith("-") && words.every((w) => w.value !== "--");
}

/** A rehearsal that the table knows: `git push -n`. */
function rehearses({ exceptWith = [] }: ProgramEntry, read: ReadOptions, { words }: ProgramUse): boolean {
  if (takenBack(words)) return false;
  return ["n", "dry-run"].some(
    (name) => exceptWith.includes(name) && read.seen.has(name) && isSure(name, [read], words),
  );
}

/** False where an option that the table does not know stands before it: that may take it as its value (`kubectl delete x --token --dry-run`). */
function isSure(name: string, reads: readonly ReadOptions[], words: ProgramUse["words"]): boolean {
  const unknown = reads.flatMap(({ effects }) =>
    effects.flatMap((e) => (e.kind === "gadget" && e.code === "unknown-option" ? [e.index] : [])),
  );
  return unknown.every((at) => {
    const [option = "", next = ""] = [words[at]?.value, words[at + 1]?.value];
    const isNamed =
      name.length === 1 ? /^-\w/.test(next) && next.includes(name) : next.replace(/^--?|=.*/gs, "") === name;
    return option.includes("=") || !isNamed;
  });
}

/** `--dry-run=none`, `--no-dry-run`, npm's `--dry-run false`: what was a rehearsal is none. */
function takenBack(words: ProgramUse["words"]): boolean {
  return words.some(
    ({ value = "" }, at) =>
      /^--?no-d|^--?dry-?run=(?!(?:client|server|true|1|yes)$)/i.test(value) ||
      (/^(?:false|none|no|off|0)$/i.test(value) && /^--?dry-?run$/i.test(words[at - 1]?.value ?? "")),
  );
}

/** npm and others take the beginning of a subcommand's name for it: `npm pub`. */
function abbreviated(word: string, { subcommands = {} }: ProgramEntry): string | undefined {
  if (word.length < 3) return undefined;
  return Object.entries(subcommands).find(([name, sub]) => name.startsWith(word) && sub.irreversible !== undefined)?.[1]
    .irreversible;
}

/** `eb deploy`, `copilot svc deploy`: of a program that is only known to run others, its first words may be such a task (PERM-11). */
function namedTasks(entry: ProgramEntry, { operands }: ReadOptions, use: ProgramUse): readonly Effect[] {
  const others = entry.operands ?? entry.wrapper ?? entry.special ?? entry.subcommands;
  if (
    others !== undefined ||
    !/^(?:runs-program|network|credentials|changes-data|sends-data)$/.test(entry.always ?? "")
  )
    return [];
  const found = destroyingVerb(use.words, operands[0]?.index ?? use.words.length);
  if (entry.always !== "runs-program" || found.length > 0) return found;
  const handed = handedOn(use);
  if (handed.length > 0) return handed;
  return operands.slice(0, 2).flatMap(({ word, index }): readonly Effect[] => {
    const code = /[./]/.test(word.value ?? "") ? undefined : lastingTask(word.value ?? "");
    return code === undefined ? [] : [{ kind: "irreversible", code, index }];
  });
}

/** What the last entry says of every use. */
function standing(levels: Descent["levels"], reads: readonly ReadOptions[], { words }: ProgramUse): readonly Effect[] {
  const [entry, index] = levels.at(-1) ?? [{}, 0];
  const { always, irreversible, exceptWith = [] } = entry;
  const excepted = exceptWith.filter((name) => reads.some(({ seen }) => seen.has(name)) && isSure(name, reads, words));
  if (excepted.some((name) => name !== "dry-run" || !takenBack(words))) return [];
  // an operand of a program that always has an effect may steer it (`less +'!sh'`, `vim +q`): only a rule that spells it covers it
  const steering =
    entry.operands === undefined && entry.wrapper === undefined ? (reads[levels.length - 1]?.operands ?? []) : [];
  return [
    ...(always === undefined
      ? []
      : [index, ...steering.map((o) => o.index)].map((at) => ({ kind: "gadget", code: always, index: at }) as const)),
    ...(irreversible === undefined ? [] : [{ kind: "irreversible", code: irreversible, index } as const]),
  ];
}

/** The command behind an option such as `-e`. */
function restEffects({ rest }: ReadOptions, use: ProgramUse): readonly Effect[] {
  return rest === undefined ? [] : [{ kind: "run", index: rest.index, inner: use.inner(rest.words) }];
}
