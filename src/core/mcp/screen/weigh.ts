// What the words of a text weigh together. The rules name the orders that somebody thought of; strangers word theirs in other ways. So every word, every
// two neighbours, every idea and every kind of finding has a weight, learned from texts by many hands (tests/support/learn-weights.ts), and a text whose
// sum is beyond a bound is worth a person's look, though no rule knows why. The other way round, too: what a rule suspects and nothing around it speaks
// for is left. A sum says `soft` at most on its own; it decides nothing that a rule is sure of.
import { once } from "../../once.ts";
import { forTerminal } from "../../text/index.ts";
import { type Clause, clauseWork } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { visible } from "./hidden.ts";
import { ideasIn } from "./lexicon.ts";
import type { Field } from "./walk.ts";
import table from "./weights.json" with { type: "json" };
import { atOnce, type Work } from "./work.ts";

/** Whose words they are. */
export type Subject = "definition" | "result" | "elicitation" | "sampling";

const SIGNS: () => ReadonlyMap<string, readonly [weight: number, rarity: number]> = once(
  () => new Map(Object.entries(table.signs as unknown as Readonly<Record<string, readonly [number, number]>>)),
);

/** The second words of the pairs that weigh something, under their first. */
const PAIRS: () => ReadonlyMap<string, ReadonlySet<string>> = once(() => {
  const pairs = new Map<string, Set<string>>();
  for (const sign of SIGNS().keys()) {
    const [first = "", second] = sign.split(" ");
    if (second !== undefined) pairs.set(first, (pairs.get(first) ?? new Set()).add(second));
  }
  return pairs;
});

/** A sum beyond it is worth a look, in an answer, which may say anything, a higher one; */
const FLAG: Readonly<Record<Subject, number>> = {
  definition: -0.12,
  result: 0.05,
  elicitation: -0.12,
  sampling: -0.12,
};
/** one below it takes a rule's suspicion back; */
const CLEAR = -0.05;
/** but honest words around an order are no excuse for it where somebody had room for many of them; */
const CLEAR_MOST = 2_000;
/** beyond this one a suspicion is more than that. */
const SURE = 0.5;
/** Fewer different words order nothing that no rule sees. */
const WORDS_LEAST = 18;
/** A long text has many stretches, and each is another chance to look like something. */
const FLAG_LONG = 0.4;
/** Letters of a stretch, and of a text that is one. */
const STRETCH = 1_500;
const EXCERPT = 160;

/** The signs of a text: `#idea`, `!kind` of a finding, `@subject`, words, and pairs of words, those of them that `isPair` says. */
function* signsOf(
  subject: Subject,
  clauses: readonly Clause[],
  findings: readonly Finding[],
  isPair: (first: string, second: string) => boolean,
): Work<ReadonlySet<string>> {
  const signs = new Set<string>([`@${subject}`]);
  for (const { words } of clauses) {
    for (const { idea } of ideasIn(words)) signs.add(`#${idea}`);
    let before: string | undefined;
    for (const word of words.split(" ")) {
      if (word === "" || word === "," || /^[0-9]+$/.test(word)) continue;
      signs.add(word);
      if (before !== undefined && isPair(before, word)) signs.add(`${before} ${word}`);
      before = word;
    }
    yield;
  }
  for (const { kind, severity } of findings) signs.add(`!${kind}`).add("!any").add(`!${severity}`);
  return signs;
}

/** So much rarity is added to every text, so that a few words alone weigh little. */
export const FEW = 400;

/** The sum, between about -2 and 2: each sign as rare as it is, all of them together at most of length one. */
export function weightOf(signs: Iterable<string>): number {
  let sum = 0;
  let square = 0;
  for (const sign of signs) {
    const [weight, rarity] = SIGNS().get(sign) ?? [0, 0];
    sum += weight * rarity;
    square += rarity * rarity;
  }
  return table.bias + sum / Math.sqrt(square + FEW);
}

/** The signs of whole fields. */
export function signsIn(subject: Subject, fields: readonly Field[], findings: readonly Finding[]): ReadonlySet<string> {
  return atOnce(signsOf(subject, atOnce(told(fields)).flatMap(clausesIn), findings, () => true));
}

function* sumOf(subject: Subject, clauses: readonly Clause[], findings: readonly Finding[] = []): Work<number> {
  const isPair = (first: string, second: string): boolean => PAIRS().get(first)?.has(second) === true;
  return weightOf(yield* signsOf(subject, clauses, findings, isPair));
}

interface Told {
  readonly field: Field;
  readonly clauses: readonly Clause[];
}

function* told(fields: readonly Field[]): Work<readonly Told[]> {
  const all: Told[] = [];
  for (const field of fields)
    if (field.text.length > 2) all.push({ field, clauses: yield* clauseWork(visible(field.text)) });
  return all;
}

const clausesIn = ({ clauses }: Told): readonly Clause[] => clauses;

/** The findings of the rules, weighed with the words around them. */
export function* judged(
  subject: Subject,
  fields: readonly Field[],
  findings: readonly Finding[],
): Work<readonly Finding[]> {
  const length = fields.reduce((sum, { text }) => sum + text.length, 0);
  const isLong = length > STRETCH;
  if (length > CLEAR_MOST && findings.length > 0 && subject !== "definition") return findings;
  const all = yield* told(fields);
  const clauses = all.flatMap(clausesIn);
  if (findings.length > 0) {
    const weight = yield* sumOf(subject, clauses, findings);
    if (weight >= SURE && subject === "definition")
      return findings.map((finding) => ({ ...finding, severity: "hard" }));
    const isDoubtful = weight < CLEAR && length <= CLEAR_MOST;
    return isDoubtful && findings.every(({ severity }) => severity === "soft") ? [] : findings;
  }
  if (!isLong || subject === "definition") {
    if (yield* isTelling(subject, clauses, FLAG[subject])) return [yield* worst(subject, all)];
    if (!isLong) return [];
  }
  for (const stretch of stretches(clauses))
    if (yield* isTelling(subject, stretch, FLAG_LONG)) return [yield* worst(subject, all)];
  return [];
}

function* isTelling(subject: Subject, clauses: readonly Clause[], flag: number): Work<boolean> {
  return wordsIn(clauses) >= WORDS_LEAST && (yield* sumOf(subject, clauses)) >= flag;
}

/** Different words, counted no further than matters. */
function wordsIn(clauses: readonly Clause[]): number {
  const different = new Set<string>();
  for (const { words } of clauses) {
    for (const word of words.split(" ")) if (/\p{L}/u.test(word)) different.add(word);
    if (different.size >= WORDS_LEAST) break;
  }
  return different.size;
}

/** A text in pieces that are read alone. */
function* stretches(clauses: readonly Clause[]): Generator<readonly Clause[]> {
  let stretch: Clause[] = [];
  let length = 0;
  for (const clause of clauses) {
    stretch.push(clause);
    length += clause.words.length;
    if (length < STRETCH) continue;
    yield stretch;
    stretch = [];
    length = 0;
  }
  if (stretch.length > 0) yield stretch;
}

/** The clause that weighs most. */
function* worst(subject: Subject, all: readonly Told[]): Work<Finding> {
  let best = { weight: Number.NEGATIVE_INFINITY, at: "", raw: "" };
  for (const { field, clauses } of all)
    for (const clause of clauses) {
      const weight = yield* sumOf(subject, [clause]);
      if (weight > best.weight) best = { weight, at: field.at, raw: clause.raw };
    }
  return { severity: "soft", kind: "telling-words", at: best.at, excerpt: forTerminal(best.raw, { max: EXCERPT }) };
}
