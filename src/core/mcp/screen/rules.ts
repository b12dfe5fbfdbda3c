// Which orders a clause gives: each rule names the ideas that make one, and says how near they stand. What is denied (`do not send`), told of attacks
// (`detects prompts that …`) or quoted beside such words counts less or not at all.
import { once } from "../../once.ts";
import type { Clause } from "./clause.ts";
import { type Hit, ideasIn } from "./lexicon.ts";
import { isDirective, isForeign, isNegated } from "./mood.ts";
import table from "./rules.json" with { type: "json" };

/** A rule that holds of a clause. */
export interface Match {
  readonly kind: string;
  readonly weight: number;
  readonly isHard: boolean;
}

/** Whose words they are: a definition should describe a tool; a result holds anything that was ever written. */
export type Origin = "definition" | "result";

interface Rule {
  readonly kind: string;
  readonly slots: readonly (readonly string[])[];
  readonly not: readonly string[];
  readonly gap: number;
  readonly isOrdered: boolean;
  /** No comma parts what belongs together. */
  readonly isWhole: boolean;
  readonly isForeign: boolean;
  readonly isDirective: boolean;
  /** A rule about denial itself needs the denied words. */
  readonly seesDenied: boolean;
  readonly weights: Readonly<Record<Origin, number>>;
  readonly isHard: Readonly<Record<Origin, boolean>>;
}

interface Row {
  readonly kind: string;
  readonly all: readonly string[];
  readonly not?: readonly string[];
  readonly gap?: number;
  readonly order?: boolean;
  readonly whole?: boolean;
  readonly foreign?: boolean;
  readonly imperative?: boolean;
  readonly hard?: boolean;
  readonly weight?: number;
  readonly results?: number;
}

const NO_GAP = 10_000;
/** `Do not tell the customer` stands in any letter: in a result it is worth a look only beside another sign. */
const RESULT_MOST = 0.8;

const rules: () => readonly Rule[] = once(() =>
  (table.rules as readonly Row[]).map((row) => {
    const slots = row.all.map((slot) => slot.split("|"));
    return {
      kind: row.kind,
      slots,
      not: row.not ?? [],
      gap: row.gap ?? NO_GAP,
      isOrdered: row.order === true,
      isWhole: row.whole === true,
      isForeign: row.foreign === true,
      isDirective: row.imperative === true,
      seesDenied:
        row.kind !== "guard-weakening" &&
        slots.flat().some((idea) => /^(?:neg|negtell|ignore|notice|bad|only)(?:\.|$)/.test(idea)),
      weights: {
        definition: row.weight ?? 1,
        result: Math.min(row.results ?? 0, row.kind === "concealment" ? RESULT_MOST : 1),
      },
      isHard: { definition: row.hard === true, result: (row.results ?? 0) >= 2 },
    };
  }),
);

/** Ideas that excuse a clause wherever they stand; another one only behind what it excuses. */
const ANYWHERE: ReadonlySet<string> = new Set(["own", "caution", "if.x", "twice.x"]);

/** Told of, not told: the weight that is left. */
const TOLD_OF = 0.25;

const ids: () => ReadonlyMap<string, number> = once(
  () => new Map([...new Set(rules().flatMap(({ slots }) => slots.flat()))].map((idea, id) => [idea, id])),
);

function bitsOf(ideas: Iterable<string>): Uint32Array {
  const bits = new Uint32Array((ids().size + 31) >> 5);
  for (const idea of ideas) {
    const id = ids().get(idea);
    if (id !== undefined) bits[id >> 5] = (bits[id >> 5] as number) | (1 << (id & 31));
  }
  return bits;
}

/** A rule with one set of ideas a slot: a clause that lacks one is done with. */
interface Candidate {
  readonly rule: Rule;
  readonly needs: readonly Uint32Array[];
  readonly rank: number;
}

