// Keys that some readers take for others. Go's JSON (and so many a server) finds a member whatever its case, and the last of two wins: what is
// judged as `name` must not be called as `Name`.
import { isObject, type Json, member } from "./json.ts";

/** As such a reader compares keys: also `ſ` is an `s`, and the sign of Kelvin a `k`. */
function folded(key: string): string {
  return key.toUpperCase().toLowerCase();
}

/** Keys that a reader knows, none of which is taken for another. */
export type KnownKeys = ReadonlySet<string>;

/** A key of the object that is taken for another of its keys, or for one of the known ones without being it. */
export function twinKey(value: Json | undefined, known: KnownKeys | readonly string[]): string | undefined {
  if (!isObject(value)) return undefined;
  const keys = Object.keys(value);
  // Nearly every message has none but known keys, and no two of those are twins.
  if (known instanceof Set && keys.every((key) => known.has(key))) return undefined;
  const spelled = new Map([...known].map((key) => [folded(key), key]));
  for (const key of keys) {
    const other = spelled.get(folded(key));
    if (other !== undefined && other !== key) return key;
    spelled.set(folded(key), key);
  }
  return undefined;
}

/** Members of a message, and of the parameters of those messages that decide something. */
export const MESSAGE_KEYS: KnownKeys = new Set(["jsonrpc", "id", "method", "params", "result", "error"]);
export const PARAMETER_KEYS: KnownKeys = new Set(
  "name arguments uri _meta task taskId cursor ref argument requestId progressToken inputResponses requestState".split(
    " ",
  ),
);

/** The properties that an input schema names. */
export function propertiesOf(schema: Json | undefined): readonly string[] {
  const properties = member(schema, "properties");
  return isObject(properties) ? Object.keys(properties) : [];
}
