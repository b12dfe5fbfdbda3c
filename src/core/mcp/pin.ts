// What is pinned of a server: each definition whole, field by field, fields that nobody knows too, and what the server says of itself. Two pins are
// the same when their texts are; digests are for people, for the record and for the lock file's own soundness.
import { canonicalObject, canonicalText } from "./canonical.ts";
import { type DefinitionKind, definitionsOf, type ServerDescription } from "./description.ts";
import type { JsonObject } from "./json.ts";

/** A definition, or one of the three things that a server says of itself. */
export type PinKind = DefinitionKind | "instructions" | "capabilities" | "serverInfo";

/** Something that is compared whole and field by field. */
export interface Thing {
  readonly kind: string;
  /** Of a definition; empty for what there is only one of. */
  readonly name: string;
  /** Canonical text of each field. */
  readonly fields: ReadonlyMap<string, string>;
}

/** One thing that a person approves whole. */
export interface Pin extends Thing {
  readonly kind: PinKind;
}

/** A pin that was found in a description, and where. */
export interface FoundPin extends Pin {
  /** JSON pointer into the description. */
  readonly at: string;
}

/** SHA-256, handed in: the core owns no crypto. */
export type Sha256 = (data: Uint8Array) => Uint8Array;

/** Everything of a server that is pinned, in the order in which it came. */
export function pinsOf(description: ServerDescription): readonly FoundPin[] {
  const definitions = definitionsOf(description).map(({ kind, name, at, body }) => ({
    kind,
    name: name ?? "",
    at,
    fields: fieldsOf(body),
  }));
  return [...wordsOf(description), ...definitions];
}

function wordsOf({ instructions, capabilities, serverInfo }: ServerDescription): readonly FoundPin[] {
  const words: FoundPin[] = [{ kind: "capabilities", name: "", at: "/capabilities", fields: fieldsOf(capabilities) }];
  if (instructions !== undefined)
    words.push({
      kind: "instructions",
      name: "",
      at: "/instructions",
      fields: new Map([["instructions", JSON.stringify(instructions)]]),
    });
  // A version says that the server is another; its name, title and whatever else stands there may speak to a model.
  const { version: _, ...info } = serverInfo ?? {};
  if (Object.keys(info).length > 0)
    words.push({ kind: "serverInfo", name: "", at: "/serverInfo", fields: fieldsOf(info) });
  return words;
}

/** Canonical text of each field of an object. */
export function fieldsOf(body: JsonObject): ReadonlyMap<string, string> {
  return new Map(Object.keys(body).map((key) => [key, canonicalText(body[key] ?? null)]));
}

/** One text for the whole of it. */
export function pinText(thing: Pick<Thing, "fields">): string {
  return canonicalObject(thing.fields);
}

/** What a pin is found by. */
export function pinKey({ kind, name }: Pick<Thing, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** The digest of the whole: SHA-256 over `ringfence mcp v1`, a zero byte and the canonical text; in hexadecimal letters. */
export function pinDigest(sha256: Sha256, pin: Pin): string {
  return hex(sha256(utf8(`${DOMAIN}${pinText(pin)}`)));
}

/** The same of a definition as a server lists it. */
export function definitionDigest(sha256: Sha256, body: JsonObject): string {
  return hex(sha256(utf8(`${DOMAIN}${canonicalText(body)}`)));
}

/** The digest of one field: SHA-256 over its canonical text, as `sha256sum` counts it. */
export function fieldDigest(sha256: Sha256, text: string): string {
  return hex(sha256(utf8(text)));
}

const DOMAIN = "ringfence mcp v1\u0000";

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
