// Orders that no single sentence gives: who is to act, on what, to where, and what the person may learn of it, read over neighbouring sentences. A fact
// (`the assistant attaches …`) and a custom (`agents usually …`) count as orders do, for a model takes them as such.
import { once } from "../../once.ts";
import { type Clause, wordsOf } from "./clause.ts";
import { finderOf, type Hit } from "./lexicon.ts";
import { isForeign as isForeignClause } from "./mood.ts";
import { phrasesIn, type Span } from "./phrases.ts";
import { type Places, type Stretch, stands } from "./places.ts";
import type { Match, Origin } from "./rules.ts";
import table from "./scenes.json" with { type: "json" };
import { isAbout, type Topic } from "./topic.ts";

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

interface Scene {
  readonly kind: string;
  /** Of each slot that the lexicon fills alone, its ideas. */
  readonly needs: readonly Uint32Array[];
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

interface Compound {
  readonly idea: string;
  readonly slots: readonly (readonly string[])[];
  readonly isOrdered: boolean;
  readonly gap: number;
}

/** What an idea of the lexicon is called in phrases. */
const ALSO: Readonly<Record<string, readonly string[]>> = table.also;

const AIMED: ReadonlySet<string> = new Set(["s.agent", "c.doer", "p.model", "p.aside", "c.hush", "x.model"]);

/** In a definition phrases have scenes of their own, which say how near they stand. */
const scenes: Readonly<Record<Origin, () => readonly Scene[]>> = {
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
      not,
      span: row.span ?? 2,
      stretch:
        row.gap === undefined ? undefined : { slots, not, gap: row.gap, isOrdered: row.order === true, pair: row.pair },
      isForeign: row.foreign === true,
      isOfParameter: row.param === true,
      about: row.about,
      unless: row.unless,
      isHard: row.hard === true,
      isAimed: row.aimed === true || row.all.some((slot) => slot.split("|").some((idea) => AIMED.has(idea))),
      weights: { definition: row.definitions ?? 0, result: row.results ?? inResults(row) },
    };
  });
}

/** A result holds anything that was ever written: what names no model weighs less there than in a definition. */
function inResults({ all, param, foreign, definitions = 0 }: Row): number {
  if (param === true) return 0;
  const isAimed = all.some((slot) => slot.split("|").some((idea) => AIMED.has(idea)));
  return Math.min(1, definitions * (isAimed ? 0.8 : foreign === true ? 0.6 : 0.4));
}

