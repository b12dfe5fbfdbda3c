// A result without what cannot be seen and what moves a terminal, and without secrets. Everything a reader sees stays, and structured content keeps its
// shape: only the letters inside of texts change.
import { isList, isObject, type Json, type JsonObject } from "../json.ts";
import { strip } from "./strip.ts";

/** What must come back byte for byte, or is no text. */
const OPAQUE: ReadonlySet<string> = new Set([
  "requestState",
  "nextCursor",
  "blob",
  "jsonrpc",
  "method",
  "mimeType",
  "type",
]);

/** The same value when nothing had to go. Pure but for `redact`. */
export function cleanResult(
  value: Json,
  redact: (text: string) => string,
): { readonly value: Json; readonly changed: boolean } {
  const cleaned = cleanedOf(value, redact, false);
  return { value: cleaned, changed: cleaned !== value };
}

// The wire refuses what is deeper than 128, so this may call itself.
function cleanedOf(value: Json, redact: (text: string) => string, isOpaque: boolean): Json {
  if (typeof value === "string") return isOpaque ? value : redact(strip(value));
  if (isList(value)) {
    const items = value.map((item) => cleanedOf(item, redact, isOpaque));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  return isObject(value) ? cleanedObject(value, redact, isOpaque) : value;
}

function cleanedObject(object: JsonObject, redact: (text: string) => string, isOpaque: boolean): JsonObject {
  const isMedia = object["type"] === "image" || object["type"] === "audio";
  let isChanged = false;
  const taken = new Set(Object.keys(object));
  const entries = Object.entries(object).map(([key, member]): readonly [string, Json] => {
    const cleaned = cleanedOf(member, redact, isOpaque || OPAQUE.has(key) || (isMedia && key === "data"));
    const name = cleanedKey(key, redact, taken);
    if (cleaned !== member || name !== key) isChanged = true;
    return [name, cleaned];
  });
  return isChanged ? Object.fromEntries(entries) : object;
}

/** Names of protocols and schemas are words; anything else may be a secret that a server used as a name. */
const WORD = /^[$_]?[A-Za-z][A-Za-z_-]{0,47}$/;

function cleanedKey(key: string, redact: (text: string) => string, taken: Set<string>): string {
  if (WORD.test(key)) return key;
  const plain = redact(strip(key));
  if (plain === key) return key;
  // two keys that differ only in what is taken out stay two
  let name = plain;
  for (let copy = 2; taken.has(name); copy += 1) name = `${plain} (${copy})`;
  taken.add(name);
  return name;
}
