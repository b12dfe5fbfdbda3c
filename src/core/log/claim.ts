// A record as an outside program hands it over: one JSON object, `{type, data, actor?}`. Nothing is repaired or guessed: two
// readers of the same text must read the same record, so repeated keys and numbers that JSON would round are refused.
import { err, ok, type Result } from "../result.ts";
import { RECORD_TYPE } from "./encode.ts";
import type { Actor, RecordBody, RecordType } from "./record.ts";

/** Types that say something about the log itself: only its own writer may. */
const RESERVED = /^(?:session|epoch|recovery|recorder|redaction|tombstone|prune)(?:\.|$)/;

const KEYS: ReadonlySet<string> = new Set(["type", "data", "actor"]);
const ACTOR: ReadonlyMap<string, string> = new Map([
  ["agent", "string"],
  ["tool_use_id", "string"],
  ["pid", "number"],
  ["exe", "string"],
]);

/** Reads one line. The error is a sentence for whoever sent it. What `encodeBody` refuses is left to that. */
export function parseClaim(text: string): Result<RecordBody, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("is not JSON");
  }
  if (!isObject(value)) return err("is not a JSON object");
  const odd = Object.keys(value).find((key) => !KEYS.has(key));
  if (odd !== undefined) return err(`has an unknown key \`${odd.slice(0, 64)}\`: type, data and actor are known`);
  const { type, data, actor } = value;
  if (typeof type !== "string" || type.length > 64 || !RECORD_TYPE.test(type))
    return err("needs a `type` such as `tool.call`");
  if (RESERVED.test(type)) return err(`\`${type}\` is for the log's own writer`);
  if (!isObject(data)) return err("needs `data`, a JSON object");
  if (actor !== undefined && !isActor(actor)) return err("`actor` may have agent, tool_use_id, exe (texts) and pid");
  const fault = ambiguity(text);
  if (fault !== undefined) return err(fault);
  // The parser that earns its casts: `encodeBody` refuses whatever in `data` has no exact form.
  const body = { type: type as RecordType, origin: "claimed", data: data as RecordBody["data"] } as const;
  return ok(actor === undefined ? body : { ...body, actor });
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isActor(value: unknown): value is Actor {
  return isObject(value) && Object.entries(value).every(([key, field]) => typeof field === ACTOR.get(key));
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]|-?[0-9][0-9.eE+-]*/g;

/** For a text that is JSON: a key that stands twice in one object, or a number that is no safe integer. */
function ambiguity(text: string): string | undefined {
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
      if (keys?.has(key) === true) return `has the key \`${key.slice(0, 64)}\` twice`;
      keys?.add(key);
    } else if (first === BRACE_END || first === BRACKET_END) open.pop();
    else if (!/^-?[0-9]+$/.test(token) || !Number.isSafeInteger(Number(token)))
      return `has the number ${token.slice(0, 32)}: only integers up to 2^53 are exact, send others as text`;
  }
  return undefined;
}

const [QUOTE, COMMA, BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
