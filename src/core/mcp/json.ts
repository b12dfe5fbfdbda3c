// JSON values of the wire: as JavaScript has them, but for numbers that JavaScript cannot say. Reading is json-read.ts.

/** A JSON value. Its objects may have any key as an own property, `__proto__` too: look keys up with `Object.hasOwn`. */
export type Json = null | boolean | number | string | ExactNumber | readonly Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A number that a double cannot say in the same words (`12345678901234567890`, `1.0`, `-0`, `1e400`): its text is its value. */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Writes a value, numbers in the words in which they were read. */
export function writeJson(value: Json): string {
  // The engine writes the same, and faster; only of such a number it knows nothing.
  return holdsExact(value) ? writeExact(value) : JSON.stringify(value);
}

function holdsExact(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ExactNumber) return true;
  if (isList(value)) return value.some(holdsExact);
  for (const key of Object.keys(value)) if (holdsExact(value[key] as Json)) return true;
  return false;
}

function writeExact(value: Json): string {
  if (value instanceof ExactNumber) return value.text;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(writeExact).join(",")}]`;
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}:${writeExact(member)}`);
  return `{${members.join(",")}}`;
}

/** Whether a value is an object; neither a list nor a number. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** `Array.isArray` does not narrow lists that are only read. */
export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** A member of its own of an object, else `undefined`. */
export function member(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
