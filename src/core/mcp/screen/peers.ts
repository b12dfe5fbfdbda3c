// Shadowing: a server that speaks of another server's tools, or looks like one of them.
import { textAt } from "../description.ts";
import type { JsonObject } from "../json.ts";
import { wordsOf } from "./clause.ts";
import { skeleton } from "./fold.ts";
import { ideasIn } from "./lexicon.ts";
import { isDirective } from "./mood.ts";
import { namesIn } from "./shapes.ts";
import type { Signal } from "./signal.ts";
import type { Work } from "./work.ts";

/** A tool of a server that the same client has, too. */
export interface Peer {
  readonly server: string;
  readonly tool: JsonObject;
}

/** What one name of many servers says nothing of. */
const DISTINCT = /[_\-A-Z]/;
const SAME_WORDS = 0.72;
/** To call another server's tool broken, or oneself its successor, is to take its place. */
const RUN_DOWN: ReadonlySet<string> = new Set(["only", "bad", "replace", "alter.bad"]);
/** An address beside the name of another server's tool: whoever reads it sends something there. Nothing that a tool is about explains it. */
const ADDRESS: ReadonlySet<string> = new Set(["qqmail", "qqurl", "qqiban"]);
const SURE = 2.3;
/** To name another server's tool, or to say which of one's own stands in for it. */
const ASIDE = 0.6;

/** Signs against a tool because of the tools of other servers. `texts` are its own; `own` are the names of its server's tools. */
export function* peerSignals(
  server: string,
  tool: JsonObject,
  texts: readonly string[],
  others: readonly Peer[],
  own: ReadonlySet<string>,
): Work<readonly Signal[]> {
  const name = textAt(tool, "name") ?? "";
  const me = { name, tool, look: skeleton(name) };
  const servers = new Set(others.map((peer) => peer.server));
  const signals: Signal[] = [...(yield* spokenOf(texts, others, own))];
  if (name !== "")
    for (const peer of others) {
      signals.push(...likeness(me, peer));
      yield;
    }
  if ([...servers].some((theirs) => looksLike(server, theirs)))
    signals.push({ kind: "name-squatting", weight: 1, isHard: true, at: "", text: server });
  return signals;
}

function* spokenOf(
  texts: readonly string[],
  others: readonly Peer[],
  own: ReadonlySet<string>,
): Work<readonly Signal[]> {
  if (others.length === 0) return [];
  const names = new Map(others.map(({ tool, server }) => [textAt(tool, "name") ?? "", server]));
  const signals: Signal[] = [];
  for (const text of texts) {
    for (const sentence of text.split(/(?<=[.!?\n])\s/)) {
      yield;
      const spoken = words(sentence).filter(
        (word) => names.has(word) && !own.has(word) && DISTINCT.test(word) && word.length >= 6,
      );
      if (spoken.length === 0) continue;
      const said = wordsOf(sentence);
      const ideas = ideasIn(said);
      const isRunDown = ideas.some(({ idea }) => RUN_DOWN.has(idea));
      const isElsewhere = ideas.some(({ idea }) => ADDRESS.has(idea));
      signals.push({
        kind: "cross-tool-order",
        weight: ideas.some(({ idea }) => idea === "own")
          ? ASIDE
          : isElsewhere && isDirective(said)
            ? SURE
            : isRunDown || isElsewhere || isDirective(said)
              ? 1
              : ASIDE,
        isHard: false,
        at: "/description",
        text: sentence,
      });
    }
  }
  return signals;
}

function words(sentence: string): readonly string[] {
  return [...namesIn(sentence), ...(sentence.match(/[A-Za-z][\w-]{4,80}/g) ?? [])];
}

/** One's own, with what its name looks like. */
interface Named {
  readonly name: string;
  readonly tool: JsonObject;
  readonly look: string;
}

function likeness({ name, tool, look }: Named, { tool: peer }: Peer): readonly Signal[] {
  const theirs = textAt(peer, "name") ?? "";
  if (theirs === "") return [];
  const sign = (weight: number, isHard: boolean): readonly Signal[] => [
    { kind: "name-squatting", weight, isHard, at: "/name", text: `${name} / ${theirs}` },
  ];
  if (name === theirs) return DISTINCT.test(name) && isCopy(tool, peer) ? sign(1, false) : [];
  if (Math.abs(name.length - theirs.length) > 4) return [];
  if (look === skeleton(theirs)) return sign(1, true);
  return isTypo(name, theirs) ? sign(1, false) : [];
}

/** A server under another's name, in letters that the eye takes for its own. */
function looksLike(server: string, theirs: string): boolean {
  const [own, other] = [server, theirs].map((name) => name.toLowerCase()) as [string, string];
  return own !== other && own.length > 3 && skeleton(own) === skeleton(other);
}

/** One name for one thing is common; the same words for it are a copy. */
function isCopy(tool: JsonObject, peer: JsonObject): boolean {
  return overlap(textAt(tool, "description") ?? "", textAt(peer, "description") ?? "") >= SAME_WORDS;
}

/** One letter more, less, other or moved in a long name. A plural is no typing error. */
function isTypo(one: string, two: string): boolean {
  if (Math.min(one.length, two.length) < 8 || Math.abs(one.length - two.length) > 1) return false;
  const [a, b] =
    one.length <= two.length ? [one.toLowerCase(), two.toLowerCase()] : [two.toLowerCase(), one.toLowerCase()];
  if (a === b) return one !== two && one.replace(/[_-]/g, "") === two.replace(/[_-]/g, "");
  if (`${a}s` === b) return false;
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  if (/\d/.test(b[at] ?? "") && /\d/.test(a[at] ?? "")) return false;
  // `get_user` and `set_user`: the verb is the first letter's
  if (at === 0) return false;
  const rest = a.length === b.length ? a.slice(at + 1) === b.slice(at + 1) : a.slice(at) === b.slice(at + 1);
  const isMoved =
    a.length === b.length && a[at] === b[at + 1] && a[at + 1] === b[at] && a.slice(at + 2) === b.slice(at + 2);
  return (rest && !/s(?:_|$)/.test(b.slice(at, at + 2))) || isMoved;
}

function overlap(one: string, two: string): number {
  const [a, b] = [bag(one), bag(two)];
  // `Go back to the previous page`: short ones are alike without being copied
  if (a.size < 5 || b.size < 5) return 0;
  const both = [...a].filter((word) => b.has(word)).length;
  return both / Math.min(a.size, b.size) >= 0.85 && both / Math.max(a.size, b.size) >= 0.5
    ? both / Math.min(a.size, b.size)
    : both / (a.size + b.size - both);
}

const EMPTY: ReadonlySet<string> = new Set([
  "a",
  "an",
  "the",
  "of",
  "to",
  "in",
  "and",
  "or",
  "for",
  "with",
  "from",
  "by",
  "on",
]);

function bag(text: string): ReadonlySet<string> {
  return new Set(
    wordsOf(text)
      .split(" ")
      .filter((word) => word.length > 1 && !EMPTY.has(word))
      .map((word) => word.replace(/ies$/, "y").replace(/(?:es|s|ing)$/, "")),
  );
}
