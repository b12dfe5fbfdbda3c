// Which ideas a clause holds: words and phrases of many languages, found in one pass by a tree of letters, however long the text.

import { plainWords } from "./clause.ts";
import { fold } from "./fold.ts";
import languages from "./languages.json" with { type: "json" };
import english from "./lexicon.json" with { type: "json" };

/** An idea at its place in the words of a clause. */
export interface Hit {
  readonly idea: string;
  readonly from: number;
  readonly to: number;
}

interface Node {
  readonly next: Map<string, Node>;
  /** Ideas of terms that end here, and whether a word may go on behind them. */
  readonly ends: { readonly idea: string; readonly isStem: boolean }[];
}

// Scripts that write no spaces, or hang words together: their terms may begin and end inside of what looks like one word.
const JOINED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Arabic}]/u;

const TERMS: Readonly<Record<string, readonly string[]>> = { ...english, ...languages };

let tree: Node | undefined;

function root(): Node {
  tree ??= grown();
  return tree;
}

function grown(): Node {
  const top: Node = { next: new Map(), ends: [] };
  for (const [idea, terms] of Object.entries(TERMS))
    for (const term of terms) {
      const letters = plainWords(fold(term.replace(/\*$/, ""))).trim();
      let node = top;
      for (const letter of letters) {
        let next = node.next.get(letter);
        if (next === undefined) {
          next = { next: new Map(), ends: [] };
          node.next.set(letter, next);
        }
        node = next;
      }
      node.ends.push({ idea, isStem: term.endsWith("*") || JOINED.test(letters.at(-1) ?? "") });
    }
  return top;
}

/** A clause is at most a few hundred letters; more hits than this are not looked at one by one. */
const HITS_MOST = 160;

/** Every idea of the clause's words. `isOpen`: words were written without their spaces, so terms are found anywhere. */
export function ideasIn(words: string, isOpen = false): readonly Hit[] {
  const hits: Hit[] = [];
  for (let at = 0; at < words.length && hits.length < HITS_MOST; at += 1) {
    const before = words[at - 1];
    if (words[at] === " ") continue;
    if (before === " " || isOpen || JOINED.test(words[at] ?? "")) walk(root(), words, at, at, isOpen, hits);
  }
  return hits;
}

function walk(start: Node, words: string, from: number, to: number, isOpen: boolean, hits: Hit[]): void {
  let node = start;
  for (let at = to; ; at += 1) {
    for (const { idea, isStem } of node.ends)
      if (isStem || isOpen || words[at] === " ") hits.push({ idea, from, to: at });
    // without spaces a term of several words stands together
    const space = isOpen ? node.next.get(" ") : undefined;
    if (space !== undefined && words[at] !== " ") walk(space, words, from, at, isOpen, hits);
    const next = node.next.get(words[at] ?? "");
    if (next === undefined) return;
    node = next;
  }
}
