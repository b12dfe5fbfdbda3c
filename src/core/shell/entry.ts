// One use of a program that the table knows: its subcommands level by level, then its options, operands and scripts.
import { type Described, describedAs } from "./described.ts";
import type { Effect } from "./facts.ts";
import { findEffects } from "./find.ts";
import { guessEffects } from "./guess.ts";
import { innerTextEffects } from "./inner-text.ts";
import { operandEffects, type ReadOptions, readOptions } from "./options.ts";
import type { ProgramUse } from "./program.ts";
import { scriptEffects } from "./scripts.ts";
import { type ProgramEntry, programEntry } from "./table.ts";
import { wrapperEffects } from "./wrapper.ts";

type Form = readonly (string | undefined)[];

/** Where the subcommands end. */
interface Descent {
  readonly entry: ProgramEntry;
  /** The first word that is not a subcommand. */
  readonly start: number;
  readonly effects: readonly Effect[];
  /** Spellings without global options, for ask and deny. */
  readonly forms: readonly Form[];
  readonly above: readonly ReadOptions[];
  /** False when the words name a subcommand that the table does not know. */
  readonly known: boolean;
}

const MAX_LEVELS = 4;

/** Describes one use by the entry of its program. */
export function describeEntry(name: string, top: ProgramEntry, use: ProgramUse): Described {
  const { entry, start, effects: before, forms, above, known } = descend(name, top, use);
  if (!known) return describedAs({ effects: before, alsoKnownAs: forms });
  if (entry.special === "find") {
    const effects = [...before, ...findEffects(use)];
    return describedAs({
      effects,
      readOnly: entry.readOnly === true && effects.every((e) => e.kind === "read"),
    });
  }
  if (entry.wrapper !== undefined)
    return describedAs({
      effects: [...before, ...wrapperEffects(entry, start, use)],
      free: entry.free === true,
      alsoKnownAs: forms,
    });
  const read = readOptions(entry, use.words, start);
  const given = [...above.flatMap((r) => r.given), ...read.given];
  const effects: Effect[] = [
    ...before,
    ...read.effects,
    ...operandEffects(entry, read),
    ...scriptEffects(entry.special, { ...read, given }, use),
    ...innerTextEffects({ ...read, given }, use),
    ...(read.rest === undefined
      ? []
      : [{ kind: "run", index: read.rest.index, inner: use.inner(read.rest.words) } as const]),
  ];
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

function descend(name: string, top: ProgramEntry, use: ProgramUse): Descent {
  let entry = top;
  let start = 1;
  const effects: Effect[] = [];
  const path: string[] = [name];
  const forms: Form[] = [];
  const above: ReadOptions[] = [];
  for (let level = 0; entry.subcommands !== undefined && level < MAX_LEVELS; level++) {
    const read = readOptions({ ...entry, stopAtOperand: true }, use.words, start);
    const [operand] = read.operands;
    if (operand === undefined) break;
    const word = operand.word.value;
    const sub = word === undefined || !Object.hasOwn(entry.subcommands, word) ? undefined : entry.subcommands[word];
    if (operand.index > start && word !== undefined)
      forms.push([...path, ...use.words.slice(operand.index).map((w) => w.value)]);
    if (sub === undefined || word === undefined) {
      if (entry.operands !== undefined || entry.wrapper !== undefined) break; // the operand may also be something else
      const unknown: Effect = { kind: "gadget", code: "unknown-subcommand", index: operand.index };
      effects.push(...read.effects, unknown, ...guessEffects(use, operand.index));
      return { entry, start, effects, forms, above, known: false };
    }
    effects.push(...read.effects);
    above.push(read);
    path.push(word);
    entry = sub.same === undefined ? sub : { ...programEntry(sub.same) };
    start = operand.index + 1;
    effects.push(...standing(entry, operand.index));
  }
  if (path.length === 1) effects.push(...standing(top, 0));
  return { entry, start, effects, forms, above, known: true };
}

/** What an entry says of every use. */
function standing(entry: ProgramEntry, index: number): readonly Effect[] {
  return [
    ...(entry.always === undefined ? [] : [{ kind: "gadget", code: entry.always, index } as const]),
    ...(entry.irreversible === undefined ? [] : [{ kind: "irreversible", code: entry.irreversible, index } as const]),
  ];
}