/** The rules of each origin, under the ideas of the slot that the fewest fill: most clauses have none of most rules'. */
const ofOrigin: Readonly<Record<Origin, () => ReadonlyMap<string, readonly Candidate[]>>> = {
  definition: once(() => candidates("definition")),
  result: once(() => candidates("result")),
};

function candidates(origin: Origin): ReadonlyMap<string, readonly Candidate[]> {
  const under = new Map<string, Candidate[]>();
  for (const [rank, rule] of rules().entries()) {
    if (rule.weights[origin] <= 0) continue;
    const candidate = { rule, needs: rule.slots.map(bitsOf), rank };
    const [rarest = []] = [...rule.slots].sort((a, b) => a.length - b.length);
    for (const idea of new Set(rarest)) {
      const list = under.get(idea);
      if (list === undefined) under.set(idea, [candidate]);
      else list.push(candidate);
    }
  }
  return under;
}

function holds(needs: readonly Uint32Array[], bits: Uint32Array): boolean {
  return needs.every((need) => need.some((word, at) => (word & (bits[at] as number)) !== 0));
}

/** The public half of a key is for everybody, but no tool of its own accord asks for it. */
function known(hit: Hit, origin: Origin): Hit {
  return hit.idea === "qqpublic" && origin === "definition" ? { ...hit, idea: "qqpath" } : hit;
}

/**
 * `You did not have access, and were to tell the user so` denies a having, and nothing that follows; `absent when git did not surface it` says what another
 * program did.
 */
function isLack({ idea, from, to }: Hit, words: string): boolean {
  if (idea !== "neg" && !words.startsWith("not ", from)) return false;
  if (idea === "neg" && /^ (?:have (?!to )|be able )/.test(words.slice(to, to + 10))) return true;
  return / (?:when|where|because|since) (?!you |user |the user |a user |model |the model |assistant )(?:[a-z]+ ){1,3}did ?$/.test(
    words.slice(Math.max(0, from - 60), from),
  );
}

/** Where a clause ends: `do not tell the user` and nothing behind it hides more than a string's state. */
const END = "end";

/** What the clause orders, the strongest match of each kind. */
export function matchesOf(clause: Clause, origin: Origin, isOpen = false): readonly Match[] {
  const hits = ideasIn(clause.words, isOpen)
    .filter((hit) => !isLack(hit, clause.words))
    .map((hit) => known(hit, origin))
    .concat({ idea: END, from: clause.words.length - 1, to: clause.words.length });
  if (hits.length < 2) return [];
  const ideas = new Set(hits.map(({ idea }) => idea));
  const bits = bitsOf(ideas);
  const under = ofOrigin[origin]();
  const likely = new Set<Candidate>();
  for (const idea of ideas)
    for (const candidate of under.get(idea) ?? []) if (holds(candidate.needs, bits)) likely.add(candidate);
  if (likely.size === 0) return [];
  const those = [...likely].sort((a, b) => a.rank - b.rank).map(({ rule }) => rule);
  return strongest(those, clause, hits, { origin, isOpen });
}

function strongest(
  rules: readonly Rule[],
  clause: Clause,
  hits: readonly Hit[],
  { origin, isOpen }: { readonly origin: Origin; readonly isOpen: boolean },
): readonly Match[] {
  const all = byIdea(hits);
  const affirmed = byIdea(hits.filter((hit) => !isNegated(clause.words, hit, all.get("neg") ?? [])));
  const told = toldFrom(clause, all);
  const foreign = isForeign(clause);
  const directive = isDirective(clause.words);
  const best = new Map<string, Match>();
  for (const rule of rules) {
    if ((rule.isForeign && !foreign) || (rule.isDirective && !directive && !isOpen)) continue;
    const at = placeOf(rule, rule.seesDenied ? all : affirmed, clause.words);
    if (at < 0 || rule.not.some((idea) => all.get(idea)?.some((hit) => ANYWHERE.has(idea) || hit.from >= at))) continue;
    const isTold = told >= 0 && (told <= at || told === 0);
    const match: Match = {
      kind: rule.kind,
      weight: isTold ? rule.weights[origin] * TOLD_OF : rule.weights[origin],
      isHard: rule.isHard[origin] && !isTold,
    };
    const before = best.get(rule.kind);
    if (before === undefined || rank(match) > rank(before)) best.set(rule.kind, match);
  }
  return [...best.values()];
}

