// A text in stretches that are read alone and overlap: an order is as short as it was, however much honest talk stands around it.
import { type Clause, clauseWork } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { visible } from "./hidden.ts";
import type { Field } from "./walk.ts";
import type { Work } from "./work.ts";

/** A clause and where it stands. */
export interface Piece {
  readonly at: string;
  readonly clause: Clause;
}

/** The clauses of fields, in order. */
export function* pieceWork(fields: readonly Field[]): Work<readonly Piece[]> {
  const pieces: Piece[] = [];
  for (const { at, text } of fields)
    if (text.length > 2) for (const clause of yield* clauseWork(visible(text))) pieces.push({ at, clause });
  return pieces;
}

/** Each as long as `letters` at least, the next one begun a third of that further on; a text that is not longer is one. */
export function* stretchesOf(pieces: readonly Piece[], letters: number): Generator<readonly Piece[]> {
  for (let from = 0; ; from = after(pieces, from, letters / 3)) {
    const to = after(pieces, from, letters);
    if (from < to || from === 0) yield pieces.slice(from, to);
    if (to >= pieces.length) return;
  }
}

/** The first place behind so many letters. */
function after(pieces: readonly Piece[], from: number, letters: number): number {
  let to = from;
  for (let sum = 0; to < pieces.length && sum < letters; to += 1) sum += (pieces[to] as Piece).clause.words.length;
  return to;
}

/** Of a stretch, those findings that speak of it: of a field that it holds, of what holds it, or of the whole. */
export function findingsOf(findings: readonly Finding[]): (stretch: readonly Piece[]) => readonly Finding[] {
  const known = new Map<string, readonly Finding[]>();
  const of = (place: string): readonly Finding[] => {
    const own = known.get(place) ?? findings.filter(({ at }) => isWithin(place, at) || isWithin(at, place));
    known.set(place, own);
    return own;
  };
  return (stretch) => [...new Set(stretch.flatMap(({ at }) => of(at)))];
}

const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || (inner.startsWith(outer) && inner[outer.length] === "/");
