// A text cut where its sentences end, each piece as plain words: what belongs to one order stands in one piece, and a lexicon term is found whatever
// signs stand between its words.
import { fold } from "./fold.ts";
import { withShapes } from "./shapes.ts";
import type { Work } from "./work.ts";

/** One sentence or line. */
export interface Clause {
  /** As it was written. */
  readonly raw: string;
  /** Folded words between single spaces, with one at both ends; `,` stands for every sign that parts a sentence. */
  readonly words: string;
}

/** A longer one is cut, with an overlap so that no order is hidden by its place. */
const LONGEST = 480;
const OVERLAP = 160;

// A full stop ends a sentence only before white space: paths, hosts and numbers hold them too. A line ends one where the next begins anew.
const ENDS =
  /[.!?;]{1,8}["'\u201d\u2019)\]*_`]{0,4}(?=\s|$|<)|(?<=[a-z]{2})[.!](?=[A-Z][a-z])|[\u3002\uff01\uff1f\uff1b\u0964\u061f\u06d4]|\n\s{0,80}\n|\n(?=\s{0,80}(?:[-*\u2022#>|<"'`]|\w+\(|\d{1,3}[.)]|[A-Z\p{Lo}]))|<\/?[A-Za-z][\w-]{0,30}>|-->|<!--/gu;

function* eachClause(text: string): Generator<Clause> {
  let from = 0;
  for (const match of text.matchAll(ENDS)) {
    // `<IMPORTANT>` and a sentence's end belong to the piece before: what is shown of it should look as it was written
    const to = match.index + match[0].length;
    yield* pieces(text.slice(from, to));
    from = to;
  }
  yield* pieces(text.slice(from));
}

/** The clauses of a text, in order. */
export function* clauseWork(text: string): Work<readonly Clause[]> {
  const clauses: Clause[] = [];
  for (const clause of eachClause(text)) {
    clauses.push(clause);
    yield;
  }
  return clauses;
}

function* pieces(raw: string): Generator<Clause> {
  if (raw.length <= LONGEST) {
    const words = wordsOf(raw);
    if (words.length > 2) yield { raw: raw.trim(), words };
    return;
  }
  for (let from = 0; from < raw.length; from += LONGEST - OVERLAP) {
    const piece = raw.slice(from, from + LONGEST);
    yield { raw: piece.trim(), words: wordsOf(piece) };
    if (from + LONGEST >= raw.length) return;
  }
}

/** Folded words between single spaces, shapes among them. */
export function wordsOf(text: string): string {
  // names in camel case are known by their capitals, which only plain text keeps
  return plainWords(/^[\x09\x0a\x0d\x20-\x7e]*$/.test(text) ? withShapes(text).toLowerCase() : withShapes(fold(text)));
}

/** The same of what is folded already. */
export function plainWords(folded: string): string {
  // classes of Unicode cost ten times those of ASCII
  const words = /^[\x09\x0a\x0d\x20-\x7e]*$/.test(folded)
    ? folded.replace(/[,:()[\]{}]+/g, " , ").replace(/[^a-z0-9,]+/g, " ")
    : folded
        .replace(/[,:()[\]{}\u2014\u2013\uff0c\u3001\uff1a\uff08\uff09]+/g, " , ")
        .replace(/[^\p{L}\p{N}\p{M},]+/gu, " ");
  return ` ${words.trim()} `;
}
