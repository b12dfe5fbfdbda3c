// Ideas whose words come in many forms: each a list of choices (`(is|gets) (sent|passed) on`), read as one expression when it is first asked for.
import { once } from "../../once.ts";
import { fold } from "./fold.ts";
import table from "./phrases.json" with { type: "json" };
import foreign from "./phrases-languages.json" with { type: "json" };

/** Where an idea stands in the words of a clause. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Scripts that write no spaces: their terms stand anywhere. */
const JOINED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Devanagari}]/u;

/** A word may go on so far behind a stem. */
const STEM = "[^ ]{0,14}";

const expressions: () => ReadonlyMap<string, () => RegExp> = once(() => {
  const all = new Map<string, readonly string[]>();
  for (const source of [table, foreign] as readonly Readonly<Record<string, readonly string[]>>[])
    for (const [idea, list] of Object.entries(source)) all.set(idea, (all.get(idea) ?? []).concat(list));
  return new Map([...all].map(([idea, list]) => [idea, once(() => expressionOf(list))]));
});

/** None of the terms repeats without bound, so a clause is read in a time that its length bounds. */
function expressionOf(list: readonly string[]): RegExp {
  const folded = list.map((term) => fold(term).trimEnd().replaceAll("*", STEM));
  const spaced = folded.filter((term) => !JOINED.test(term)).join("|");
  const joined = folded.filter((term) => JOINED.test(term)).join("|");
  return new RegExp([spaced && `(?<= )(?:${spaced})(?= )`, joined].filter((part) => part !== "").join("|"), "gu");
}

/** Where the words hold the idea. */
export function phrasesIn(words: string, idea: string): readonly Span[] {
  const expression = expressions().get(idea);
  if (expression === undefined) return [];
  return [...words.matchAll(expression())].map((match) => ({ from: match.index, to: match.index + match[0].length }));
}
