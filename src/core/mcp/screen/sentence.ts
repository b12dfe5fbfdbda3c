// The ideas of one sentence and where they stand in it: words of the lexicon at once, what is made of them, and phrases when somebody asks.
import { once } from "../../once.ts";
import { finderOf, type Hit } from "./lexicon.ts";
import { phrasesOf, type Span } from "./phrases.ts";
import type { Places } from "./places.ts";
import { bitsOf, compounds, GATES, scenes } from "./script.ts";

const found: () => (words: string) => readonly Hit[] = once(() =>
  finderOf(
    new Set([
      ...scenes.result().flatMap(({ slots, not }) => [...slots.flat(), ...not]),
      ...compounds().flatMap(({ slots }) => slots.flat()),
      "s.told",
      "s.domain",
      ...GATES,
    ]),
  ),
);

/** The ideas of one sentence. */
export interface Ideas {
  readonly bits: Uint32Array;
  readonly places: Places;
  readonly length: number;
  readonly domain: readonly string[];
}

/** Read once; phrases are looked for when a scene comes to them. */
export function ideasOf(words: string): Ideas {
  const by = new Map<string, Span[]>();
  for (const hit of found()(words)) add(by, hit);
  for (const { idea, slots, isOrdered, gap, isOfPhrases } of compounds()) {
    if (isOfPhrases) continue;
    const at = isOrdered ? inOrder(slots, by, gap) : together(slots, by, gap);
    if (at !== undefined) add(by, { idea, ...at });
  }
  const phrases = phrasesOf(words);
  const places = (idea: string): readonly Span[] => {
    const before = by.get(idea);
    if (before !== undefined) return before;
    const spans = /^[px]\./.test(idea)
      ? [...phrases(idea)]
      : compounds().flatMap((one) => {
          if (one.idea !== idea || !one.isOfPhrases) return [];
          for (const part of one.slots.flat()) places(part);
          const at = one.isOrdered ? inOrder(one.slots, by, one.gap) : together(one.slots, by, one.gap);
          return at === undefined ? [] : [at];
        });
    by.set(idea, spans);
    return spans;
  };
  return {
    bits: bitsOf(by.keys()),
    places,
    length: words.length,
    domain: (by.get("s.domain") ?? []).map(({ from, to }) => words.slice(from, to)),
  };
}

function add(by: Map<string, Span[]>, { idea, from, to }: Hit): void {
  const list = by.get(idea);
  if (list === undefined) by.set(idea, [{ from, to }]);
  else list.push({ from, to });
}

function inOrder(
  slots: readonly (readonly string[])[],
  by: ReadonlyMap<string, readonly Span[]>,
  gap: number,
): Span | undefined {
  if (!slots.every((slot) => slot.some((idea) => (by.get(idea)?.length ?? 0) > 0))) return undefined;
  const lists = slots.map((slot) => slot.flatMap((idea) => by.get(idea) ?? []).sort((a, b) => a.from - b.from));
  for (const start of lists[0] ?? []) {
    let to = start.to;
    let isNear = true;
    for (const list of lists.slice(1)) {
      const next = list.find((hit) => hit.from >= to);
      if (next === undefined) return undefined;
      if (next.from - to > gap) isNear = false;
      to = next.to;
    }
    if (isNear) return { from: start.from, to };
  }
  return undefined;
}

/** One of each, each at most `gap` from the one before it. */
function together(
  slots: readonly (readonly string[])[],
  by: ReadonlyMap<string, readonly Span[]>,
  gap: number,
): Span | undefined {
  if (!slots.every((slot) => slot.some((idea) => (by.get(idea)?.length ?? 0) > 0))) return undefined;
  const all = slots
    .flatMap((slot, index) => slot.flatMap((idea) => (by.get(idea) ?? []).map((hit) => ({ index, hit }))))
    .sort((a, b) => a.hit.from - b.hit.from);
  const last = new Map<number, Span>();
  for (const { index, hit } of all) {
    last.set(index, hit);
    if (last.size < slots.length) continue;
    const from = Math.min(...[...last.values()].map((one) => one.from));
    if (hit.to - from <= gap * slots.length) return { from, to: hit.to };
  }
  return undefined;
}
