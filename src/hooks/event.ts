// The bytes of a hook event as checked fields. Total: whatever the text is, the end is a value or a Problem, and a Problem is refused.
import { err, type HookContext, type HookEvent, type HookedAgent, ok, type Problem, type Result } from "#core";

/** A JSON object whose fields are looked at one by one. */
export type Fields = Readonly<Record<string, unknown>>;

/** Names under which an agent sends what every event carries. */
export interface ContextNames {
  readonly session: string;
  readonly cwd: string;
  readonly event: string;
}

const TEXT_MOST = 16_777_216;
const DEPTH_MOST = 100;

/** A refusal's cause: `code` for machines, one sentence for the person. */
export function malformed(agent: HookedAgent, what: string): Problem {
  return {
    code: "hook-event",
    message: `${agent} sent an event that is not understood: ${what}`,
    hint: "its version may be newer than this ringfence; `ringfence doctor` says what was tested",
  };
}

/** The event as one JSON object, bounded in size and depth. */
export function readEvent(agent: HookedAgent, text: string): Result<Fields, Problem> {
  if (text.length > TEXT_MOST) return err(malformed(agent, "it is larger than 16 MiB"));
  const value = parseJson(text);
  if (!isFields(value)) return err(malformed(agent, "it is not one JSON object"));
  return isDeep(value, DEPTH_MOST) ? err(malformed(agent, "it is nested too deeply")) : ok(value);
}

/** Session, working directory and event name, each in a form that is safe to keep, to compare and to show. */
export function readContext(
  agent: HookedAgent,
  fields: Fields,
  names: ContextNames,
  given: { readonly event?: string; readonly cwd?: string } = {},
): Result<HookContext, Problem> {
  const agentSession = textOf(fields, names.session);
  if (agentSession === undefined || !/^[\x21-\x7e]{1,256}$/.test(agentSession))
    return err(malformed(agent, `\`${names.session}\` is no session name`));
  const cwd = given.cwd ?? textOf(fields, names.cwd);
  if (cwd === undefined || !cwd.startsWith("/") || cwd.length > 4096 || cwd.includes("\0"))
    return err(malformed(agent, `\`${names.cwd}\` is no absolute path`));
  const event = given.event ?? textOf(fields, names.event);
  if (event === undefined || !/^[A-Za-z][A-Za-z.]{0,63}$/.test(event))
    return err(malformed(agent, `\`${names.event}\` is no event name`));
  return ok({ agent, agentSession, cwd, event });
}

/** A field that is a string; inherited names are no fields. */
export function textOf(fields: Fields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** The first of several names that is there. A wrong type under an earlier name is not skipped: it is no text at all. */
export function firstText(fields: Fields, names: readonly string[]): string | undefined {
  const name = names.find((each) => Object.hasOwn(fields, each) && fields[each] !== undefined && fields[each] !== null);
  return name === undefined ? undefined : textOf(fields, name);
}

/** A field that is an object, itself or as JSON text (some versions send arguments that way). */
export function fieldsOf(fields: Fields, name: string): Fields | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  const parsed = typeof value === "string" ? parseJson(value) : value;
  return isFields(parsed) && !isDeep(parsed, DEPTH_MOST) ? parsed : undefined;
}

/** True for a JSON object that is no list. */
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What the model will read of a result: text as it is, everything else as JSON. */
export function outputText(value: unknown): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

// A key twice is no JSON here: the agent may obey the other one.
function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return keysIn(value) === keysWritten(text) ? value : undefined;
  } catch {
    return undefined;
  }
}

function keysIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const inner: readonly unknown[] = Object.values(value);
  return inner.reduce<number>((sum, each) => sum + keysIn(each), Array.isArray(value) ? 0 : inner.length);
}

/** In text that is JSON, every colon outside a string stands behind a key. */
function keysWritten(text: string): number {
  let count = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "\\") at += 1;
    else if (character === '"') inString = !inString;
    else if (character === ":" && !inString) count += 1;
  }
  return count;
}

function isDeep(value: unknown, left: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isDeep(inner, left - 1));
}

/** What the person typed; an event that should say it and does not is not understood. */
export function promptOf(
  agent: HookedAgent,
  context: HookContext,
  text: string | undefined,
): Result<HookEvent, Problem> {
  return text === undefined ? err(malformed(agent, "a prompt without text")) : ok({ ...context, kind: "prompt", text });
}

/** What the model said, where it said anything. */
export function outputOf(context: HookContext, text: string | undefined): Result<HookEvent, Problem> {
  return ok(text === undefined ? { ...context, kind: "notice" } : { ...context, kind: "output", text });
}

/** An event that is no act: a session's beginning or end, in either spelling that agents have, or one of `notices`. Anything else is not understood. */
export function otherEvent(
  agent: HookedAgent,
  context: HookContext,
  notices: ReadonlySet<string>,
): Result<HookEvent, Problem> {
  if (/^[Ss]essionStart$/.test(context.event)) return ok({ ...context, kind: "session-start" });
  if (/^[Ss]essionEnd$/.test(context.event)) return ok({ ...context, kind: "session-end" });
  if (notices.has(context.event)) return ok({ ...context, kind: "notice" });
  return err(malformed(agent, `\`${context.event}\` is an unknown event`));
}