function rank({ weight, isHard }: Match): number {
  return isHard ? 10 : weight;
}

function byIdea(hits: readonly Hit[]): ReadonlyMap<string, readonly Hit[]> {
  const map = new Map<string, Hit[]>();
  for (const hit of hits) {
    const list = map.get(hit.idea);
    if (list === undefined) map.set(hit.idea, [hit]);
    else list.push(hit);
  }
  return map;
}

/** A quotation; an apostrophe opens none. */
const QUOTED = /(?<![\p{L}\p{N}])["'`\u201c\u2018\u00ab][^"'`\u201d\u2019\u00bb]{8,200}["'`\u201d\u2019\u00bb]/u;

/** A clause that begins with what a scanner does names what it looks for, orders to models among it. */
const SEEKS =
  /^ (?:finds|detects|scans|checks|flags|looks|searches|identifies|reports|warns|analyzes|analyses|blocks|classifies|recognizes) /;

/** From which place on a clause tells of orders rather than gives them; -1 where it does not, 0 where all of it does. */
function toldFrom({ raw, words }: Clause, ideas: ReadonlyMap<string, readonly Hit[]>): number {
  const meta = ideas.get("meta")?.[0];
  if (meta === undefined) return -1;
  // `for the sample the assistant reads …` orders; `checks whether a text makes the assistant read …` tells
  if ((ideas.get("persona")?.[0]?.from ?? Number.POSITIVE_INFINITY) < meta.from) return -1;
  if (
    (ideas.has("address") && !SEEKS.test(words)) ||
    /\b(?:you must|you should|must always|important|mandatory)\b/i.test(raw)
  )
    return -1;
  return QUOTED.test(raw) ? 0 : meta.from;
}

/** Where the rule's ideas first stand as it wants them; -1 where they do not. */
function placeOf(rule: Rule, ideas: ReadonlyMap<string, readonly Hit[]>, words: string): number {
  const lists: (readonly Hit[])[] = [];
  for (const slot of rule.slots) {
    const list =
      slot.length === 1
        ? (ideas.get(slot[0] ?? "") ?? [])
        : slot.flatMap((idea) => ideas.get(idea) ?? []).sort((a, b) => a.from - b.from);
    if (list.length === 0) return -1;
    lists.push(list);
  }
  return rule.isOrdered ? inOrder(lists, rule.gap, rule.isWhole ? words : "") : together(lists, rule.gap);
}

/** `words` are given where no comma may stand between. */
function inOrder(lists: readonly (readonly Hit[])[], gap: number, words: string): number {
  for (const start of lists[0] ?? []) {
    let to = start.to;
    let isWhole = true;
    for (const list of lists.slice(1)) {
      const next = list.find((hit) => hit.from >= to);
      if (next === undefined) return -1;
      to = next.to;
      if (to - start.from > gap) isWhole = false;
    }
    if (isWhole && !words.slice(start.from, to).includes(",")) return start.from;
  }
  return -1;
}

/** The smallest stretch that holds one of each; a stem and a phrase that begins with it may be the same words. */
function together(lists: readonly (readonly Hit[])[], gap: number): number {
  const all = lists.flatMap((list, slot) => list.map((hit) => ({ slot, hit }))).sort((a, b) => a.hit.from - b.hit.from);
  const last = new Map<number, Hit>();
  for (const { slot, hit } of all) {
    last.set(slot, hit);
    if (last.size < lists.length) continue;
    const from = Math.min(...[...last.values()].map((one) => one.from));
    if (hit.to - from <= gap) return from;
  }
  return -1;
}
