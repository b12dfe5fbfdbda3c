// One server's entry in a client's file as flat leaves with places: the same picture for JSON objects and for TOML's tables, dotted keys and
// braces, so that wrapping and unwrapping are written once.
import type { JsonNode } from "../../settings/json-text.ts";

/** `[start, end)` in UTF-16 units. */
export interface Place {
  readonly start: number;
  readonly end: number;
}

/** A value without keys in it (a scalar, a list, an empty object), or an empty table. */
export interface Leaf {
  /** The keys that lead to it, below the entry. */
  readonly path: readonly string[];
  /** Where each of these keys is written; several leaves may share one. */
  readonly keys: readonly Place[];
  readonly node: JsonNode;
  /** What stands between this value and a further one of the same table, and between a key and its value. */
  readonly beside: { readonly before: string; readonly assign: string };
}

/** One server's entry. */
export interface Entry {
  readonly name: string;
  /** The keys that lead to it from the top of the file, its name last. */
  readonly place: readonly string[];
  readonly leaves: readonly Leaf[];
  /** Why its text is not to be changed, where it is written in a way that only one of two readers understands. */
  readonly unsafe?: string;
}

/** One change of a text. Changes of one text do not overlap; an insertion has an empty place. */
export interface Edit extends Place {
  readonly text: string;
}

/** The text with all changes made. The same change twice is made once: leaves share keys. */
export function withEdits(text: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end);
  let at = 0;
  let written = "";
  let last: Edit | undefined;
  for (const edit of ordered) {
    if (last?.start === edit.start && last.end === edit.end && last.text === edit.text) continue;
    if (edit.start < at) throw new Error("changes of one text overlap");
    written += text.slice(at, edit.start) + edit.text;
    at = edit.end;
    last = edit;
  }
  return written + text.slice(at);
}

/** The leaf at a path below the entry. */
export function leafAt(entry: Entry, ...path: readonly string[]): Leaf | undefined {
  return entry.leaves.find((leaf) => samePath(leaf.path, path));
}

/** The leaves below a key of the entry, that key's own empty object included. */
export function leavesBelow(entry: Entry, key: string): readonly Leaf[] {
  return entry.leaves.filter((leaf) => leaf.path[0] === key);
}

/** True when the entry has the key, with whatever value. */
export function has(entry: Entry, key: string): boolean {
  return leavesBelow(entry, key).length > 0;
}

/** The text at a path, or undefined when there is none or it is no text. */
export function textAt(entry: Entry, ...path: readonly string[]): string | undefined {
  const node = leafAt(entry, ...path)?.node;
  return node?.kind === "scalar" && typeof node.value === "string" ? node.value : undefined;
}

/** The texts of a list, or undefined when it is none or holds something else. */
export function textsOf(node: JsonNode | undefined): readonly string[] | undefined {
  if (node?.kind !== "list") return undefined;
  const texts = node.members.map((member) => (member.kind === "scalar" ? member.value : undefined));
  return texts.every((text) => typeof text === "string") ? texts : undefined;
}

/** True when both paths are the same keys. */
export function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at]);
}

/** True when the entry has the key with exactly this value. */
export function isValue(entry: Entry, key: string, value: boolean): boolean {
  const node = leafAt(entry, key)?.node;
  return node?.kind === "scalar" && node.value === value;
}
