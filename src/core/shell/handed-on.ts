// A command among the words of a program of which nobody knows that it runs one.
import type { Effect } from "./facts.ts";
import { programEntry } from "./table.ts";
import type { ProgramUse } from "./use.ts";

/** `some-wrapper git push --force`: it may run what its words say. Only what never happens unasked counts; the rest is its own affair. */
export function handedOn({ words, inner }: ProgramUse): readonly Effect[] {
  const dashes = words.findIndex(({ value }) => value === "--") + 1;
  return [...new Set([1, 2, 3, ...(dashes > 0 ? [dashes] : [])])].flatMap((index): readonly Effect[] => {
    const name = words[index]?.value ?? "";
    if (
      programEntry(name) === undefined ||
      (index !== dashes && words.slice(1, index).some(({ value }) => !LEADS.test(value ?? "")))
    )
      return [];
    const commands = inner(words.slice(index));
    const deletes =
      name === "rm" && commands.some((c) => c.effects.some((e) => e.kind === "delete" && LARGE.test(e.path.text)));
    const lasting = commands.flatMap((c) => c.effects.filter((e) => e.kind === "irreversible" && e.index > 0));
    return deletes || lasting.length > 0 ? [{ kind: "run", index, inner: commands }] : [];
  });
}

/** Words that stand before a command that is run. */
const LEADS = /^(?:--|-{1,2}[\w-]+|exec|run|proxy|do|with|cmd|command|shell)$/;
const LARGE = /^["']?(?:\/|~|\.{1,2}(?:\/|$)|\*)/;
