// What the words of a text weigh together. The rules name the orders that somebody thought of; strangers word theirs in other ways. So every sign of a
// text (signs.ts) has a weight, learned from texts by many hands (tests/support/learn-weights.ts): a stretch of text whose sum is beyond a bound is worth a
// person's look, though no rule knows why, and the other way round what a rule suspects is left where nothing around it speaks for it.
import { once } from "../../once.ts";
import { forTerminal } from "../../text/index.ts";
import type { Clause } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { clauseSigns, type Subject, signsOf, type Vocabulary } from "./signs.ts";
import { findingsIn, type Piece, pieceWork, stretchesOf } from "./stretch.ts";
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

/** Letters of a stretch. A definition says one thing; an answer may need more to be understood. */
const STRETCH: Readonly<Record<Subject, number>> = { definition: 300, result: 600, elicitation: 600, sampling: 600 };
/** A sum beyond it is worth a look; below it what a rule suspects is not, */
const FLAG: Readonly<Record<Subject, number>> = { definition: -0.1, result: 0, elicitation: 0, sampling: 0 };
/** and below this one not even what a rule is sure of. */
const DOUBT = -0.1;
/** Beyond this one a definition is held. */
const SURE = 0.3;
/** A long text has many stretches, and each is another chance to look like something: from so many letters on words alone have a bound of their own. */
const LONG: Readonly<Record<Subject, number>> = { definition: 600, result: 2_000, elicitation: 2_000, sampling: 2_000 };
const FLAG_LONG: Readonly<Record<Subject, number>> = { definition: 0.2, result: 0.4, elicitation: 0.4, sampling: 0.4 };
/** Fewer different words say nothing, for or against. */
const WORDS_LEAST = 18;
/** What no words explain: letters nobody sees, an order in code, a name that is dressed as another's. */
const PLAIN_FACTS: ReadonlySet<string> = new Set([
  "hidden-text",
  "encoded-order",
  "terminal-control",
  "odd-name",
  "homoglyph-name",
  "mixed-script",
]);
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

/** The signs of each stretch, to learn from. */
export function signsIn(
  subject: Subject,
  fields: readonly Field[],
  findings: readonly Finding[],
): readonly ReadonlySet<string>[] {
  return [...stretchesOf(atOnce(pieceWork(fields)), STRETCH[subject])].map((stretch) =>
    signsOf(
      subject,
      stretch.map(({ clause }) => clauseSigns(clause)),
      findingsIn(stretch, findings),
    ),
  );
}

/** The findings of the rules, weighed with the words around them. */
export function* judged(
  subject: Subject,
  fields: readonly Field[],
  findings: readonly Finding[],
): Work<readonly Finding[]> {
  const pieces = yield* pieceWork(fields);
  const signs = signsOnce();
  const weights = new Map<Finding, number>();
  let most: { stretch: readonly Piece[]; weight: number } = { stretch: [], weight: Number.NEGATIVE_INFINITY };
  for (const stretch of stretchesOf(pieces, STRETCH[subject])) {
    if (!isTalk(stretch)) continue;
    const own = findingsIn(stretch, findings);
    const weight = weightOf(
      signsOf(
        subject,
        stretch.map(({ clause }) => signs(clause)),
        own,
      ),
    );
    for (const finding of own) weights.set(finding, Math.max(weight, weights.get(finding) ?? weight));
    if (weight > most.weight) most = { stretch, weight };
    yield;
  }
  // nobody talks an order away: what its own clause says counts, too
  const doubted = findings.filter((finding) => isHard(finding) && (weights.get(finding) ?? DOUBT) < DOUBT);
  const shown = new Map<string, Finding[]>();
  for (const finding of doubted) shown.set(placeOf(finding), [...(shown.get(placeOf(finding)) ?? []), finding]);
  if (shown.size > 0)
    for (const { at, clause } of pieces) {
      const excerpt = forTerminal(clause.raw, { max: EXCERPT });
      for (const finding of shown.get(placeOf({ at, excerpt })) ?? []) {
        const alone = weightOf(signsOf(subject, [signs(clause)], [finding]));
        weights.set(finding, Math.max(alone, weights.get(finding) ?? alone));
      }
      yield;
    }
  const left = findings.flatMap((finding) => believed(subject, finding, weights.get(finding)));
  if (left.length > 0) return left;
  const letters = fields.reduce((sum, { text }) => sum + text.length, 0);
  if (most.weight < (letters > LONG[subject] ? FLAG_LONG : FLAG)[subject]) return [];
  return [graded(subject, most.weight, worst(subject, most.stretch))];
}

const isHard = ({ severity }: Finding): boolean => severity === "hard";

/** Where a finding stands and what it shows of it, as one text. */
const placeOf = ({ at, excerpt }: Pick<Finding, "at" | "excerpt">): string => `${at}\n${excerpt}`;

/** The signs of clauses, each read when it is first asked for: to make ready all those of a long answer would be no piece but a pause. */
function signsOnce(): (clause: Clause) => ReadonlySet<string> {
  const read = new WeakMap<Clause, ReadonlySet<string>>();
  return (clause) => {
    const signs = read.get(clause) ?? clauseSigns(clause, KNOWN());
    read.set(clause, signs);
    return signs;
  };
}

/** A finding with so much around it that speaks for it, or with too few words to say anything. */
function believed(subject: Subject, finding: Finding, weight: number | undefined): readonly Finding[] {
  if (weight === undefined) return [finding];
  const isLeft = weight >= FLAG[subject] || (isHard(finding) && (weight >= DOUBT || PLAIN_FACTS.has(finding.kind)));
  return isLeft ? [graded(subject, weight, finding)] : [];
}

function graded(subject: Subject, weight: number, finding: Finding): Finding {
  return weight >= SURE && subject === "definition" ? { ...finding, severity: "hard" } : finding;
}

function isTalk(stretch: readonly Piece[]): boolean {
  const different = new Set<string>();
  for (const { clause } of stretch) {
    for (const word of clause.words.split(" ")) if (/\p{L}/u.test(word)) different.add(word);
    if (different.size >= WORDS_LEAST) return true;
  }
  return false;
}

/** The clause that weighs most. */
function worst(subject: Subject, stretch: readonly Piece[]): Finding {
  let best = { weight: Number.NEGATIVE_INFINITY, at: "", raw: "" };
  for (const { at, clause } of stretch) {
    const weight = weightOf(signsOf(subject, [clauseSigns(clause, KNOWN())], []));
    if (weight > best.weight) best = { weight, at, raw: clause.raw };
  }
  return { severity: "soft", kind: "telling-words", at: best.at, excerpt: forTerminal(best.raw, { max: EXCERPT }) };
}
