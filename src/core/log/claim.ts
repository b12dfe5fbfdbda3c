// A record as an outside program hands it over: a line of JSON, best `{type, data, actor?}`. Fields beside those are data, too. Nothing is
// rounded or guessed: repeated keys, which two readers would read differently, are refused, and a number that JSON would round is kept by its text.
import { err, ok, type Result } from "../result.ts";
import { RECORD_TYPE } from "./encode.ts";
import type { Actor, RecordBody, RecordType } from "./record.ts";

/** Types that say something about the log itself: only its own writer may. */
const RESERVED = /^(?:session|epoch|recovery|recorder|redaction|tombstone|prune)(?:\.|$)/;

const ACTOR: ReadonlyMap<string, string> = new Map([
  ["agent", "string"],
  ["tool_use_id", "string"],
  ["pid", "number"],
  ["exe", "string"],
]);

/** What a line without a type is. */
const UNTYPED: RecordType = "other";

/** Reads one line. The error is a sentence for whoever sent it. What `encodeBody` refuses is left to that. */
export function parseClaim(text: string): Result<RecordBody, string> {
  const parsed = parsedExactly(text);
  if (!parsed.ok) return parsed;
  if (!isObject(parsed.value)) return ok(claimed(UNTYPED, { value: parsed.value }));
  const { type = UNTYPED, actor, data: given, ...rest } = parsed.value;
  if (typeof type !== "string" || type.length > 64 || !RECORD_TYPE.test(type))
    return err("has a `type` that is none: it looks like `tool.call`");
  if (RESERVED.test(type)) return err(`\`${type}\` is for the log's own writer`);
  if (actor !== undefined && !isActor(actor)) return err("`actor` may have agent, tool_use_id, exe (texts) and pid");
  const data = given === undefined ? {} : isObject(given) ? given : { value: given };
  const twice = Object.keys(rest).find((key) => Object.hasOwn(data, key));
  if (twice !== undefined) return err(`has \`${twice.slice(0, 64)}\` beside \`data\` and in it`);
  // Spread, not assigned: `__proto__` is a name like any other.
  const body = claimed(type as RecordType, { ...rest, ...data });
  return ok(actor === undefined ? body : { ...body, actor });
}

function claimed(type: RecordType, data: { readonly [key: string]: unknown }): RecordBody {
  // The parser that earns its cast: `encodeBody` refuses whatever has no exact form.
  return { type, origin: "claimed", data: data as RecordBody["data"] };
}

/** Any JSON; a number that a record has no form for is kept by its text, so that nothing is rounded. */
function parsedExactly(text: string): Result<unknown, string> {
  try {
    const value: unknown = JSON.parse(text);
    const twice = repeatedKey(text);
    if (twice !== undefined) return err(`has the key \`${twice.slice(0, 64)}\` twice`);
    const exact = text.replace(TOKENS, (token) => (isInexact(token) ? `{"number":"${token}"}` : token));
    return ok(exact === text ? value : JSON.parse(exact));
  } catch {
    return err("is not JSON");
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isActor(value: unknown): value is Actor {
  return isObject(value) && Object.entries(value).every(([key, field]) => typeof field === ACTOR.get(key));
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]|-?[0-9][0-9.eE+-]*/g;

/** A number that is no integer, or one that a double would round. */
function isInexact(token: string): boolean {
  return /^[-0-9]/.test(token) && (!/^-?[0-9]+$/.test(token) || !Number.isSafeInteger(Number(token)));
}

/** For a text that is JSON: a key that stands twice in one object. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(TOKENS)) {
    const first = token.charCodeAt(0);
    if (first === BRACE || first === BRACKET) {
      open.push(first === BRACE ? new Set() : undefined);
      isKey = first === BRACE;
    } else if (first === COMMA) isKey = open.at(-1) !== undefined;
    else if (first === QUOTE) {
      if (!isKey) continue;
      isKey = false;
      const key = token.includes("\\") ? String(JSON.parse(token)) : token.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    } else if (first === BRACE_END || first === BRACKET_END) open.pop();
  }
  return undefined;
}

const [QUOTE, COMMA, BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
