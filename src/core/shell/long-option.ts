// Long options of a table entry, and which of them a word means.
import type { ProgramEntry } from "./table.ts";

/** A long option as the table writes it. */
export interface LongOption {
  readonly name: string;
  readonly key: string;
  readonly takes: "value" | "maybe" | "none";
  /** Takes two words (`jq --arg NAME VALUE`). */
  readonly pair: boolean;
}

const cache = new WeakMap<ProgramEntry, readonly LongOption[]>();

/** All long options of an entry: the harmless ones and those with an effect. */
export function longOptions(entry: ProgramEntry): readonly LongOption[] {
  const known = cache.get(entry);
  if (known !== undefined) return known;
  const written = [...(entry.long ?? "").split(/\s+/).filter(Boolean), ...Object.keys(entry.effects ?? {})];
  const names = written
    .filter((key) => entry.singleDash || key.replace(/[=?]+$/, "").length > 1)
    .map(
      (key): LongOption => ({
        key,
        name: key.replace(/[=?]+$/, ""),
        pair: key.endsWith("=="),
        takes: key.endsWith("=") ? "value" : key.endsWith("?") ? "maybe" : "none",
      }),
    );
  cache.set(entry, names);
  return names;
}

/** The option meant: exact, or the only one it abbreviates. Several that agree on having no effect would still differ: unknown. */
export function matchLong(written: string, longs: readonly LongOption[], exactOnly: boolean): LongOption | undefined {
  const exact = longs.find((l) => l.name === written);
  if (exact !== undefined || exactOnly || written === "") return exact;
  const starting = longs.filter((l) => l.name.startsWith(written));
  return starting.length === 1 ? starting[0] : undefined;
}
