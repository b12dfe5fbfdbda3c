// Orders that no single sentence gives: who is to act, on what, to where, and what the person may learn of it, read over neighbouring sentences. A fact
// (`the assistant attaches …`) and a custom (`agents usually …`) count as orders do, for a model takes them as such.
import { type Clause, wordsOf } from "./clause.ts";
import { isForeign as isForeignClause } from "./mood.ts";
import type { Span } from "./phrases.ts";
import { type Places, stands } from "./places.ts";
import type { Match, Origin } from "./rules.ts";
import { ABROAD, ANCHORS, bitsOf, GATE, meets, merge, type Scene, scenes } from "./script.ts";
import { type Ideas, ideasOf } from "./sentence.ts";
import { isAbout } from "./topic.ts";
import type { Work } from "./work.ts";

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
export function* scenesOf(clauses: readonly Clause[], origin: Origin, frame: Frame = {}): Work<readonly SceneMatch[]> {
  const languages = yield* eachOf(clauses, isForeignClause);
  const isResult = origin === "result";
  const isEnglish = !languages.includes(true);
  const mine = scenes[origin]().filter(
    (scene) => scene.weights[origin] > 0 && isFor(scene, frame) && !(isEnglish && scene.isForeign),
  );
  const ofParameter = clauses.map(({ raw }) => frame.parameter !== undefined || namesOne(raw, frame.parameters ?? []));
  const each = yield* eachOf(clauses, ({ words }) => ideasOf(words));
  const subject = countsOf(each.flatMap(({ domain }) => domain));
  const best = new Map<string, SceneMatch>();
  for (let from = 0; from < clauses.length; from += 1) {
    yield;
    let raw = "";
    const bits = bitsOf(frame.beside ?? []);
    for (let to = from; to < Math.min(clauses.length, from + SPAN_MOST); to += 1) {
      const clause = clauses[to] as Clause;
      if (raw.length + clause.raw.length > WIDEST && to > from) break;
      raw = raw === "" ? clause.raw : `${raw} ${clause.raw}`;
      const isNew = merge(bits, (each[to] as Ideas).bits);
      const isForeign = languages.slice(from, to + 1).includes(true);
      if (isResult && !(isNew && meets(ANCHORS(), bits))) continue;
      const isOfParameter = ofParameter.slice(from, to + 1).includes(true);
      const isOpen = !isResult || meets(GATE(), bits);
      const isAbroad = isForeign && (!isResult || meets(ABROAD(), bits));
      const likely = mine.filter(
        (scene) =>
          (isAbroad || !scene.isForeign) &&
          (isOfParameter || !scene.isOfParameter) &&
          (isOpen || scene.isForeign ? scene.needs : scene.words).every((need) => meets(need, bits)),
      );
      if (likely.length === 0) continue;
      const sentences = each.slice(from, to + 1);
      const places = placesOver(sentences, frame.beside ?? []);
      const told = toldOf(places) * (isElsewhere(subject, sentences) ? TOLD : 1);
      const isSure = origin === "definition" || subject.size < SUBJECT;
      for (const scene of likely) keepBest(best, scene, { places, raw, span: to - from + 1, origin, told, isSure });
    }
  }
  return [...best.values()];
}

function* eachOf<From, To>(list: readonly From[], make: (one: From) => To): Work<readonly To[]> {
  const made: To[] = [];
  for (const one of list) {
    made.push(make(one));
    yield;
  }
  return made;
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
    /** A text on models and their tools says nothing for sure. */
    readonly isSure: boolean;
  },
): void {
  if (window.span > scene.span) return;
  const told = scene.stretch === undefined || window.origin === "result" ? window.told : 1;
  const match: SceneMatch = {
    kind: scene.kind,
    weight: scene.weights[window.origin] * told,
    isHard: scene.isHard && told === 1 && window.isSure && scene.weights[window.origin] >= 1,
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
