// Orders that no single sentence gives: who is to act, on what, to where, and what the person may learn of it, read over neighbouring sentences. A fact
// (`the assistant attaches …`) and a custom (`agents usually …`) count as orders do, for a model takes them as such.
import { once } from "../../once.ts";
import { type Clause, wordsOf } from "./clause.ts";
import { finderOf, type Hit } from "./lexicon.ts";
import type { Match, Origin } from "./rules.ts";
import table from "./scenes.json" with { type: "json" };

interface Row {
  readonly kind?: string;
  readonly idea?: string;
  readonly all: readonly string[];
  readonly not?: readonly string[];
  readonly order?: boolean;
  readonly gap?: number;
  readonly span?: number;
  readonly hard?: boolean;
  readonly results?: number;
  readonly definitions?: number;
}

interface Scene {
  readonly kind: string;
  readonly slots: readonly (readonly string[])[];
  readonly not: readonly string[];
  readonly span: number;
  readonly isHard: boolean;
  readonly weights: Readonly<Record<Origin, number>>;
}

interface Compound {
  readonly idea: string;
  readonly slots: readonly (readonly string[])[];
  readonly isOrdered: boolean;
  readonly gap: number;
}

const scenes: () => readonly Scene[] = once(() =>
  (table.scenes as readonly Row[]).map((row) => ({
    kind: row.kind ?? "",
    slots: row.all.map((slot) => slot.split("|")),
    not: row.not ?? [],
    span: row.span ?? 2,
    isHard: row.hard === true,
    weights: { definition: row.definitions ?? 0, result: row.results ?? 0 },
  })),
);

/** Ideas that are made of others within one sentence. */
const compounds: () => readonly Compound[] = once(() =>
  (table.compounds as readonly Row[]).map((row) => ({
    idea: row.idea ?? "",
    slots: row.all.map((slot) => slot.split("|")),
    isOrdered: row.order !== false,
    gap: row.gap ?? 60,
  })),
);

const found: () => (words: string) => readonly Hit[] = once(() =>
  finderOf(
    new Set([
      ...scenes().flatMap(({ slots, not }) => [...slots.flat(), ...not]),
      ...compounds().flatMap(({ slots }) => slots.flat()),
      "s.told",
      "s.domain",
    ]),
  ),
);

/** Sentences further apart than this do not make one order. */
const WIDEST = 620;
const SPAN_MOST = 3;
/** What is told of, or stands in a text on models and their tools, is worth less: */
const TOLD = 0.45;
const DENIED = 0.25;
/** so many words of that subject elsewhere in the text make it one. */
const SUBJECT = 3;

/** What one scene says, and of which text. */
export interface SceneMatch extends Match {
  readonly raw: string;
}

/** The scenes of a text's sentences, the strongest of each kind. `beside` are ideas that the text's place stands for. */
export function scenesOf(
  clauses: readonly Clause[],
  origin: Origin,
  beside: readonly string[] = [],
): readonly SceneMatch[] {
  const each = clauses.map(({ words }) => ideasOf(words));
  const subject = each.flatMap(({ domain }, index) => domain.map((term) => ({ term, index })));
  const best = new Map<string, SceneMatch>();
  for (let from = 0; from < clauses.length; from += 1) {
    const ideas = new Set<string>(beside);
    let raw = "";
    for (let to = from; to < Math.min(clauses.length, from + SPAN_MOST); to += 1) {
      const clause = clauses[to] as Clause;
      if (raw.length + clause.raw.length > WIDEST && to > from) break;
      raw = raw === "" ? clause.raw : `${raw} ${clause.raw}`;
      const added = (each[to] as Ideas).ideas;
      if (added.size === 0 && to === from) break;
      for (const idea of added) ideas.add(idea);
      const elsewhere = new Set(subject.filter(({ index }) => index < from || index > to).map(({ term }) => term)).size;
      const told =
        (ideas.has("s.told") ? TOLD : 1) *
        (ideas.has("c.denied") && !ideas.has("c.hush") ? DENIED : 1) *
        (elsewhere >= SUBJECT ? TOLD : 1);
      for (const scene of scenes()) keepBest(best, scene, { ideas, raw, span: to - from + 1, origin, told });
    }
  }
  return [...best.values()];
}

function keepBest(
  best: Map<string, SceneMatch>,
  scene: Scene,
  window: {
    readonly ideas: ReadonlySet<string>;
    readonly raw: string;
    readonly span: number;
    readonly origin: Origin;
    readonly told: number;
  },
): void {
  const weight = scene.weights[window.origin];
  if (weight === 0 || window.span > scene.span) return;
  if (!scene.slots.every((slot) => slot.some((idea) => window.ideas.has(idea)))) return;
  if (scene.not.some((idea) => window.ideas.has(idea))) return;
  const match: SceneMatch = {
    kind: scene.kind,
    weight: weight * window.told,
    isHard: scene.isHard && window.told === 1,
    raw: window.raw,
  };
  const before = best.get(scene.kind);
  if (before === undefined || rank(match) > rank(before)) best.set(scene.kind, match);
}

function rank({ weight, isHard }: Match): number {
  return (isHard ? 10 : 0) + weight;
}

/** Whether the text is on models and their tools. */
export function isOfModels(text: string): boolean {
  const words = wordsOf(text.slice(0, 20_000));
  return new Set(ideasOf(words).domain).size >= SUBJECT;
}

interface Ideas {
  readonly ideas: ReadonlySet<string>;
  readonly domain: readonly string[];
}

function ideasOf(words: string): Ideas {
  const hits = found()(words);
  const by = new Map<string, Hit[]>();
  for (const hit of hits) add(by, hit);
  for (const { idea, slots, isOrdered, gap } of compounds()) {
    const at = isOrdered ? inOrder(slots, by, gap) : together(slots, by, gap);
    if (at !== undefined) add(by, { idea, ...at });
  }
  return {
    ideas: new Set(by.keys()),
    domain: (by.get("s.domain") ?? []).map(({ from, to }) => words.slice(from, to)),
  };
}

function add(by: Map<string, Hit[]>, hit: Hit): void {
  const list = by.get(hit.idea);
  if (list === undefined) by.set(hit.idea, [hit]);
  else list.push(hit);
}

type Span = { readonly from: number; readonly to: number };

function inOrder(
  slots: readonly (readonly string[])[],
  by: ReadonlyMap<string, readonly Hit[]>,
  gap: number,
): Span | undefined {
  const lists = slots.map((slot) => slot.flatMap((idea) => by.get(idea) ?? []).sort((a, b) => a.from - b.from));
  if (lists.some((list) => list.length === 0)) return undefined;
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
  by: ReadonlyMap<string, readonly Hit[]>,
  gap: number,
): Span | undefined {
  const all = slots
    .flatMap((slot, index) => slot.flatMap((idea) => (by.get(idea) ?? []).map((hit) => ({ index, hit }))))
    .sort((a, b) => a.hit.from - b.hit.from);
  const last = new Map<number, Hit>();
  for (const { index, hit } of all) {
    last.set(index, hit);
    if (last.size < slots.length) continue;
    const from = Math.min(...[...last.values()].map((one) => one.from));
    if (hit.to - from <= gap * slots.length) return { from, to: hit.to };
  }
  return undefined;
}
