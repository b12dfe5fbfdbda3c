// What a walk over a repository's trees found, kept so that the walk after a commit visits only places that no walk has visited. Findings only ever
// grow with the objects: they hold while everything that was walked is still there. For one store under one set of rules.
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { SecretSuspicion } from "#core/paths";
import { isTransient, type KeptPlace, readKept, writeKept } from "./kept-objects.ts";
import { noFindings, type WalkFindings } from "./tree-walk.ts";

/** Where it is kept, and what it depends on besides the objects. */
export interface WalkPlace extends KeptPlace {
  readonly root: string;
  readonly rulesText: string;
  readonly prefix: string;
}

/** Findings that walks over these commits and trees gave. */
export interface KeptWalk {
  readonly covered: ReadonlySet<string>;
  readonly findings: WalkFindings;
}

/** Another number where another place would be masked or suspected. */
const VERSION = 1;
/** Beyond it, keeping takes longer than walking. */
const MOST_PLACES = 200_000;

/** No walk yet. */
export function noWalk(): KeptWalk {
  return { covered: new Set(), findings: noFindings() };
}

/** The kept one, where everything that it covers is among `present`; else `noWalk()`. */
export function readKeptWalk(place: WalkPlace, present: ReadonlySet<string>): KeptWalk {
  try {
    const { covered, masked, suspected, referenced, places }: Written = JSON.parse(readKept(fileOf(place)).toString());
    if (!covered.every((name) => present.has(name))) return noWalk();
    const findings = { masked: new Set(masked), referenced: new Set(referenced), isWhole: true };
    const sets = <T>(pairs: readonly (readonly [string, readonly T[]])[]): Map<string, Set<T>> =>
      new Map(pairs.map(([name, all]) => [name, new Set(all)]));
    return { covered: new Set(covered), findings: { ...findings, suspected: sets(suspected), places: sets(places) } };
  } catch {
    return noWalk(); // nothing yet, or damaged
  }
}

/** Keeps it, if it is whole: a place that had no tree to be seen may get one. */
export function keepWalk(place: WalkPlace, { covered, findings }: KeptWalk): void {
  const { masked, suspected, referenced, places, isWhole } = findings;
  if (!isWhole || places.size > MOST_PLACES || isTransient(place)) return;
  const lists = <T>(sets: ReadonlyMap<string, ReadonlySet<T>>): readonly (readonly [string, readonly T[]])[] =>
    [...sets].map(([name, all]) => [name, [...all]]);
  const written: Written = {
    ...{ covered: [...covered], masked: [...masked], referenced: [...referenced] },
    ...{ suspected: lists(suspected), places: lists(places) },
  };
  writeKept(place, fileOf(place), Buffer.from(JSON.stringify(written)));
}

interface Written {
  readonly covered: readonly string[];
  readonly masked: readonly string[];
  readonly suspected: readonly (readonly [string, readonly SecretSuspicion[]])[];
  readonly referenced: readonly string[];
  readonly places: readonly (readonly [string, readonly string[]])[];
}

function fileOf({ cache, store, root, rulesText, prefix }: WalkPlace): string {
  const all = JSON.stringify([VERSION, store.path, store.wide, root, rulesText, prefix]);
  return join(cache, `walk-${createHash("sha256").update(all).digest("hex").slice(0, 40)}`);
}
