// One text, read in every way that a model may read it: as it is, with letters of other scripts and digits made plain, written apart, and undone from
// what it is encoded in, twice deep at most.
import { type Clause, clauseWork, plainWords } from "./clause.ts";
import { decodedIn } from "./decode.ts";
import { fold, unleet, unspaced } from "./fold.ts";
import { hiddenIn, visible } from "./hidden.ts";
import { pagesOf } from "./page.ts";
import { matchesOf, type Origin } from "./rules.ts";
import { type Frame, scenesOf } from "./scene.ts";
import { PICTURE, TAGS, TOKENS, TURNS } from "./shapes.ts";
import type { Signal } from "./signal.ts";
import type { Work } from "./work.ts";

/** Where a text stands, and whose it is. */
export interface Place extends Frame {
  readonly at: string;
  readonly origin: Origin;
}

const DEEPEST = 2;
const CHUNK = 4096;
const CHUNK_OVERLAP = 512;

/** Every sign in the text. */
export function* signalsOf(text: string, place: Place, depth = 0): Work<readonly Signal[]> {
  const signals: Signal[] = [];
  for (const page of pagesOf(text)) for (const signal of yield* signalsOn(page, place, depth)) signals.push(signal);
  return signals;
}

function* signalsOn(text: string, place: Place, depth: number): Work<readonly Signal[]> {
  const signals: Signal[] = [];
  const add = (kind: string, weight: number, isHard: boolean, excerpt: string): void => {
    signals.push({ kind, weight, isHard, at: place.at, text: excerpt });
  };
  const isResult = place.origin === "result";
  for (const { kind, weight, isHard } of hiddenIn(text, place.origin)) add(kind, weight, isHard, text);
  yield;
  const plain = visible(text);
  for (const chunk of chunks(plain)) {
    for (const sign of shapesOf(chunk, isResult)) add(sign.kind, sign.weight, sign.isHard, chunk);
    yield;
  }
  const clauses = yield* clauseWork(plain);
  const scene = titled(plain, place.parameter);
  const sentences = scene === plain ? clauses : yield* clauseWork(scene);
  for (const { kind, weight, isHard, raw, isAimed } of yield* scenesOf(sentences, place.origin, place))
    signals.push({ kind, weight, isHard, at: place.at, text: raw, ...(isAimed ? { isScene: true } : {}) });
  for (const clause of clauses) {
    addMatches(clause, false);
    const leet = unleet(fold(clause.raw));
    if (leet !== undefined) addMatches({ raw: clause.raw, words: plainWords(leet) }, false, "disguised");
    yield;
  }
  const joined = unspaced(plain);
  if (joined !== undefined) {
    add("disguised", 0.6, false, joined);
    addMatches({ raw: joined, words: plainWords(joined) }, true, "disguised");
  }
  if (depth < DEEPEST) for (const decoded of yield* decodedIn(text)) yield* addDecoded(decoded);
  return signals;

  function addMatches(clause: Clause, isOpen: boolean, disguise?: string): void {
    for (const { kind, weight, isHard } of matchesOf(clause, place.origin, isOpen)) {
      if (disguise === undefined) add(kind, weight, isHard, clause.raw);
      else if (weight >= 0.5 && !signals.some((one) => one.kind === kind && one.weight >= weight)) {
        add(kind, weight, isHard, clause.raw);
        add(disguise, 1, isHard, clause.raw);
      }
    }
  }

  function* addDecoded(decoded: string): Work<void> {
    const inner = (yield* signalsOf(decoded, { ...place, origin: "definition" }, depth + 1)).filter(
      ({ kind, weight, isHard }) =>
        !SEEN_ANYWAY.has(kind) &&
        (isHard || weight >= (isResult ? 0.8 : 0.5)) &&
        !signals.some((one) => one.kind === kind && (one.isHard || !isHard)),
    );
    if (inner.length === 0) return;
    const isHard = !isResult || inner.some((one) => one.isHard);
    add("encoded-order", 1, isHard, decoded);
  }
}

/** What a parameter is called belongs to what is said of it, unless that says it again. */
function titled(text: string, parameter: string | undefined): string {
  const words = parameter?.replace(/[_-]+/g, " ").toLowerCase();
  return words === undefined || text.toLowerCase().includes(words) ? text : `${words}: ${text}`;
}

/** An escape that means an invisible letter is how manuals write that letter. */
const SEEN_ANYWAY: ReadonlySet<string> = new Set(["hidden-text", "terminal-control", "mixed-script", "padding"]);

function* chunks(text: string): Generator<string> {
  for (let from = 0; from < text.length; from += CHUNK - CHUNK_OVERLAP) {
    yield text.slice(from, from + CHUNK);
    if (from + CHUNK >= text.length) return;
  }
}

interface Sign {
  readonly kind: string;
  readonly weight: number;
  readonly isHard: boolean;
}

const LOUD = /^<\/?(?:important|critical|priority|mandatory|instructions?|thinking|internal)\b/;
const PADDING = /[^\S\n]{60}|(?:\n[^\S\n]{0,8}){16}/;

function shapesOf(text: string, isResult: boolean): readonly Sign[] {
  const signs: Sign[] = [];
  if (TOKENS.test(text))
    signs.push(
      isAboutTokens(text)
        ? { kind: "control-token", weight: 0.3, isHard: false }
        : { kind: "control-token", weight: isResult ? 0.7 : 1, isHard: !isResult },
    );
  if (TURNS.test(text)) signs.push({ kind: "played-turn", weight: isResult ? 0.7 : 1, isHard: false });
  const tag = TAGS.exec(text)?.[0];
  // such a tag, unless it shouts, is how many a server stresses what it says
  if (tag !== undefined)
    signs.push({ kind: "model-tag", weight: isResult ? 0.4 : LOUD.test(tag) ? 0.6 : 1, isHard: false });
  const picture = PICTURE.exec(text)?.[0];
  if (picture !== undefined)
    signs.push({ kind: "picture-leak", weight: isResult && !LOOT.test(picture) ? 0.6 : 1, isHard: !isResult });
  // far below what a dialog shows
  if (!isResult && PADDING.test(text)) signs.push({ kind: "padding", weight: 0.8, isHard: false });
  return signs;
}

/** What a picture's address is to be filled in with. */
const LOOT =
  /[{<[$%].{0,40}(?:conversation|histor|messages?|secret|token|api.?key|password|env|context|prompt|transcript)/i;

/** A tool of tokenizers or chat templates names them between quotes. */
function isAboutTokens(text: string): boolean {
  return (
    /\b(?:token(?:s|izer|ize)?|template|format|marker|delimiter|escape)s?\b/i.test(text) &&
    /["'`]\s{0,2}(?:<\||\[INST|<<SYS)/.test(text)
  );
}
