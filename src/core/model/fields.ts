// A vendor's JSON looked at field by field: nothing about its shape is believed, and what is not there is not there.

/** A JSON object. */
export type Fields = { readonly [key: string]: unknown };

/** The value as an object; an empty one where it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The objects of a list; none where it is no list. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/** A text, or nothing. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A short word such as an id or a model's name, cut where it is no short one. */
export function wordOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : undefined;
}

/** A count. */
export function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** JSON, or `undefined`; also for one that would be a hundred times as large as its text. */
export function parsed(text: string): unknown {
  try {
    return isCrowded(text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The most objects and lists, as their opening brackets count; a conversation of a million tokens has some ten thousand. */
const NODES_MOST = 1_000_000;

function isCrowded(text: string): boolean {
  if (text.length <= NODES_MOST) return false;
  let nodes = 0;
  for (let at = 0; at < text.length && nodes <= NODES_MOST; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x5b || unit === 0x7b) nodes += 1;
  }
  return nodes > NODES_MOST;
}

/** A content field: a text, or a list of parts of which those with `text` count. */
export function contentText(value: unknown): string {
  if (typeof value === "string") return value;
  return listOf(value)
    .flatMap(({ text, refusal }) => textOf(text) ?? textOf(refusal) ?? [])
    .join("\n");
}

/** Everything that a value says, as text: for what only its size is kept of. */
export function wholeText(value: unknown): string {
  return typeof value === "string" ? value : contentText(value) || (JSON.stringify(value) ?? "");
}
