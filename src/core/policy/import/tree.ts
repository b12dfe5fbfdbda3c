// A settings file of another tool as plain data with places. Maps are lists of entries, never objects: a key such as `__proto__` is a word like any other.
import type { Span } from "../../result.ts";

/** One value with its place. */
export type Tree =
  | { readonly kind: "map"; readonly at: Span; readonly entries: readonly Entry[] }
  | { readonly kind: "list"; readonly at: Span; readonly items: readonly Tree[] }
  | { readonly kind: "plain"; readonly at: Span; readonly value: string | number | boolean | null };

/** One key of a map. */
export interface Entry {
  readonly key: string;
  readonly at: Span;
  readonly value: Tree;
}

/** Deepest nesting that is read. */
export const MAX_DEPTH = 64;

/** The value of a key; the last one where it stands twice, as these tools read it. */
export function get(tree: Tree | undefined, ...path: readonly string[]): Tree | undefined {
  let node = tree;
  for (const key of path) {
    if (node?.kind !== "map") return undefined;
    node = node.entries.findLast((entry) => entry.key === key)?.value;
  }
  return node;
}

/** The text of a plain text value. */
export function textOf(tree: Tree | undefined): string | undefined {
  return tree?.kind === "plain" && typeof tree.value === "string" ? tree.value : undefined;
}

/** True or false, where it is one of them. */
export function flagOf(tree: Tree | undefined): boolean | undefined {
  return tree?.kind === "plain" && typeof tree.value === "boolean" ? tree.value : undefined;
}

/** A value as one short line, for a person. */
export function shown(tree: Tree): string {
  if (tree.kind === "plain") return JSON.stringify(tree.value);
  return tree.kind === "map" ? `{…} with ${tree.entries.length} keys` : `[…] with ${tree.items.length} entries`;
}
