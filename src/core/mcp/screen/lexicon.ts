// Which ideas a clause holds: words and phrases of many languages, found in one pass by a tree of letters, however long the text.

import { once } from "../../once.ts";
import { plainWords } from "./clause.ts";
import { fold } from "./fold.ts";
import languages from "./languages.json" with { type: "json" };
import english from "./lexicon.json" with { type: "json" };
import roles from "./roles.json" with { type: "json" };

/** An idea at its place in the words of a clause. */
export interface Hit {
  readonly idea: string;
  readonly from: number;
  readonly to: number;
}

interface Ending {
  readonly idea: string;
  /** Whether a word may go on behind the term. */
  readonly isStem: boolean;
}

interface Term extends Ending {
  readonly letters: string;
}

/** Grown where a text first comes by: the whole tree would cost a start more than most sessions read. */
interface Node {
  readonly depth: number;
  readonly ends: readonly Ending[];
  /** Terms that go on from here, until somebody does. */
  waiting: readonly Term[];
  next: ReadonlyMap<string, Node> | undefined;
}

// Scripts that write no spaces, or hang words together: their terms may begin and end inside of what looks like one word.
const JOINED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}]/u;

/** None of them stands before Arabic: a number is compared faster than a class of Unicode. */
const JOINED_FROM = 0x0600;

type Terms = Readonly<Record<string, readonly string[]>>;

const root: () => Node = once(() => treeOf({ ...english, ...languages }));

function treeOf(table: Terms): Node {
  return nodeOf(
    Object.entries(table).flatMap(([idea, terms]) =>
      terms.flatMap(spelledOut).map((term) => {
        const letters = /^[a-z0-9 ]+\*?$/.test(term)
          ? term.replace("*", "")
          : plainWords(fold(term.replace(/\*$/, ""))).trim();
        return { idea, letters, isStem: term.endsWith("*") || JOINED.test(letters.at(-1) ?? "") };
      }),
    ),
    0,
  );
}

/** `(the|this) user(s|)` is four terms. */
function spelledOut(term: string): readonly string[] {
  const open = term.lastIndexOf("(");
  if (open < 0) return [term];
  const close = term.indexOf(")", open);
  return term
    .slice(open + 1, close)
    .split("|")
    .flatMap((choice) => spelledOut(`${term.slice(0, open)}${choice}${term.slice(close + 1)}`))
    .map((one) => one.replace(/ {2,}/g, " ").trim());
}

function nodeOf(terms: readonly Term[], depth: number): Node {
  return {
    depth,
    ends: terms.filter(({ letters }) => letters.length === depth),
    waiting: terms.filter(({ letters }) => letters.length > depth),
    next: undefined,
  };
}

function childOf(node: Node, letter: string): Node | undefined {
  if (node.next === undefined) {
    const by = new Map<string, Term[]>();
    for (const term of node.waiting) {
      const key = term.letters[node.depth] as string;
      const list = by.get(key);
      if (list === undefined) by.set(key, [term]);
      else list.push(term);
    }
    node.next = new Map([...by].map(([key, terms]) => [key, nodeOf(terms, node.depth + 1)]));
    node.waiting = [];
  }
  return node.next.get(letter);
}

/** A clause is at most a few hundred letters; more hits than this are not looked at one by one. */
const HITS_MOST = 160;

/** Every idea of the clause's words. `isOpen`: words were written without their spaces, so terms are found anywhere. */
export function ideasIn(words: string, isOpen = false): readonly Hit[] {
  return hitsOf(root(), words, HITS_MOST, isOpen);
}

/** A finder of the given ideas alone, those of `roles.json` among them. Its words are wider, and so are its hits. */
export function finderOf(ideas: ReadonlySet<string>): (words: string) => readonly Hit[] {
  const all = Object.entries({ ...english, ...languages, ...roles } satisfies Terms);
  const tree = treeOf(Object.fromEntries(all.filter(([idea]) => ideas.has(idea))));
  return (words) => hitsOf(tree, words, HITS_MOST * 3, false);
}

function hitsOf(tree: Node, words: string, most: number, isOpen: boolean): readonly Hit[] {
  const hits: Hit[] = [];
  for (let at = 0; at < words.length && hits.length < most; at += 1) {
    const before = words[at - 1];
    if (words[at] === " ") continue;
    if (before === " " || isOpen || (words.charCodeAt(at) >= JOINED_FROM && JOINED.test(words[at] ?? "")))
      walk(tree, words, at, at, isOpen, hits);
  }
  return hits;
}

function walk(start: Node, words: string, from: number, to: number, isOpen: boolean, hits: Hit[]): void {
  let node = start;
  for (let at = to; ; at += 1) {
    for (const { idea, isStem } of node.ends)
      if (isStem || isOpen || words[at] === " ") hits.push({ idea, from, to: at });
    // without spaces a term of several words stands together
    const space = isOpen ? childOf(node, " ") : undefined;
    if (space !== undefined && words[at] !== " ") walk(space, words, from, at, isOpen, hits);
    const next = childOf(node, words[at] ?? "");
    if (next === undefined) return;
    node = next;
  }
}
