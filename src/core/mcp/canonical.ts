// The one text of a JSON value that a pin is made of: RFC 8785 with one difference. A number keeps the words in which it came, because a double
// would make one value of 12345678901234567890 and …891. Texts are taken as they are: no Unicode normalisation makes two of them equal.
import { isList, isObject, type Json, writeJson } from "./json.ts";

/** Canonical text: keys by their UTF-16 units, no blanks, lists in their order. The order of a list may speak to a model, that of keys does not. */
export function canonicalText(value: Json): string {
  if (isList(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (!isObject(value)) return writeJson(value);
  const members = Object.keys(value)
    .sort()
    .map((key) => member(key, canonicalText(value[key] ?? null)));
  return `{${members.join(",")}}`;
}

/** Canonical text of an object whose members have theirs already. */
export function canonicalObject(members: ReadonlyMap<string, string>): string {
  const texts = [...members.keys()].sort().map((key) => member(key, members.get(key) ?? "null"));
  return `{${texts.join(",")}}`;
}

function member(key: string, text: string): string {
  return `${JSON.stringify(key)}:${text}`;
}
