// Several policy files → one value or list for each key, with the layer and the place of each part (PERM-6, I3).
// Strength: managed > command line > local > project > user > default. Pure; knows nothing of what a key means beyond keys.ts.
import type { Span } from "../result.ts";
import type { DocumentPath, PolicyDocument } from "./document.ts";
import { POLICY_KEYS, type PolicyKey, serverKeys } from "./keys.ts";
import type { LayerName } from "./policy.ts";

/** One parsed layer. `trusted` is false for a file inside the workspace that nobody accepted. */
export interface ParsedLayer {
  readonly name: LayerName;
  readonly trusted: boolean;
  readonly document: PolicyDocument;
}

/** One value, or one entry of a list, with where it came from. */
export interface Part {
  readonly value: unknown;
  readonly layer: LayerName;
  readonly at: Span;
}

/** Something a layer wanted and did not get. */
export interface Dropped {
  readonly key: string;
  readonly value: unknown;
  readonly layer: LayerName;
  readonly at: Span;
  /** `not-accepted`: nobody accepted this file. `managed`: the managed file fixed this key. `disabled`: a layer switched it off. */
  readonly because: "not-accepted" | "managed" | "disabled";
}

/** The merged values: one part for a `value` or a `switch`, all parts for a list, nothing where no layer set it. */
export interface Merged {
  readonly parts: ReadonlyMap<string, readonly Part[]>;
  readonly dropped: readonly Dropped[];
  /** The keys that give, and that the managed file gives by itself: no other file adds to them. */
  readonly fixed: readonly string[];
  /** The MCP servers that some layer speaks of. */
  readonly servers: readonly string[];
}

const STRENGTH: readonly LayerName[] = ["managed", "command-line", "local", "project", "user", "default"];

/** Sorts layers strongest first; layers of one name keep their order. */
export function strongestFirst<T extends { readonly name: LayerName }>(layers: readonly T[]): readonly T[] {
  return [...layers].sort((a, b) => STRENGTH.indexOf(a.name) - STRENGTH.indexOf(b.name));
}

/** Merges all layers by the table of keys.ts. */
export function mergeLayers(layers: readonly ParsedLayer[]): Merged {
  const sorted = strongestFirst(layers);
  const parts = new Map<string, readonly Part[]>();
  const dropped: Dropped[] = [];
  const servers = [...new Set(sorted.flatMap(({ document }) => Object.keys(document.value.mcp?.servers ?? {})))];
  const keys = [...POLICY_KEYS, ...serverKeys(servers)];
  for (const key of keys) {
    const merged = MERGE[key.kind](key, sorted, dropped);
    if (merged.length > 0) parts.set(key.key, merged);
  }
  const fixed = keys.filter((key) => isFixed(key, sorted)).map(({ key }) => key);
  return { parts, dropped, fixed, servers };
}

type Merge = (key: PolicyKey, sorted: readonly ParsedLayer[], dropped: Dropped[]) => readonly Part[];

const MERGE: Readonly<Record<PolicyKey["kind"], Merge>> = {
  limits: mergeList,
  rights: mergeList,
  value: mergeValue,
  switch: (key, sorted) => sorted.flatMap((layer) => read(key, layer)).slice(0, 1),
};

function mergeValue(key: PolicyKey, sorted: readonly ParsedLayer[], dropped: Dropped[]): readonly Part[] {
  const said = sorted.flatMap((layer) => read(key, layer).map((part) => ({ part, trusted: layer.trusted })));
  const managed = said.find(({ part }) => part.layer === "managed")?.part;
  let chosen = managed;
  for (const { part, trusted } of said) {
    if (!trusted || part === managed || part.layer === "managed") continue;
    if (managed !== undefined && key.looser(part.value, managed.value)) {
      if (part.layer !== "default")
        dropped.push({ key: key.key, value: part.value, layer: part.layer, at: part.at, because: "managed" });
    } else if (chosen === undefined || (chosen === managed && part.layer !== "default")) chosen = part;
  }
  for (const { part, trusted } of said) {
    // who says the same says nothing: the value stays its author's
    if (trusted || JSON.stringify(part.value) === JSON.stringify(chosen?.value)) continue;
    if (chosen === undefined ? loosensUnset(key, part.value) : key.looser(part.value, chosen.value))
      dropped.push({ key: key.key, value: part.value, layer: part.layer, at: part.at, because: "not-accepted" });
    // The person's own options outrank the file; everything weaker, and the managed value, is tightened by it.
    else if (chosen?.layer !== "command-line" || managed !== undefined) chosen = part;
  }
  return chosen === undefined ? [] : [chosen];
}

/** Where nobody said anything yet. */
function loosensUnset({ bounds, unset, looser }: PolicyKey, value: unknown): boolean {
  return unset === undefined ? bounds !== true : looser(value, unset);
}

function mergeList(key: PolicyKey, sorted: readonly ParsedLayer[], dropped: Dropped[]): readonly Part[] {
  const fixed = isFixed(key, sorted);
  const kept: Part[] = [];
  const seen = new Set<string>();
  for (const layer of sorted) {
    for (const part of read(key, layer)) {
      const same = JSON.stringify(part.value);
      const because =
        key.kind === "limits"
          ? undefined
          : !layer.trusted
            ? "not-accepted"
            : fixed && layer.name !== "managed"
              ? "managed"
              : undefined;
      if (because === undefined) {
        kept.push(part);
        seen.add(same);
      } else if (!seen.has(same))
        dropped.push({ key: key.key, value: part.value, layer: part.layer, at: part.at, because });
    }
  }
  return kept;
}

/** The parts one layer gives to a key. A record (`env.set`) gives one part an entry, as `[name, value]`. */
function read(key: PolicyKey, layer: ParsedLayer): readonly Part[] {
  return key.paths.flatMap((path) => {
    const value = valueAt(layer.document.value, path);
    const part = (v: unknown, at: DocumentPath): Part => ({ value: v, layer: layer.name, at: layer.document.at(at) });
    if (value === undefined) return [];
    if (key.kind === "value" || key.kind === "switch") return [part(value, path)];
    if (Array.isArray(value)) return value.map((entry, index) => part(entry, [...path, index]));
    return Object.entries(value as object).map(([name, entry]) => part([name, entry], [...path, name]));
  });
}

function isFixed(key: PolicyKey, layers: readonly ParsedLayer[]): boolean {
  return key.kind === "rights" && layers.some((layer) => layer.name === "managed" && isSet(key, layer));
}

function isSet(key: PolicyKey, layer: ParsedLayer): boolean {
  return key.paths.some((path) => valueAt(layer.document.value, path) !== undefined);
}

function valueAt(root: unknown, path: DocumentPath): unknown {
  let node = root;
  for (const step of path) {
    if (typeof node !== "object" || node === null) return undefined;
    node = (node as Record<string | number, unknown>)[step];
  }
  return node;
}
