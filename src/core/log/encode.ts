// From what a room hands over to the bytes of one line. The order of the envelope's keys is fixed:
// v seq prev ts mono session actor origin type data. No floats, no silent repair: what has no exact form is refused.
import { err, ok, type Problem, type Result } from "../result.ts";
import { toHex } from "./base64.ts";
import { MAX_DEPTH } from "./canonical.ts";
import { committedBytes, type PrivateValue, type Sealing } from "./commitment.ts";
import type { Actor, Json, RecordBody } from "./record.ts";

/** Longest line without its line feed: a C2SP entry bundle counts lengths in 16 bits. */
export const MAX_LINE = 65_535;

/** A string longer than this (in UTF-8 bytes) leaves the line and becomes a blob. */
export const BLOB_FROM = 16_384;

/** The envelope up to `session` is at most this long; the rest of the line may use what is left. */
const ENVELOPE_ROOM = 400;

/** Names of sessions: also names of folders and part of a key's name, so no slash, space or plus. */
export const SESSION_ID: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A record type: words joined by dots. */
export const RECORD_TYPE: RegExp = /^[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+){0,3}$/;

/** What the writer adds to a body. */
export interface Envelope {
  readonly seq: number;
  /** Leaf hash of the record before, 64 lower-case hexadecimal digits; zeros for record 0. */
  readonly prev: string;
  /** RFC 3339, UTC, milliseconds. */
  readonly ts: string;
  /** Nanoseconds on the writer's monotonic clock since it opened the log. */
  readonly mono: number;
  readonly session: string;
}

/** Content that is kept beside the log and named in it by its SHA-256. */
export interface Blob {
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** The part of a line that does not depend on its place, and the blobs it names. */
export interface EncodedBody {
  readonly text: string;
  readonly blobs: readonly Blob[];
  /** What its commitments stand for. */
  readonly privates: readonly PrivateValue[];
}

/** Lower-case hexadecimal SHA-256 of some bytes; handed in, because core has no crypto. */
export type HexDigest = (bytes: Uint8Array) => string;

/** Length of a text in UTF-8 bytes (a lone surrogate counts as three, like its replacement). */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) length += 1;
    else if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(i + 1))) {
      length += 2;
      i++;
    } else length += 2;
  }
  return length;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * Encodes actor, origin, type and data. Long strings become `{"$blob":sha256,"bytes":n}`; when the line would still be
 * too long the largest fields of `data` do. A key of the caller that starts with `$` gets a second one, so nothing that
 * an agent says can pass for a blob. Fails with `record-invalid` on floats, undefined, functions, depth over 64.
 */
export function encodeBody(body: RecordBody, digest: HexDigest, sealing?: Sealing): Result<EncodedBody, Problem> {
  const blobs: Blob[] = [];
  const privates: PrivateValue[] = [];
  const toBlob = (json: string): string => {
    const bytes = new TextEncoder().encode(json);
    const name = digest(bytes);
    blobs.push({ digest: name, bytes });
    return `{"$blob":"${name}","bytes":${bytes.length}}`;
  };
  try {
    if (!RECORD_TYPE.test(body.type) || body.type.length > 64) throw new Unencodable("type", "is not a record type");
    if (body.origin !== "observed" && body.origin !== "claimed") throw new Unencodable("origin", "is unknown");
    const actor = body.actor === undefined ? "" : `"actor":${encodeActor(body.actor)},`;
    const head = `${actor}"origin":"${body.origin}","type":"${body.type}","data":`;
    const isPrivate = (key: string): boolean => sealing?.fields[body.type]?.includes(key) === true;
    const commit = (key: string, value: Json): string => {
      // Refused here what has no exact form; the commitment is to the value itself.
      encode(value, `data.${key}`, MAX_DEPTH - 2, undefined);
      const salt = (sealing as Sealing).salt();
      const { bytes, length } = committedBytes(salt, value);
      privates.push({ path: `data.${key}`, salt: toHex(salt), value });
      return `{"$c":"${digest(bytes)}","n":${length}}`;
    };
    const fields = fieldsOf(body.data, toBlob, (key, value) => (isPrivate(key) ? commit(key, value) : undefined));
    const data = shrink(fields, MAX_LINE - ENVELOPE_ROOM - utf8Length(head), toBlob);
    return ok({ text: `${head}${data}}`, blobs, privates });
  } catch (error) {
    if (!(error instanceof Unencodable)) throw error;
    return err({ code: "record-invalid", message: `the record's \`${error.where}\` ${error.why}` });
  }
}

