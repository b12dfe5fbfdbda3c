// Where in a text a secret stands: no more than its own letters are taken out, or an attacker would write one into a command so that the rest of the
// command is not on record either. A secret is found by its first half or its last, so both ends are looked for.
import type { Seen, TextSearch } from "./text-search.ts";

/** Places in one piece of text; with more the whole piece goes. */
const ROUNDS = 8;

/** What stands there instead. */
export function instead(seen: Seen): string {
  return seen.kind === "secret" ? `[${seen.name}]` : "[not searched]";
}

/** The text without what the search finds in it: line by line, then word by word, then letter by letter. */
export function* narrowed(search: TextSearch, text: string): Generator<void, string> {
  return yield* piecewise(search, text, [/(\n+)/, /(\s+)/]);
}

function* piecewise(search: TextSearch, text: string, splits: readonly RegExp[]): Generator<void, string> {
  if ((yield* search.look(text)) === undefined) return text;
  const [split, ...finer] = splits;
  if (split === undefined) return yield* cut(search, text);
  const pieces = text.split(split);
  if (pieces.length === 1) return yield* piecewise(search, text, finer);
  let out = "";
  for (const [at, piece] of pieces.entries()) out += at % 2 === 1 ? piece : yield* piecewise(search, piece, finer);
  // Pieces that say nothing alone.
  return (yield* search.look(out)) === undefined ? out : yield* cut(search, out);
}

function* cut(search: TextSearch, given: string): Generator<void, string> {
  let text = given;
  let seen = yield* search.look(text);
  for (let round = 0; seen !== undefined && round < ROUNDS; round += 1) {
    if (seen.kind === "unreadable") return instead(seen);
    const first = yield* firstPlace(search, text);
    const last = yield* lastPlace(search, text.slice(first.from));
    const length = first.to - first.from;
    const isOne = first.from + last.from <= first.to + length;
    const to = restOfWord(text, isOne ? Math.max(first.to, first.from + last.to) : first.to, length);
    const name = instead(seen);
    text = (text.slice(0, first.from) + name + text.slice(to)).replaceAll(name + name, name);
    seen = yield* search.look(text);
  }
  return seen === undefined ? text : instead(seen);
}

const NEAR = 4;

interface Place {
  readonly from: number;
  readonly to: number;
}

/** The one that ends first. */
function* firstPlace(search: TextSearch, text: string): Generator<void, Place> {
  const to = yield* least(1, text.length, (end) => search.look(text.slice(0, end)));
  const back = yield* least(1, to, (length) => search.look(text.slice(to - length, to)));
  return { from: to - back, to };
}

/** The one that begins last. */
function* lastPlace(search: TextSearch, text: string): Generator<void, Place> {
  const back = yield* least(1, text.length, (length) => search.look(text.slice(text.length - length)));
  const from = text.length - back;
  const length = yield* least(1, back, (end) => search.look(text.slice(from, from + end)));
  return { from, to: from + length };
}

/** The least number for which something is seen, as far as more sees more; `to` when nothing is. */
export function* least(
  from: number,
  to: number,
  sees: (count: number) => Generator<void, Seen | undefined>,
): Generator<void, number> {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((yield* sees(middle)) === undefined) low = middle + 1;
    else high = middle;
  }
  // More does not always see more: a letter in front turns every second letter into every other.
  for (let less = high - 1; less >= Math.max(from, high - NEAR); less -= 1)
    if ((yield* sees(less)) !== undefined) high = less;
  return high;
}

/** The rest of an encoding's letters, as far as they may belong to it. */
function restOfWord(text: string, from: number, most: number): number {
  let to = from;
  while (to < text.length && to < from + most && /[A-Za-z0-9+/=_%\\]/.test(text.charAt(to))) to += 1;
  return to;
}
