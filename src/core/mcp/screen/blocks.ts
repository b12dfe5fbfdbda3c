// The blocks of one result, read together: an order that begins in one and ends in the next.
import { overBorders } from "./border.ts";
import { clauseWork } from "./clause.ts";
import { matchesOf } from "./rules.ts";
import { scenesOf } from "./scene.ts";
import type { Signal } from "./signal.ts";
import type { Field } from "./walk.ts";
import type { Work } from "./work.ts";

/** Letters of either end of a block: an order that begins in one and ends in the next stands within them. */
const END = 1024;

/** The two ends of a long block. What is left of its middle parts them. */
function endsOf(text: string): string {
  return text.length <= 2 * END ? text : `${text.slice(0, END)}\n\n${text.slice(-END)}`;
}

/** Orders that run over the blocks of one result. `before` is what was found in one of them. */
export function* joinedBlocks(fields: readonly Field[], before: readonly Signal[]): Work<readonly Signal[]> {
  const pieces = fields
    .filter(({ isKey, key }) => !isKey && (key === "text" || key === "message" || key === "description"))
    .map(({ text }) => endsOf(text.trim()));
  if (pieces.length < 2 || pieces.length > 400) return [];
  const seen = new Set(before.filter(({ isHard }) => isHard).map(({ kind }) => kind));
  const isOverBorder = overBorders(pieces);
  const text = pieces.join(" ");
  const scenes: Signal[] = [];
  for (const { kind, weight, isHard, raw } of yield* scenesOf(yield* clauseWork(withoutCounts(text)), "result"))
    if (weight >= 1 && !seen.has(kind) && isOverBorder(raw))
      scenes.push({ kind, weight, isHard, at: "", text: raw, isScene: true });
  const orders: Signal[] = [];
  for (const clause of yield* clauseWork(text)) {
    // nobody cuts an order in two by chance
    for (const match of matchesOf(clause, "result"))
      if (match.isHard && !seen.has(match.kind) && isOverBorder(clause.raw))
        orders.push({ ...match, at: "", text: clause.raw, isScene: true });
    yield;
  }
  return [...orders, ...scenes];
}

/** `Search hit 2 of 3:` stands between two halves of a sentence. */
function withoutCounts(text: string): string {
  return text.replace(/\b(?:[A-Z][\w-]{1,20} ){0,2}\(?\d{1,4}(?: of |\/)\d{1,4}\)?[:.)]? /g, "");
}
