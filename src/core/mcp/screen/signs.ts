// The signs of a text: what is counted of it when it is weighed. Words say what it speaks of, their neighbours how, parts of words what a list of words
// forgot, and ideas one after the other what is done to what, in whichever words.
import type { Clause } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { ideasIn } from "./lexicon.ts";

/** Whose words they are. */
export type Subject = "definition" | "result" | "elicitation" | "sampling";

/** Which signs are of any use; a text has far more. */
export interface Vocabulary {
  readonly has: (sign: string) => boolean;
  /** Whether a sign of several words begins with this one. */
  readonly leads: (word: string) => boolean;
}

/** To learn from. */
export const EVERYTHING: Vocabulary = { has: () => true, leads: () => true };

/** Letters of a part of a word; longer words are read to there and no further. */
const PARTS = [4, 5] as const;
const WORD_MOST = 40;

/**
 * `#idea`, `#idea>idea` for one after the other, a word, two or three in a row, two with one or two between them (`a _ b`), and `^part` of a word whose
 * ends are `<` and `>`.
 */
export function clauseSigns(clause: Clause, { has, leads }: Vocabulary = EVERYTHING): ReadonlySet<string> {
  const signs = new Set<string>();
  const add = (sign: string): void => {
    if (has(sign)) signs.add(sign);
  };
  addIdeas(clause, add);
  const row = clause.words.split(" ").filter((word) => word !== "" && word !== "," && !/^[0-9]+$/.test(word));
  for (const word of new Set(row)) addWord(word, add);
  for (const [at, word] of row.entries()) if (leads(word)) addRows(row, at, add);
  return signs;
}

/** The signs of clauses that stand together, `@subject`, and `!kind` and `!severity` of what the rules find there. */
export function signsOf(
  subject: Subject,
  clauses: readonly ReadonlySet<string>[],
  findings: readonly Finding[],
): ReadonlySet<string> {
  const signs = new Set<string>([`@${subject}`]);
  for (const clause of clauses) for (const sign of clause) signs.add(sign);
  for (const { kind, severity } of findings) signs.add(`!${kind}`).add("!any").add(`!${severity}`);
  return signs;
}

function addIdeas({ words }: Clause, add: (sign: string) => void): void {
  let last: string | undefined;
  for (const { idea } of ideasIn(words)) {
    add(`#${idea}`);
    if (last !== undefined && last !== idea) add(`#${last}>${idea}`);
    last = idea;
  }
}

function addWord(word: string, add: (sign: string) => void): void {
  add(word);
  const ended = `<${word.slice(0, WORD_MOST)}>`;
  for (const length of PARTS)
    for (let from = 0; from + length <= ended.length; from += 1) add(`^${ended.slice(from, from + length)}`);
}

function addRows(row: readonly string[], at: number, add: (sign: string) => void): void {
  const [word, second, third, fourth] = row.slice(at, at + 4);
  if (second === undefined) return;
  add(`${word} ${second}`);
  if (third === undefined) return;
  add(`${word} ${second} ${third}`);
  add(`${word} _ ${third}`);
  if (fourth !== undefined) add(`${word} _ ${fourth}`);
}