/** Ideas that are made of others within one sentence. */
const compounds: () => readonly Compound[] = once(() =>
  (table.compounds as readonly Row[]).map((row) => ({
    idea: row.idea ?? "",
    slots: row.all.map((slot) => slot.split("|")),
    isOrdered: row.order !== false,
    gap: row.gap ?? 60,
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

/** A scene of phrases alone is looked for in a result where one of these stands. */
const GATES: readonly string[] = table.gates;
const GATE: () => Uint32Array = once(() => bitsOf(GATES));

function slotOf(slot: string): readonly string[] {
  return slot.split("|").flatMap((idea) => [idea, ...(ALSO[idea] ?? [])]);
}

/** Phrases, and what is made of phrases, are looked for when a scene comes to them. */
function isLate(idea: string): boolean {
  return (
    (idea !== "p.aside" && /^[px]\./.test(idea)) ||
    (table.compounds as readonly Row[]).some(
      (one) => one.idea === idea && one.all.some((slot) => /(?:^|\|)[px]\./.test(slot)),
    )
  );
}

function bitsOf(ideas: Iterable<string>): Uint32Array {
  const bits = new Uint32Array((numbers().size + 31) >> 5);
  for (const idea of ideas) {
    const number = numbers().get(idea);
    if (number !== undefined) bits[number >> 5] = (bits[number >> 5] as number) | (1 << (number & 31));
  }
  return bits;
}

function meets(one: Uint32Array, two: Uint32Array): boolean {
  return one.some((word, at) => (word & (two[at] as number)) !== 0);
}

function merge(into: Uint32Array, more: Uint32Array): void {
  for (const [at, word] of more.entries()) into[at] = (into[at] as number) | word;
}

const found: () => (words: string) => readonly Hit[] = once(() =>
  finderOf(
    new Set([
      ...scenes.result().flatMap(({ slots, not }) => [...slots.flat(), ...not]),
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
  /** Whether it names a model, or what a person is not to see: nobody says that to people. */
  readonly isAimed: boolean;
}

/** Where a text stands. */
export interface Frame {
  /** Ideas that the place itself stands for. */
  readonly beside?: readonly string[];
  /** The names of the tool and its server. */
  readonly names?: string;
  /** The parameter that the text describes. */
  readonly parameter?: string;
  /** Every parameter of the tool: a description may speak of one by its name. */
  readonly parameters?: readonly string[];
}

/** The scenes of a text's sentences, the strongest of each kind. */
export function scenesOf(clauses: readonly Clause[], origin: Origin, frame: Frame = {}): readonly SceneMatch[] {
  const languages = clauses.map(isForeignClause);
  const isEnglish = !languages.includes(true);
  const mine = scenes[origin]().filter(
    (scene) => scene.weights[origin] > 0 && isFor(scene, frame) && !(isEnglish && scene.isForeign),
  );
  const ofParameter = clauses.map(({ raw }) => frame.parameter !== undefined || namesOne(raw, frame.parameters ?? []));
  const each = clauses.map(({ words }) => ideasOf(words));
  const subject = countsOf(each.flatMap(({ domain }) => domain));
  const best = new Map<string, SceneMatch>();
  for (let from = 0; from < clauses.length; from += 1) {
    let raw = "";
    const bits = bitsOf(frame.beside ?? []);
    for (let to = from; to < Math.min(clauses.length, from + SPAN_MOST); to += 1) {
      const clause = clauses[to] as Clause;
      if (raw.length + clause.raw.length > WIDEST && to > from) break;
      raw = raw === "" ? clause.raw : `${raw} ${clause.raw}`;
      merge(bits, (each[to] as Ideas).bits);
      const isForeign = languages.slice(from, to + 1).includes(true);
      const isOfParameter = ofParameter.slice(from, to + 1).includes(true);
      const isWorthwhile = origin === "definition" || isForeign || meets(GATE(), bits);
      const likely = mine.filter(
        (scene) =>
          (isForeign || !scene.isForeign) &&
          (isOfParameter || !scene.isOfParameter) &&
          scene.needs.every((need) => meets(need, bits)) &&
          (isWorthwhile || scene.needs.length === scene.slots.length),
      );
      if (likely.length === 0) continue;
      const sentences = each.slice(from, to + 1);
      const places = placesOver(sentences, frame.beside ?? []);
      const told = toldOf(places) * (isElsewhere(subject, sentences) ? TOLD : 1);
      for (const scene of likely) keepBest(best, scene, { places, raw, span: to - from + 1, origin, told });
    }
  }
  return [...best.values()];
}

function toldOf(places: Places): number {
  const has = (idea: string): boolean => places(idea).length > 0;
  return (has("s.told") ? TOLD : 1) * (has("c.denied") && !has("c.hush") ? DENIED : 1);
}

function countsOf(terms: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** Whether the rest of the text is on models and their tools. */
function isElsewhere(subject: ReadonlyMap<string, number>, sentences: readonly Ideas[]): boolean {
  const here = countsOf(sentences.flatMap(({ domain }) => domain));
  return subject.size - [...here].filter(([term, count]) => subject.get(term) === count).length >= SUBJECT;
}

function isFor({ about, unless }: Scene, { names = "" }: Frame): boolean {
  return (about === undefined || isAbout(about, names)) && (unless === undefined || !isAbout(unless, names));
}

/** `the context field`, or a name at the head of a list's line. */
function namesOne(raw: string, parameters: readonly string[]): boolean {
  return parameters.some((name) => {
    const at = raw.indexOf(name);
    if (at < 0) return false;
    const before = raw.slice(Math.max(0, at - 2), at).trim();
    const behind = raw.slice(at + name.length, at + name.length + 12);
    return (
      /[`'"\u201c\u2018]$/.test(before) ||
      /^\s{0,2}[\u2014\u2013:=]/.test(behind) ||
      /^\s(?:field|param|argument|value|is |takes|receives|carries|holds|gets)/.test(behind)
    );
  });
}

const NOWHERE: Span = { from: 0, to: 0 };

/** Where ideas stand in neighbouring sentences, taken as one text. */
function placesOver(sentences: readonly Ideas[], beside: readonly string[]): Places {
  const known = new Map<string, readonly Span[]>(beside.map((idea) => [idea, [NOWHERE]]));
  return (idea) => {
    const before = known.get(idea);
    if (before !== undefined) return before;
    let offset = 0;
    const spans: Span[] = [];
    for (const { places, length } of sentences) {
      for (const { from, to } of places(idea)) spans.push({ from: from + offset, to: to + offset });
      offset += length;
    }
    known.set(idea, spans);
    return spans;
  };
}

function keepBest(
  best: Map<string, SceneMatch>,
  scene: Scene,
  window: {
    readonly places: Places;
    readonly raw: string;
    readonly span: number;
    readonly origin: Origin;
    readonly told: number;
  },
): void {
  if (window.span > scene.span) return;
  const told = scene.stretch === undefined || window.origin === "result" ? window.told : 1;
  const match: SceneMatch = {
    kind: scene.kind,
    weight: scene.weights[window.origin] * told,
    isHard: scene.isHard && told === 1 && scene.weights[window.origin] >= 1,
    raw: window.raw,
    isAimed: scene.isAimed,
  };
  const before = best.get(scene.kind);
  if (before !== undefined && rank(match) <= rank(before)) return;
  if (scene.stretch === undefined ? holds(scene, window.places) : stands(scene.stretch, window.places))
    best.set(scene.kind, match);
}

function holds({ slots, not }: Scene, places: Places): boolean {
  return (
    slots.every((slot) => slot.some((idea) => places(idea).length > 0)) && !not.some((idea) => places(idea).length > 0)
  );
}

function rank({ weight, isHard }: Match): number {
  return (isHard ? 10 : 0) + weight;
}

/** Whether the text is on models and their tools. */
export function isOfModels(text: string): boolean {
  const words = wordsOf(text.slice(0, 20_000));
  return new Set(ideasOf(words).domain).size >= SUBJECT;
}

/** The ideas of one sentence. */
interface Ideas {
  readonly bits: Uint32Array;
  readonly places: Places;
  readonly length: number;
  readonly domain: readonly string[];
}

function ideasOf(words: string): Ideas {
  const by = new Map<string, Span[]>();
  for (const hit of found()(words)) add(by, hit);
  for (const { idea, slots, isOrdered, gap } of compounds()) {
    if (isOfPhrases(slots)) continue;
    const at = isOrdered ? inOrder(slots, by, gap) : together(slots, by, gap);
    if (at !== undefined) add(by, { idea, ...at });
  }
  const places = (idea: string): readonly Span[] => {
    const before = by.get(idea);
    if (before !== undefined) return before;
    const spans = /^[px]\./.test(idea)
      ? [...phrasesIn(words, idea)]
      : compounds().flatMap((one) => {
          if (one.idea !== idea || !isOfPhrases(one.slots)) return [];
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

/** Phrases cost more than words: they are looked for when a scene comes to them. */
function isOfPhrases(slots: readonly (readonly string[])[]): boolean {
  return slots.some((slot) => slot.some((idea) => /^[px]\./.test(idea)));
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
  by: ReadonlyMap<string, readonly Span[]>,
  gap: number,
): Span | undefined {
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
