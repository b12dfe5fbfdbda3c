// What the words of a text weigh together. The rules name the orders that somebody thought of; strangers word theirs in other ways. So every sign of a
// text (signs.ts) has a weight, learned from texts by many hands (tests/support/learn-weights.ts): a text whose sum is beyond a bound is worth a person's
// look, though no rule knows why, and the other way round what a rule suspects is left where nothing around it speaks for it.
import { once } from "../../once.ts";
import { forTerminal } from "../../text/index.ts";
import { type Clause, clauseWork } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { visible } from "./hidden.ts";
import { type Subject, signWork, type Vocabulary } from "./signs.ts";
import type { Field } from "./walk.ts";
import table from "./weights.json" with { type: "json" };
import { atOnce, type Work } from "./work.ts";

const SIGNS: () => ReadonlyMap<string, readonly [weight: number, rarity: number]> = once(
  () => new Map(Object.entries(table.signs as unknown as Readonly<Record<string, readonly [number, number]>>)),
);

const KNOWN: () => Vocabulary = once(() => {
  const signs = SIGNS();
  const leading = new Set<string>();
  for (const sign of signs.keys()) {
    const end = sign.indexOf(" ");
    if (end > 0) leading.add(sign.slice(0, end));
  }
  return { has: (sign) => signs.has(sign), leads: (word) => leading.has(word) };
});

/** A sum beyond it is worth a look; below it what a rule suspects is not, */
const FLAG: Readonly<Record<Subject, number>> = { definition: -0.05, result: -0.05, elicitation: 0, sampling: 0 };
/** and below this one not even what a rule is sure of. */
const DOUBT = -0.2;
/** Honest words around an order are no excuse for it where somebody had room for many of them. */
const CLEAR_MOST = 2_000;
/** Beyond this one a definition is held. */
const SURE = 0.3;
/** What no words explain: letters nobody sees, an order in code, a name that is dressed as another's. */
const PLAIN_FACTS: ReadonlySet<string> = new Set([
  "hidden-text",
  "encoded-order",
  "terminal-control",
  "odd-name",
  "homoglyph-name",
  "mixed-script",
]);
/** Fewer different words say nothing, for or against. */
const WORDS_LEAST = 18;
/** A long text has many stretches, and each is another chance to look like something. */
const FLAG_LONG = 0.4;
/** Letters of a stretch, and of a text that is one. */
const STRETCH = 1_500;
const EXCERPT = 160;

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

/** The signs of whole fields, to learn from. */
export function signsIn(subject: Subject, fields: readonly Field[], findings: readonly Finding[]): ReadonlySet<string> {
  return atOnce(signWork(subject, atOnce(told(fields)).flatMap(clausesIn), findings));
}

function* sumOf(subject: Subject, clauses: readonly Clause[], findings: readonly Finding[] = []): Work<number> {
  return weightOf(yield* signWork(subject, clauses, findings, KNOWN()));
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
    if (weight >= SURE && subject === "definition") return findings.map(held);
    if (weight >= FLAG[subject] || length > CLEAR_MOST || wordsIn(clauses) < WORDS_LEAST) return findings;
    return findings.filter(weight >= DOUBT ? isHard : isPlainFact);
  }
  if (!isLong || subject === "definition") {
    const weight = yield* tellingWeight(subject, clauses);
    if (weight >= FLAG[subject]) {
      const finding = yield* worst(subject, all);
      return [weight >= SURE && subject === "definition" ? held(finding) : finding];
    }
    if (!isLong) return [];
  }
  for (const stretch of stretches(clauses)) {
    if ((yield* tellingWeight(subject, stretch)) >= FLAG_LONG) return [yield* worst(subject, all)];
    yield;
  }
  return [];
}

const held = (finding: Finding): Finding => ({ ...finding, severity: "hard" });

const isHard = ({ severity }: Finding): boolean => severity === "hard";

const isPlainFact = (finding: Finding): boolean => isHard(finding) && PLAIN_FACTS.has(finding.kind);

/** Few words weigh nothing. */
function* tellingWeight(subject: Subject, clauses: readonly Clause[]): Work<number> {
  return wordsIn(clauses) >= WORDS_LEAST ? yield* sumOf(subject, clauses) : Number.NEGATIVE_INFINITY;
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
