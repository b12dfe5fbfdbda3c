// RFC 8785: the one byte form of a JSON value that a fingerprint can be counted over by anybody. Our events hold integers, texts without
// lone surrogates, lists and objects, so that numbers need no more than what JavaScript prints.

import type { Json } from "../record.ts";
import { isHalved, isList } from "./plain.ts";

/** Canonical text of a value. Throws on a number that is not a safe integer, and on half a character: neither has one form. */
export function jcs(value: Json): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} has no canonical form here`);
    return String(value);
  }
  if (typeof value === "string") return text(value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isList(value)) return `[${value.map(jcs).join(",")}]`;
  // By UTF-16 code units (RFC 8785, 3.2.3), which is what sort does.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${text(key)}:${jcs(value[key] ?? null)}`);
  return `{${members.join(",")}}`;
}

function text(value: string): string {
  if (isHalved(value)) throw new RangeError("half a character has no canonical form");
  return JSON.stringify(value);
}
