// A record as an outside program hands it over: a line of JSON, best `{type, data, actor?}`. Fields beside those are data, too. Nothing is
// rounded or guessed: repeated keys, which two readers would read differently, are refused, and a number that JSON would round is kept by its text.
import { err, ok, type Result } from "../result.ts";
import { RECORD_TYPE } from "./encode.ts";
import { findRepairs, type Repairs } from "./json-tokens.ts";
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
    const { twice, inexact } = findRepairs(text);
    if (twice !== undefined) return err(`has the key \`${twice.slice(0, 64)}\` twice`);
    return ok(inexact.length === 0 ? value : JSON.parse(asTexts(text, inexact)));
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

/** The text with its numbers at those places as texts. */
function asTexts(text: string, places: Repairs["inexact"]): string {
  let exact = "";
  let from = 0;
  for (const [start, end] of places) {
    exact += `${text.slice(from, start)}{"number":"${text.slice(start, end)}"}`;
    from = end;
  }
  return exact + text.slice(from);
}
