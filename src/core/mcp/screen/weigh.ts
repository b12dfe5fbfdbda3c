// What the words of a text weigh together. The rules name the orders that somebody thought of; strangers word theirs in other ways. So every sign of a
// text (signs.ts) has a weight, learned from texts by many hands (tests/support/learn-weights.ts): a stretch of text whose sum is beyond a bound is worth a
// person's look, though no rule knows why, and the other way round what a rule suspects is left where nothing around it speaks for it.
import { once } from "../../once.ts";
import { forTerminal } from "../../text/index.ts";
import type { Clause } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { DOUBT, isLong, NARROW, type Scale, SURE, SUSPECTED, WIDE } from "./scale.ts";
import { clauseSigns, EVERYTHING, type Subject, signsOf, type Vocabulary } from "./signs.ts";
import { findingsOf, type Piece, pieceWork, stretchesOf } from "./stretch.ts";
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

/** What no words explain: letters nobody sees, an order in code, a name that is dressed as another's. */
const PLAIN_FACTS: ReadonlySet<string> = new Set([
  "hidden-text",
  "encoded-order",
  "veiled-order",
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
): { readonly wide: readonly ReadonlySet<string>[]; readonly narrow: readonly ReadonlySet<string>[] } {
  const pieces = atOnce(pieceWork(fields));
  const findingsIn = findingsOf(findings);
  const signs = signsOnce(EVERYTHING);
  const cut = ({ letters }: Scale): readonly ReadonlySet<string>[] =>
    [...stretchesOf(pieces, letters[subject])].map((stretch) =>
      signsOf(
        subject,
        stretch.map(({ clause }) => signs(clause)),
        findingsIn(stretch),
      ),
    );
  return { wide: cut(WIDE), narrow: cut(NARROW) };
}

/** The findings of the rules, weighed with the words around them. */
export function* judged(
  subject: Subject,
  fields: readonly Field[],
  findings: readonly Finding[],
): Work<readonly Finding[]> {
  const pieces = yield* pieceWork(fields);
  const signs = signsOnce(KNOWN());
  const findingsIn = findingsOf(findings);
  const weights = new Map<Finding, number>();
  const telling: Finding[] = [];
  const letters = fields.reduce((sum, { text }) => sum + text.length, 0);
  for (const scale of [WIDE, NARROW]) {
    let most: { stretch: readonly Piece[]; weight: number } = { stretch: [], weight: Number.NEGATIVE_INFINITY };
    for (const stretch of stretchesOf(pieces, scale.letters[subject])) {
      if (!isTalk(stretch, scale.wordsLeast)) continue;
      const own = findingsIn(stretch);
      const clauses = stretch.map(({ clause }) => signs(clause));
      const weight = weightOf(signsOf(subject, clauses, own));
      // what has too few words around it to be doubted is not doubted for its sentence
      for (const finding of own.filter((one) => scale === WIDE || weights.has(one)))
        weights.set(finding, Math.max(weight - scale.handicap, weights.get(finding) ?? Number.NEGATIVE_INFINITY));
      if (weight > most.weight) most = { stretch, weight };
      yield;
    }
    const bound = (isLong(subject, letters) ? scale.aloneInLong : scale.alone)[subject];
    if (most.weight >= bound) telling.push(graded(subject, most.weight, worst(subject, most.stretch)));
  }
  yield* weighOwnClauses(subject, pieces, findings, signs, weights);
  const certain = certainIn(findings);
  const left = findings.flatMap((finding) =>
    believed(subject, finding, certain.has(finding) ? undefined : weights.get(finding)),
  );
  return left.length > 0 ? left : telling.slice(-1);
}

/** Nobody talks an order away: what a rule is sure of and its surroundings are not is weighed by its own clause, too, however few its words. */
function* weighOwnClauses(
  subject: Subject,
  pieces: readonly Piece[],
  findings: readonly Finding[],
  signs: (clause: Clause) => ReadonlySet<string>,
  weights: Map<Finding, number>,
): Work<void> {
  const shown = new Map<string, Finding[]>();
  for (const finding of findings)
    if (isSure(finding) && (weights.get(finding) ?? DOUBT[subject]) < DOUBT[subject])
      shown.set(placeOf(finding), [...(shown.get(placeOf(finding)) ?? []), finding]);
  if (shown.size === 0) return;
  for (const { at, clause } of pieces) {
    const excerpt = forTerminal(clause.raw, { max: EXCERPT });
    for (const finding of shown.get(placeOf({ at, excerpt })) ?? []) {
      const alone = weightOf(signsOf(subject, [signs(clause)], [finding]));
      weights.set(finding, Math.max(alone, weights.get(finding) ?? alone));
    }
    yield;
  }
}

/** What rules are sure of in two ways at one place: no words around it explain both. */
function certainIn(findings: readonly Finding[]): ReadonlySet<Finding> {
  const kinds = new Map<string, Set<string>>();
  for (const { at, kind } of findings.filter(isSure)) kinds.set(at, (kinds.get(at) ?? new Set()).add(kind));
  return new Set(findings.filter((one) => isSure(one) && (kinds.get(one.at)?.size ?? 0) > 1));
}

const isSure = ({ severity }: Finding): boolean => severity === "hard";

/** Where a finding stands and what it shows of it, as one text. */
const placeOf = ({ at, excerpt }: Pick<Finding, "at" | "excerpt">): string => `${at}\n${excerpt}`;

/** The signs of clauses, each read when it is first asked for: to make ready all those of a long answer would be no piece but a pause. */
function signsOnce(known: Vocabulary): (clause: Clause) => ReadonlySet<string> {
  const read = new WeakMap<Clause, ReadonlySet<string>>();
  return (clause) => {
    const signs = read.get(clause) ?? clauseSigns(clause, known);
    read.set(clause, signs);
    return signs;
  };
}

/** A finding with so much around it that speaks for it, or with too few words to say anything. */
function believed(subject: Subject, finding: Finding, weight: number | undefined): readonly Finding[] {
  if (weight === undefined) return [finding];
  const isLeft =
    weight >= SUSPECTED[subject] || (isSure(finding) && (weight >= DOUBT[subject] || PLAIN_FACTS.has(finding.kind)));
  return isLeft ? [graded(subject, weight, finding)] : [];
}

function graded(subject: Subject, weight: number, finding: Finding): Finding {
  return weight >= SURE && subject === "definition" ? { ...finding, severity: "hard" } : finding;
}

function isTalk(stretch: readonly Piece[], wordsLeast: number): boolean {
  const different = new Set<string>();
  for (const { clause } of stretch) {
    for (const word of clause.words.split(" ")) if (/\p{L}/u.test(word)) different.add(word);
    if (different.size >= wordsLeast) return true;
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
