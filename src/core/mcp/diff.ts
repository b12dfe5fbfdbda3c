// What changed between two sets of things that are described. Everything is a change but the order of keys and of lists of definitions; a version is told and no more.
import { pinKey, pinText, type Thing } from "./pin.ts";
import { renames } from "./similar.ts";

/** One thing that changed. */
export interface Change {
  readonly kind: string;
  readonly name: string;
  readonly change: "added" | "removed" | "changed" | "renamed" | "duplicate";
  /** Of a rename: what it was called. */
  readonly was?: string;
  readonly fields: readonly FieldChange[];
}

/** One field of it. A side that is missing had no such field. Texts are canonical. */
export interface FieldChange {
  readonly field: string;
  readonly before?: string;
  readonly after?: string;
}

/** What changed, by kind and name. */
export function diffThings(before: readonly Thing[], after: readonly Thing[]): readonly Change[] {
  const [old, now] = [byKey(before), byKey(after)];
  const removed: Thing[] = [];
  const added: Thing[] = [];
  const changes: Change[] = [];
  for (const key of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(key) ?? [], now.get(key) ?? []];
    const [first, found] = [was[0], is[0]];
    if (found === undefined) removed.push(...was.slice(0, 1));
    else if (is.length > 1 || was.length > 1) {
      if (!sameTexts(was, is))
        changes.push({ ...named(found), change: "duplicate", fields: fieldChanges(first, is.at(-1)) });
    } else if (first === undefined) added.push(found);
    else if (pinText(first) !== pinText(found))
      changes.push({ ...named(found), change: "changed", fields: fieldChanges(first, found) });
  }
  return [...changes, ...renamedOrNew(removed, added)];
}

/** The fields of which the texts differ, in the order of their names. */
export function fieldChanges(before: Thing | undefined, after: Thing | undefined): readonly FieldChange[] {
  const names = [...new Set([...(before?.fields.keys() ?? []), ...(after?.fields.keys() ?? [])])].sort();
  return names.flatMap((field) => {
    const [was, is] = [before?.fields.get(field), after?.fields.get(field)];
    if (was === is) return [];
    return [{ field, ...(was === undefined ? {} : { before: was }), ...(is === undefined ? {} : { after: is }) }];
  });
}

function renamedOrNew(removed: readonly Thing[], added: readonly Thing[]): readonly Change[] {
  const old = renames(removed, added);
  const gone = new Set(removed);
  const changes = added.map((pin): Change => {
    const was = old.get(pin);
    if (was === undefined) return { ...named(pin), change: "added", fields: fieldChanges(undefined, pin) };
    gone.delete(was);
    return { ...named(pin), change: "renamed", was: was.name, fields: fieldChanges(was, pin) };
  });
  const rest = [...gone].map(
    (pin): Change => ({ ...named(pin), change: "removed", fields: fieldChanges(pin, undefined) }),
  );
  return [...changes, ...rest];
}

/** Things by kind and name; a server may say one twice. */
export function byKey<T extends Thing>(things: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const map = new Map<string, T[]>();
  for (const thing of things) {
    const same = map.get(pinKey(thing));
    if (same === undefined) map.set(pinKey(thing), [thing]);
    else same.push(thing);
  }
  return map;
}

function sameTexts(a: readonly Thing[], b: readonly Thing[]): boolean {
  return a.map(pinText).sort().join("\n") === b.map(pinText).sort().join("\n");
}

function named({ kind, name }: Thing): Pick<Thing, "kind" | "name"> {
  return { kind, name };
}
