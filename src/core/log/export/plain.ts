// Values as a receiver may have them: contents of blobs put back where they were cut out, commitments left as commitments, the log's own
// escapes undone, lone surrogates replaced (no receiver's JSON may hold them).
import type { Json } from "../record.ts";

/** Members of an object. */
export interface Members {
  readonly [key: string]: Json;
}

/** A record's data as plain values. `beside` holds what references stand for; one that it does not hold stays a reference. */
export function plainData(data: Members, beside: ReadonlyMap<string, Json>): Members {
  const entries = new Map<string, Json>();
  for (const [key, value] of Object.entries(data)) {
    const name = plainKey(key);
    entries.set(entries.has(name) ? `${name}~${entries.size}` : name, plainValue(value, beside));
  }
  // Not by assignment: a key may be called `__proto__`.
  return Object.fromEntries(entries);
}

/** The text with U+FFFD for every half of a character. */
export function wellFormed(text: string): string {
  return text.replace(LONE, "\ufffd");
}

/** True when the text holds half of a character. */
export function isHalved(text: string): boolean {
  return text.search(LONE) >= 0;
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** True for a list, also to the compiler. */
export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** True for an object, also to the compiler. */
export function isMembers(value: Json | undefined): value is Members {
  return typeof value === "object" && value !== null && !isList(value);
}

/** The digest that `{"$blob":…,"bytes":…}` or `{"$c":…,"n":…}` names. Only the log's writer makes such keys. */
export function referenceOf(value: Members): string | undefined {
  const name = value["$blob"] ?? value["$c"];
  return typeof name === "string" && /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}

function plainValue(value: Json, beside: ReadonlyMap<string, Json>): Json {
  if (typeof value === "string") return wellFormed(value);
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((item) => plainValue(item, beside));
  const name = referenceOf(value);
  if (name === undefined) return plainData(value, beside);
  const content = beside.get(name);
  return content === undefined ? reference(value, name) : plainValue(content, beside);
}

/** `{"blob":digest,"bytes":n}` or `{"commitment":digest,"bytes":n}`: no receiver needs to know our escapes. */
function reference(value: Members, digest: string): Json {
  const isBlob = value["$blob"] !== undefined;
  const bytes = value[isBlob ? "bytes" : "n"];
  return { [isBlob ? "blob" : "commitment"]: digest, ...(typeof bytes === "number" ? { bytes } : {}) };
}

function plainKey(key: string): string {
  // The log's writer put a second `$` before every key that began with one, so that nothing an agent says is a reference.
  return wellFormed(key.startsWith("$$") ? key.slice(1) : key);
}
