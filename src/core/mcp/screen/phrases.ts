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

/** The words that a term may begin with; undefined where that is any. */
function headsOf(term: string): readonly string[] | undefined {
  if (!term.startsWith("(")) {
    const word = /^[^ (]*/.exec(term)?.[0] ?? "";
    return /[^\p{L}\p{N}]/u.test(word) || term[word.length] === "(" ? undefined : [word];
  }
  const close = closeOf(term);
  const heads = choicesOf(term.slice(1, close)).map((choice) => headsOf((choice + term.slice(close + 1)).trimStart()));
  return heads.includes(undefined) ? undefined : heads.flatMap((one) => one ?? []);
}

function closeOf(term: string): number {
  let depth = 0;
  for (const [at, letter] of [...term].entries()) {
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return term.length;
}

/** The choices of a group, not those of the groups inside of it. */
function choicesOf(group: string): readonly string[] {
  const choices = [""];
  let depth = 0;
  for (const letter of group) {
    if (letter === "(") depth += 1;
    if (letter === ")") depth -= 1;
    if (letter === "|" && depth === 0) choices.push("");
    else choices[choices.length - 1] += letter;
  }
  return choices;
}

interface Heads {
  readonly ideas: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ideas that may begin with any word. */
  readonly any: ReadonlySet<string>;
}

/** Ideas by the words that they may begin with. */
const byHead: () => Heads = once(() => {
  const ideas = new Map<string, Set<string>>();
  const any = new Set<string>(Object.keys(foreign));
  for (const [idea, list] of Object.entries(table as Readonly<Record<string, readonly string[]>>))
    for (const term of list) {
      const heads = headsOf(fold(term));
      if (heads === undefined) any.add(idea);
      for (const head of heads ?? []) ideas.set(head, (ideas.get(head) ?? new Set()).add(idea));
    }
  return { ideas, any };
});

/** Where the words hold an idea. Most clauses have no word that most ideas begin with, and are not searched for them. */
export function phrasesOf(words: string): (idea: string) => readonly Span[] {
  const { ideas, any } = byHead();
  const likely = once(() => new Set(words.split(" ").flatMap((word) => [...(ideas.get(word) ?? [])])));
  return (idea) => (any.has(idea) || likely().has(idea) ? phrasesIn(words, idea) : []);
}

/** Where the words hold the idea. */
function phrasesIn(words: string, idea: string): readonly Span[] {
  const expression = expressions().get(idea);
  if (expression === undefined) return [];
  return [...words.matchAll(expression())].map((match) => ({ from: match.index, to: match.index + match[0].length }));
}
