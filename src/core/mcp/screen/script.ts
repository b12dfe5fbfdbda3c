// The table of scenes as it is read: which ideas make one, how near they stand, where it weighs what; and the ideas by number, so that a scene whose ideas
// a text lacks costs a few comparisons.
import { once } from "../../once.ts";
import type { Stretch } from "./places.ts";
import type { Origin } from "./rules.ts";
import table from "./scenes.json" with { type: "json" };
import type { Topic } from "./topic.ts";

interface Row {
  readonly kind?: string;
  readonly idea?: string;
  readonly all: readonly string[];
  readonly not?: readonly string[];
  readonly order?: boolean;
  readonly gap?: number;
  readonly pair?: number;
  readonly span?: number;
  readonly hard?: boolean;
  readonly aimed?: boolean;
  readonly results?: number;
  readonly definitions?: number;
  /** Only in another language than English. */
  readonly foreign?: boolean;
  /** Only what is said of a parameter. */
  readonly param?: boolean;
  /** Only in a tool of such a name, or not in one. */
  readonly about?: Topic;
  readonly unless?: Topic;
}

/** Ideas that together are no description and no news. */
export interface Scene {
  readonly kind: string;
  /** Of each slot that the lexicon fills alone, its ideas. */
  readonly needs: readonly Uint32Array[];
  /** Of each slot what the lexicon has for it; a slot of phrases has nothing. */
  readonly words: readonly Uint32Array[];
  readonly slots: readonly (readonly string[])[];
  readonly not: readonly string[];
  readonly span: number;
  /** How near its ideas stand, where that matters. */
  readonly stretch: Stretch | undefined;
  readonly isForeign: boolean;
  readonly isOfParameter: boolean;
  readonly about: Topic | undefined;
  readonly unless: Topic | undefined;
  readonly isHard: boolean;
  readonly isAimed: boolean;
  readonly weights: Readonly<Record<Origin, number>>;
}

/** An idea that is made of others. */
export interface Compound {
  /** Phrases cost more than words: it is looked for when a scene comes to it. */
  readonly isOfPhrases: boolean;
  readonly idea: string;
  readonly slots: readonly (readonly string[])[];
  readonly isOrdered: boolean;
  readonly gap: number;
}
/** What an idea of the lexicon is called in phrases. */
const ALSO: Readonly<Record<string, readonly string[]>> = table.also;

const AIMED: ReadonlySet<string> = new Set([
  "s.agent",
  "c.doer",
  "p.model",
  "p.aside",
  "p.manual",
  "c.hush",
  "x.model",
]);

/** In a definition phrases have scenes of their own, which say how near they stand. */
export const scenes: Readonly<Record<Origin, () => readonly Scene[]>> = {
  definition: once(() => scenesWith((slot) => slot.split("|"))),
  result: once(() => scenesWith(slotOf)),
};

function scenesWith(slotOf: (slot: string) => readonly string[]): readonly Scene[] {
  return (table.scenes as readonly Row[]).map((row) => {
    const slots = row.all.map(slotOf);
    const not = row.not ?? [];
    return {
      kind: row.kind ?? "",
      slots,
      needs: slots.filter((slot) => !slot.some(isLate)).map(bitsOf),
      words: slots.map(bitsOf),
      not,
      span: row.span ?? 2,
      stretch:
        row.gap === undefined ? undefined : { slots, not, gap: row.gap, isOrdered: row.order === true, pair: row.pair },
      isForeign: row.foreign === true,
      isOfParameter: row.param === true,
      about: row.about,
      unless: row.unless,
      isHard: row.hard === true,
      isAimed: row.aimed === true || isAimed(row),
      weights: { definition: row.definitions ?? 0, result: row.results ?? inResults(row) },
    };
  });
}

/** Whether a model, or what a person is not to see, is named in any case. */
function isAimed({ all }: Pick<Row, "all">): boolean {
  return all.some((slot) => slot.split("|").every((idea) => AIMED.has(idea)));
}

/** A result holds anything that was ever written: what names no model weighs less there than in a definition. */
function inResults({ all, param, foreign, definitions = 0 }: Row): number {
  if (param === true) return 0;
  return Math.min(1, definitions * (isAimed({ all }) ? 0.8 : foreign === true ? 0.6 : 0.4));
}

/** Ideas that are made of others within one sentence. */
export const compounds: () => readonly Compound[] = once(() =>
  (table.compounds as readonly Row[]).map((row) => ({
    idea: row.idea ?? "",
    slots: row.all.map((slot) => slot.split("|")),
    isOrdered: row.order !== false,
    gap: row.gap ?? 60,
    isOfPhrases: row.all.some((slot) => /(?:^|\|)[px]\./.test(slot)),
  })),
);

/** Ideas of the lexicon and what is made of them, by number; phrases have none. */
const numbers: () => ReadonlyMap<string, number> = once(
  () =>
    new Map(
      [...new Set([...(table.scenes as readonly Row[]).flatMap(({ all }) => all.flatMap(slotOf)), ...GATES])]
        .filter((idea) => !isLate(idea))
        .map((idea, number) => [idea, number]),
    ),
);

/** All that opens one of these gates. */
export const GATES: readonly string[] = [...table.gates, ...table.abroad, ...table.anchors];
/** Phrases are looked for in a result where one of these stands, */
export const GATE: () => Uint32Array = once(() => bitsOf(table.gates));
/** those of other languages where one of these does. */
export const ABROAD: () => Uint32Array = once(() => bitsOf(table.abroad));
/** No scene of a result does without one of these. */
export const ANCHORS: () => Uint32Array = once(() => bitsOf(GATES));

function slotOf(slot: string): readonly string[] {
  return slot.split("|").flatMap((idea) => [idea, ...(ALSO[idea] ?? [])]);
}

/** Phrases, and what is made of phrases, are looked for when a scene comes to them. */
function isLate(idea: string): boolean {
  return (
    (idea !== "p.aside" && idea !== "p.manual" && /^[px]\./.test(idea)) ||
    (table.compounds as readonly Row[]).some(
      (one) => one.idea === idea && one.all.some((slot) => /(?:^|\|)[px]\./.test(slot)),
    )
  );
}

/** The numbers of the ideas, a bit each. */
export function bitsOf(ideas: Iterable<string>): Uint32Array {
  const bits = new Uint32Array((numbers().size + 31) >> 5);
  for (const idea of ideas) {
    const number = numbers().get(idea);
    if (number !== undefined) bits[number >> 5] = (bits[number >> 5] as number) | (1 << (number & 31));
  }
  return bits;
}

/** Whether they have an idea in common. */
export function meets(one: Uint32Array, two: Uint32Array): boolean {
  for (let at = 0; at < one.length; at += 1) if (((one[at] as number) & (two[at] as number)) !== 0) return true;
  return false;
}

/** Adds the second to the first; whether that was anything new. */
export function merge(into: Uint32Array, more: Uint32Array): boolean {
  let isNew = false;
  for (let at = 0; at < into.length; at += 1) {
    const both = ((into[at] as number) | (more[at] as number)) >>> 0;
    if (both !== into[at]) isNew = true;
    into[at] = both;
  }
  return isNew;
}
