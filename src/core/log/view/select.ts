// Which records a reader asked for: all conditions that are given must hold. `needles` says the same to a search over bytes, a little
// too widely: every line that is wanted holds one of them, so that a million lines need not be parsed for the few that are. Pure.
import { compilePattern } from "../../paths/index.ts";
import type { LogRecord } from "../leaf.ts";
import type { Json, Origin } from "../record.ts";

/** What is wanted of a record; what is absent does not count. */
export interface RecordFilter {
  /** `net.blocked`, or a family such as `net.*`. Any of them. */
  readonly types?: readonly string[];
  /** RFC 3339, UTC, milliseconds, as records have it; inclusive. */
  readonly since?: string;
  readonly until?: string;
  /** A host's name or address, or `*.example.com` for what is below it. Case does not count. */
  readonly host?: string;
  /** A path pattern as rules have it: `src/**`, `*.pem`, `//etc/passwd`. */
  readonly path?: string;
  /** A program's path, or its name alone. */
  readonly program?: string;
  /** What was decided; `deny` is everything that a wall, a rule or a person did not let happen. */
  readonly verdict?: "allow" | "ask" | "deny";
  /** Stands anywhere in the line, letter by letter. */
  readonly text?: string;
  /** The agent's own id of a tool call. */
  readonly call?: string;
  readonly origin?: Origin;
}

/** A filter that can be asked. */
export interface RecordSelect {
  /** Is this one wanted? `line` is the record's text. */
  wants(record: LogRecord, line: string): boolean;
  /** A wanted line holds one of them; empty when any line could be wanted. */
  readonly needles: readonly string[];
  /** `ts` of a wanted record is not below, nor above. */
  readonly from?: string;
  readonly to?: string;
}

/** Prepares a filter. `root`: where relative path patterns start, the session's workspace. */
export function recordSelect(filter: RecordFilter, root: string): RecordSelect {
  const path =
    filter.path === undefined ? undefined : compilePattern(filter.path, { root, home: "/" }, { caseless: false });
  const host = filter.host === undefined ? undefined : hostMatcher(filter.host);
  const text = filter.text === undefined ? undefined : inLine(filter.text);
  const { since, until } = filter;
  return {
    wants: (record, line) =>
      (since === undefined || record.ts >= since) &&
      (until === undefined || record.ts <= until) &&
      (filter.types === undefined || filter.types.some((type) => isOfType(record.type, type))) &&
      (filter.origin === undefined || record.origin === filter.origin) &&
      (filter.call === undefined || callsOf(record).includes(filter.call)) &&
      (filter.verdict === undefined || verdictOf(record) === filter.verdict) &&
      (filter.program === undefined || runs(record, filter.program)) &&
      (host === undefined || hostsOf(record).some(host)) &&
      (path === undefined || pathsOf(record, root).some(path)) &&
      (text === undefined || line.includes(text)),
    needles: needlesOf(filter),
    ...(since === undefined ? {} : { from: since }),
    ...(until === undefined ? {} : { to: until }),
  };
}

/** What was decided in a record, in three words; `undefined` where nothing was. */
export function verdictOf({ type, data }: Pick<LogRecord, "type" | "data">): "allow" | "ask" | "deny" | undefined {
  const verdict = data["verdict"];
  if (type === "net.blocked" || type === "limit.hit") return "deny";
  if (verdict === "allow" || verdict === "ask") return verdict;
  return verdict === "deny" || verdict === "refused" || verdict === "reject" ? "deny" : undefined;
}

/** Does a type belong to `net.*`, or is it the one that is named? */
export function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith(".*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

/** The single form that a text has in a line: the writer knows one spelling only. */
function inLine(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function needlesOf(filter: RecordFilter): readonly string[] {
  const { text, call, host, path, program, types } = filter;
  if (text !== undefined && text !== "") return [inLine(text)];
  if (call !== undefined && call !== "") return [inLine(call)];
  if (host !== undefined && host !== "") return [inLine(host.toLowerCase().replace(/^\*/, ""))];
  const run = path === undefined ? "" : longestLiteral(path);
  if (run.length > 1) return [inLine(run)];
  if (program !== undefined && program !== "") return [inLine(program)];
  if (types !== undefined)
    return types.map((type) => (type.endsWith(".*") ? `"type":"${type.slice(0, -1)}` : `"type":"${type}"`));
  return [];
}

/** The longest part of a pattern that stands for itself. A pattern with alternatives has none that is certain. */
function longestLiteral(pattern: string): string {
  if (/[{}\\[\]]/.test(pattern)) return "";
  const runs = pattern.replace(/^(?:~|\.)?\/+/, "").split(/[*?]+/);
  return runs.reduce((longest, run) => (trimmed(run).length > longest.length ? trimmed(run) : longest), "");
}

/** `a/**` is `a`, too: slashes at the ends are not certain. */
function trimmed(run: string): string {
  return run.trim().replace(/^\/+|\/+$/g, "");
}

function hostMatcher(wanted: string): (host: string) => boolean {
  const lower = wanted.toLowerCase();
  const below = lower.startsWith("*.") ? lower.slice(1) : undefined;
  // Hosts stand in the record in small letters.
  return (host) => (below === undefined ? host === lower : host.endsWith(below));
}

function hostsOf({ data }: LogRecord): readonly string[] {
  return [data["host"], data["address"]].filter(isText);
}

/** Every path that a record speaks of: what was touched, and the changes of a diff, which are told from the workspace on. */
function pathsOf({ data }: LogRecord, root: string): readonly string[] {
  const listed = [data["paths"], data["changes"], data["waiting"]].flatMap(list);
  const named = listed.map((item) => (isText(item) ? item : isObject(item) ? item["path"] : undefined));
  const all = [data["path"], data["to"], data["script"], ...named].filter(isText);
  return all.map((path) => (path.startsWith("/") ? path : `${root}/${path}`));
}

function callsOf({ actor, data }: LogRecord): readonly Json[] {
  return [actor?.tool_use_id ?? null, data["call"] ?? null];
}

function runs({ actor, data }: LogRecord, program: string): boolean {
  const first = list(data["argv"])[0];
  const named = [actor?.exe, first, data["program"]].filter(isText);
  return named.some((name) => name === program || (!program.includes("/") && name.split("/").at(-1) === program));
}

function isText(value: Json | undefined): value is string {
  return typeof value === "string";
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
