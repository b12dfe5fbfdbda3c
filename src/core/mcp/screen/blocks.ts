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
  const texts = fields
    .filter(({ isKey, key }) => !isKey && (key === "text" || key === "message" || key === "description"))
    .map(({ text }) => text);
  if (texts.length < 2 || texts.length > 400) return [];
  const pieces = texts.map((text) => endsOf(text.trim()));
  const seen = new Set(before.filter(({ isHard }) => isHard).map(({ kind }) => kind));
  const isOverBorder = overBorders(pieces);
  const found: Signal[] = [];
  for (const text of new Set([pieces.join(" "), withoutCuts(texts, pieces)]))
    for (const signal of yield* overBlocks(text, (kind, raw) => !seen.has(kind) && isOverBorder(raw)))
      if (!found.some(({ kind, text: raw }) => kind === signal.kind && raw === signal.text)) found.push(signal);
  return found;
}

/** The pieces as they are read where a client puts nothing between them: a word that is cut in two is one. */
function withoutCuts(texts: readonly string[], pieces: readonly string[]): string {
  return pieces
    .map((piece, at) => {
      const isCut = at > 0 && /[\p{L}\p{N}_]$/u.test(texts[at - 1] ?? "") && /^[\p{L}\p{N}_]/u.test(texts[at] ?? "");
      return `${at === 0 || isCut ? "" : " "}${piece}`;
    })
    .join("");
}

function* overBlocks(text: string, counts: (kind: string, raw: string) => boolean): Work<readonly Signal[]> {
  const scenes: Signal[] = [];
  for (const { kind, weight, isHard, raw } of yield* scenesOf(yield* clauseWork(withoutCounts(text)), "result"))
    if (weight >= 1 && counts(kind, raw)) scenes.push({ kind, weight, isHard, at: "", text: raw, isScene: true });
  const orders: Signal[] = [];
  for (const clause of yield* clauseWork(text)) {
    // nobody cuts an order in two by chance
    for (const match of matchesOf(clause, "result"))
      if (match.isHard && counts(match.kind, clause.raw))
        orders.push({ ...match, at: "", text: clause.raw, isScene: true });
    yield;
  }
  return [...orders, ...scenes];
}

/** `Search hit 2 of 3:` stands between two halves of a sentence. */
function withoutCounts(text: string): string {
  return text.replace(/\b(?:[A-Z][\w-]{1,20} ){0,2}\(?\d{1,4}(?: of |\/)\d{1,4}\)?[:.)]? /g, "");
}
