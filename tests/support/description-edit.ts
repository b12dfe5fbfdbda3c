// One change to a description, as a line of tests/cases/mcp-pins/changes.jsonl says it: places are JSON pointers.
import type { Json, JsonObject } from "#core/mcp";

/** What is done. */
export type Edit =
  | readonly [op: "set" | "add", at: string, value: Json]
  | readonly [op: "unset" | "copy" | "reverse" | "reverse-keys", at: string]
  | readonly [op: "drop", at: string, index: number];

type Open = { [key: string]: unknown } | unknown[];

/** A copy of the value with the edits made. */
export function edited(value: JsonObject, edits: readonly Edit[]): JsonObject {
  const box = { value: structuredClone(value) as unknown };
  for (const [op, at, word] of edits) {
    const parts = `/value${at}`
      .slice(1)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const key = parts.pop() ?? "";
    const parent = parts.reduce<Open>((node, part) => (node as Record<string, Open>)[part] as Open, box) as Record<
      string,
      unknown
    >;
    const here = parent[key];
    if (op === "set")
      Object.defineProperty(parent, key, { value: word, enumerable: true, configurable: true, writable: true });
    else if (op === "add") (here as unknown[]).push(word);
    else if (op === "unset") delete parent[key];
    else if (op === "copy") (parent as unknown as unknown[]).push(structuredClone(here));
    else if (op === "drop") (here as unknown[]).splice(Number(word), 1);
    else if (op === "reverse") (here as unknown[]).reverse();
    else parent[key] = Object.fromEntries(Object.entries(here as object).reverse());
  }
  return box.value as JsonObject;
}
