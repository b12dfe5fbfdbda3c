// Programs that run the rest of their words (DESIGN 7 rule 3): the rest is judged as a command of its own.
import type { Effect } from "./facts.ts";
import { innerTextEffects } from "./inner-text.ts";
import { operandEffects } from "./operand-effects.ts";
import { readLeading, valuesOf } from "./options.ts";
import type { Operand } from "./read-options.ts";
import type { ProgramEntry } from "./table.ts";
import type { ProgramUse } from "./use.ts";

/** Effects of one use of a wrapper. */
export function wrapperEffects(entry: ProgramEntry, start: number, use: ProgramUse): readonly Effect[] {
  const read = readLeading(entry, use.words, start);
  const own = read.operands.slice(0, entry.wrapper ?? 0);
  const [command] = read.operands.slice(entry.wrapper ?? 0).filter((o, i) => i > 0 || o.word.value !== "--");
  const [text] = entry.shellText === undefined ? [] : valuesOf(read, entry.shellText);
  const effects: Effect[] = [
    ...read.effects,
    ...operandEffects(entry, { ...read, operands: own }),
    ...innerTextEffects(read, use),
  ];
  if (text !== undefined) effects.push(textOf(text, use));
  else if (command !== undefined) {
    // what a runner runs comes from the project or a registry, so its name proves nothing about it
    if (entry.runner) effects.push({ kind: "gadget", code: "runs-program", index: command.index });
    effects.push(runs(entry, command, use));
  } else if (entry.shellAlone) effects.push({ kind: "gadget", code: "runs-shell", index: 0 });
  // an own operand that is not constant may be more than one word, or an option
  for (const { word, index } of own)
    if (word.value === undefined) effects.push({ kind: "gadget", code: "not-constant", index });
  return effects;
}

/** `flock lock -c TEXT` has its option behind its own operand; every other wrapper's command stands as words. */
function runs(entry: ProgramEntry, command: Operand, use: ProgramUse): Effect {
  const text = use.words[command.index + 1];
  const option = entry.shellText !== undefined && /^-(?:c|-command)$/.test(command.word.value ?? "");
  return option && text !== undefined
    ? textOf({ word: text, index: command.index + 1 }, use)
    : { kind: "run", index: command.index, inner: use.inner(use.words.slice(command.index)) };
}

function textOf({ word, index }: Operand, use: ProgramUse): Effect {
  return word.value === undefined
    ? { kind: "gadget", code: "not-constant", index }
    : { kind: "run", index, inner: use.shellText(word.value) };
}