/** The whole line, without its line feed. `body` comes from `encodeBody`. */
export function encodeLine(envelope: Envelope, body: EncodedBody): string {
  const { seq, prev, ts, mono, session } = envelope;
  return `{"v":1,"seq":${seq},"prev":"${prev}","ts":"${ts}","mono":${mono},"session":"${session}",${body.text}`;
}

/** Canonical text of one value, keys escaped, no blobs. Throws `RangeError` or `TypeError` on what has no exact form. */
export function encodeJson(value: Json): string {
  try {
    return encode(value, "value", MAX_DEPTH, undefined);
  } catch (error) {
    if (error instanceof Unencodable) throw new TypeError(`${error.where} ${error.why}`);
    throw error;
  }
}

class Unencodable extends Error {
  readonly where: string;
  readonly why: string;
  constructor(where: string, why: string) {
    super(`${where} ${why}`);
    this.where = where.slice(0, 200);
    this.why = why;
  }
}

type ToBlob = (json: string) => string;

function encodeActor(actor: Actor): string {
  const parts: string[] = [];
  const known = new Set(["agent", "tool_use_id", "pid", "exe"]);
  for (const key of Object.keys(actor)) if (!known.has(key)) throw new Unencodable(`actor.${key}`, "is unknown");
  const text = (name: string, value: string | undefined): void => {
    if (value === undefined) return;
    if (typeof value !== "string" || value.length > 4096) throw new Unencodable(`actor.${name}`, "is not a short text");
    parts.push(`"${name}":${JSON.stringify(value)}`);
  };
  text("agent", actor.agent);
  text("tool_use_id", actor.tool_use_id);
  if (actor.pid !== undefined) parts.push(`"pid":${integer(actor.pid, "actor.pid")}`);
  text("exe", actor.exe);
  return `{${parts.join(",")}}`;
}

function fieldsOf(
  data: RecordBody["data"],
  toBlob: ToBlob,
  committed: (key: string, value: Json) => string | undefined,
): { name: string; json: string }[] {
  if (typeof data !== "object" || data === null || Array.isArray(data))
    throw new Unencodable("data", "is not an object");
  // `data` is one level below the line itself.
  return Object.keys(data).map((key) => ({
    name: encodeKey(key),
    json: committed(key, data[key] as Json) ?? encode(data[key] as Json, `data.${key}`, MAX_DEPTH - 2, toBlob),
  }));
}

/** Joins the fields; the largest become blobs until the text fits. */
function shrink(fields: { name: string; json: string }[], room: number, toBlob: ToBlob): string {
  const join = (): string => `{${fields.map((field) => `${field.name}:${field.json}`).join(",")}}`;
  let text = join();
  // A unit of a string is at most three bytes: most records need no counting.
  if (3 * text.length <= room) return text;
  for (const field of [...fields].sort((a, b) => b.json.length - a.json.length)) {
    if (utf8Length(text) <= room) return text;
    field.json = toBlob(field.json);
    text = join();
  }
  if (utf8Length(text) > room) throw new Unencodable("data", "is too long for one line");
  return text;
}

function encode(value: Json, where: string, depth: number, toBlob: ToBlob | undefined): string {
  switch (typeof value) {
    case "string": {
      const json = JSON.stringify(value);
      return toBlob !== undefined && json.length > BLOB_FROM / 3 && utf8Length(json) > BLOB_FROM ? toBlob(json) : json;
    }
    case "number":
      return integer(value, where);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth === 0) throw new Unencodable(where, `is nested deeper than ${MAX_DEPTH}`);
      return encodeComposite(value, where, depth, toBlob);
    default:
      throw new Unencodable(where, `has no JSON form (${typeof value})`);
  }
}

function encodeComposite(
  value: readonly Json[] | { readonly [key: string]: Json },
  where: string,
  depth: number,
  toBlob: ToBlob | undefined,
): string {
  if (isList(value)) {
    const items: string[] = [];
    // By index, not map: a hole in the array must be refused, not skipped.
    for (let i = 0; i < value.length; i++) items.push(encode(value[i] as Json, `${where}[${i}]`, depth - 1, toBlob));
    return `[${items.join(",")}]`;
  }
  const keys = Object.keys(value);
  const items = keys.map(
    (key) => `${encodeKey(key)}:${encode(value[key] as Json, `${where}.${key}`, depth - 1, toBlob)}`,
  );
  return `{${items.join(",")}}`;
}

function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}

function encodeKey(key: string): string {
  return JSON.stringify(key.startsWith("$") ? `$${key}` : key);
}

function integer(value: number, where: string): string {
  if (!Number.isSafeInteger(value)) throw new Unencodable(where, "is not an integer up to 2^53");
  return value === 0 ? "0" : String(value);
}
