// Reading one line strictly: the fixed envelope, then canonical JSON. Works on bytes, because the bytes are the leaf.
import { endOfJson, MAX_DEPTH, word } from "./canonical.ts";
import { MAX_LINE } from "./encode.ts";
import type { Json } from "./record.ts";

/**
 * Where the parts of a line stand. Offsets are into the bytes handed in, and texts are made when they are asked for (only while
 * those bytes are as they were), so nothing is copied for a million lines.
 */
export class LeafView {
  readonly seq: number;
  /** Offset of the 64 hexadecimal digits of `prev`. */
  readonly prevAt: number;
  readonly #bytes: Uint8Array;
  readonly #at: Spans;

  constructor(bytes: Uint8Array, seq: number, at: Spans) {
    this.seq = seq;
    this.prevAt = at.prev;
    this.#bytes = bytes;
    this.#at = at;
  }

  get ts(): string {
    return ascii(this.#bytes, this.#at.ts, this.#at.ts + TIMESTAMP.length);
  }

  get session(): string {
    return ascii(this.#bytes, this.#at.session, this.#at.sessionEnd);
  }

  get type(): string {
    return ascii(this.#bytes, this.#at.type, this.#at.typeEnd);
  }

  /** True when the record is of this session; cheaper than comparing texts. */
  isOf(session: string): boolean {
    const { session: at, sessionEnd } = this.#at;
    return sessionEnd - at === session.length && word(this.#bytes, at, sessionEnd, session) >= 0;
  }

  /** True when the type begins so. */
  typeBegins(text: string): boolean {
    return word(this.#bytes, this.#at.type, this.#at.typeEnd, text) >= 0;
  }
}

interface Spans {
  readonly prev: number;
  readonly ts: number;
  readonly session: number;
  readonly sessionEnd: number;
  readonly type: number;
  readonly typeEnd: number;
}

/** Why a line is not a leaf: `dup-json` when a key stands twice (two readers would read two things), else `framing`: not the writer's bytes. */
export type LeafFault = "framing" | "dup-json";

const DIGITS = 16;

/** Reads the line in `bytes[start, end)` (no line feed). Undefined when it is not exactly what the writer would write. */
export function viewLeaf(bytes: Uint8Array, start: number, end: number): LeafView | undefined {
  if (end - start > MAX_LINE) return undefined;
  let at = word(bytes, start, end, '{"v":1,"seq":');
  if (at < 0) return undefined;
  const seqEnd = endOfNumber(bytes, at, end);
  if (seqEnd < 0) return undefined;
  const seq = numberAt(bytes, at, seqEnd);
  at = word(bytes, seqEnd, end, ',"prev":"');
  if (at < 0 || !isHex(bytes, at, 64, end)) return undefined;
  const prevAt = at;
  at = word(bytes, at + 64, end, '","ts":"');
  if (at < 0) return undefined;
  const tsAt = at;
  at = word(bytes, at + 24, end, '","mono":');
  if (at < 0 || !isTimestamp(bytes, tsAt)) return undefined;
  at = endOfNumber(bytes, at, end);
  if (at < 0) return undefined;
  at = word(bytes, at, end, ',"session":"');
  if (at < 0) return undefined;
  const session = at;
  const sessionEnd = endOfSimple(bytes, at, end);
  at = word(bytes, sessionEnd, end, '",');
  if (at < 0 || sessionEnd === session) return undefined;
  at = endOfActor(bytes, at, end);
  if (at < 0) return undefined;
  const observed = word(bytes, at, end, '"origin":"observed","type":"');
  at = observed >= 0 ? observed : word(bytes, at, end, '"origin":"claimed","type":"');
  if (at < 0) return undefined;
  const type = at;
  const typeEnd = endOfSimple(bytes, at, end);
  at = word(bytes, typeEnd, end, '","data":');
  if (at < 0 || typeEnd === type || bytes[at] !== 0x7b) return undefined;
  at = endOfJson(bytes, at, end, MAX_DEPTH - 1);
  if (at < 0 || at !== end - 1 || bytes[at] !== 0x7d) return undefined;
  return new LeafView(bytes, seq, { prev: prevAt, ts: tsAt, session, sessionEnd, type, typeEnd });
}

/** A record as readers get it; `undefined` exactly when `viewLeaf` is. */
export interface LogRecord {
  readonly v: 1;
  readonly seq: number;
  readonly prev: string;
  readonly ts: string;
  readonly mono: number;
  readonly session: string;
  readonly actor?: {
    readonly agent?: string;
    readonly tool_use_id?: string;
    readonly pid?: number;
    readonly exe?: string;
  };
  readonly origin: "observed" | "claimed";
  readonly type: string;
  readonly data: { readonly [key: string]: Json };
}

/** Parses one line (no line feed) into a record, strictly. */
export function readLeaf(bytes: Uint8Array): LogRecord | undefined {
  if (viewLeaf(bytes, 0, bytes.length) === undefined) return undefined;
  // The parser that earns its cast: viewLeaf has just checked every key of the envelope.
  return JSON.parse(new TextDecoder().decode(bytes)) as LogRecord;
}

/** Tells a repeated key from every other spelling that is not the writer's (spaces, escapes, CR, floats, no JSON at all). */
export function leafFault(bytes: Uint8Array): LeafFault {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    JSON.parse(text);
    return repeatsAKey(text) ? "dup-json" : "framing";
  } catch {
    return "framing";
  }
}

/** For a text that is JSON. */
function repeatsAKey(text: string): boolean {
  const open: Set<string>[] = [];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token.endsWith(":")) {
      const key = String(JSON.parse(token.slice(0, -1)));
      const keys = open.at(-1);
      if (keys?.has(key) === true) return true;
      keys?.add(key);
    }
  }
  return false;
}

function endOfActor(bytes: Uint8Array, at: number, end: number): number {
  let next = word(bytes, at, end, '"actor":{');
  if (next < 0) return at;
  let first = true;
  for (const name of ['"agent":', '"tool_use_id":', '"pid":', '"exe":']) {
    const value = word(bytes, next, end, first ? name : `,${name}`);
    if (value < 0) continue;
    const isText = bytes[value] === 0x22;
    if (isText === (name === '"pid":')) return -1;
    next = isText ? endOfJson(bytes, value, end, 0) : endOfSigned(bytes, value, end);
    if (next < 0) return -1;
    first = false;
  }
  return word(bytes, next, end, "},");
}

function endOfSigned(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at];
  return byte === 0x2d || (byte !== undefined && byte >= 0x30 && byte <= 0x39) ? endOfJson(bytes, at, end, 0) : -1;
}

function endOfNumber(bytes: Uint8Array, at: number, end: number): number {
  return bytes[at] === 0x2d ? -1 : endOfSigned(bytes, at, end);
}

function numberAt(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end && i < start + DIGITS; i++) value = value * 10 + ((bytes[i] as number) - 0x30);
  return value;
}

function isHex(bytes: Uint8Array, at: number, length: number, end: number): boolean {
  if (at + length > end) return false;
  for (let i = at; i < at + length; i++) if (HEX_DIGIT[bytes[i] as number] !== 1) return false;
  return true;
}

const HEX_DIGIT: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  /[0-9a-f]/.test(String.fromCharCode(code)) ? 1 : 0,
);

const TIMESTAMP = "dddd-dd-ddTdd:dd:dd.dddZ";

function isTimestamp(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < TIMESTAMP.length; i++) {
    const byte = bytes[at + i] as number;
    const want = TIMESTAMP.charCodeAt(i);
    // A `d` stands for any digit.
    if (want === 0x64 ? byte < 0x30 || byte > 0x39 : byte !== want) return false;
  }
  return true;
}

/** Behind the letters, digits, dots, underscores and hyphens from `at` on, at most 64: names of sessions and types. */
function endOfSimple(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && i < at + 64 && SIMPLE[bytes[i] as number] === 1) i++;
  return i;
}

const SIMPLE: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9._-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}
