// Where what an agent said and what the walls saw differ (AUD-1): a pure fold over a session's record, joined by `call` (call-book.ts).
// Only what both sides speak of exactly is compared, so that a line here is worth reading.
import type { Json, LogRecord } from "../log/index.ts";
import { commandIn, inputFields, nameLetters, pathIn } from "./tool-input.ts";

/** One difference. Texts are an adversary's. */
export interface Disagreement {
  readonly kind:
    | "ran-after-refusal"
    | "never-ran"
    | "never-wrote"
    | "exit-differs"
    | "write-not-claimed"
    | "connection-not-claimed"
    | "called-after-refusal"
    | "never-called"
    | "call-not-claimed";
  /** The record that shows it. */
  readonly seq: number;
  readonly ts: string;
  readonly call?: string;
  /** What was said; empty where nobody said anything. */
  readonly claimed: string;
  readonly observed: string;
}

/** What the fold found, and whether there was anything to compare with. */
export interface DisagreementReport {
  readonly disagreements: readonly Disagreement[];
  /** False for a session that only hooks guard: all there is are claims. */
  readonly observed: boolean;
  /** False where no agent said anything. */
  readonly claimed: boolean;
}

interface Call {
  readonly seq: number;
  readonly ts: string;
  readonly command: string | undefined;
  readonly path: string | undefined;
  readonly denied: boolean;
  /** As the agent names an MCP tool. */
  readonly tool: string;
  /** The gateway saw it. */
  called?: { readonly seq: number; readonly ts: string; readonly what: string };
  started?: { readonly seq: number; readonly ts: string; readonly pid: number; readonly what: string };
  exit?: number;
  wrote: boolean;
  result?: { readonly seq: number; readonly ts: string; readonly failed: boolean; readonly exit: number | undefined };
}

/** Folds the records of one session in their order. `root`: its workspace. */
export function disagreements(records: Iterable<LogRecord>, root: string): DisagreementReport {
  const calls = new Map<string, Call>();
  const found: Disagreement[] = [];
  const files = new Set<string>();
  /** Processes that started what a call asked for: the agent itself. */
  const agents = new Set<number>();
  const dialled: { readonly pid: number; readonly what: Disagreement }[] = [];
  const gateway = new Gateway();
  let observed = false;
  for (const record of records) {
    const { type, origin, actor, data } = record;
    if (type === "exec.start" && origin === "observed" && data["via"] === "recorder") observed = true;
    const id = typeof data["call"] === "string" ? data["call"] : undefined;
    if (type === "tool.call" && id !== undefined) calls.set(id, begun(record, calls.get(id)));
    const call = id === undefined ? undefined : calls.get(id);
    if (type === "tool.result" && call !== undefined) call.result ??= resultOf(record);
    if (origin !== "observed") continue;
    if (type.startsWith("mcp.")) gateway.take(record, call);
    if (type === "exec.start" && call !== undefined && call.started === undefined && actor?.pid !== undefined) {
      if (typeof data["parent"] === "number") agents.add(data["parent"]);
      call.started = { seq: record.seq, ts: record.ts, pid: actor.pid, what: commandOf(record) };
    }
    if (type === "exec.exit" && call?.started !== undefined && actor?.pid === call.started.pid)
      if (typeof data["code"] === "number") call.exit = data["code"];
    if (type === "file.write" && data["error"] === undefined && data["verdict"] === undefined) {
      if (call !== undefined) call.wrote = true;
      else if (calls.size > 0) found.push(...unclaimedWrite(record, root, files));
    }
    if (type === "net.connect" && calls.size > 0 && call === undefined)
      dialled.push(...unclaimedConnection(record).map((what) => ({ pid: actor?.pid ?? 0, what })));
  }
  if (calls.size > 0) found.push(...gateway.unclaimed);
  found.push(...dialled.filter(({ pid }) => !agents.has(pid)).map(({ what }) => what));
  for (const [id, call] of calls) found.push(...judged(id, call, observed), ...gateway.judged(id, call));
  return {
    disagreements: found.toSorted((a, b) => a.seq - b.seq),
    observed: observed || gateway.isThere,
    claimed: calls.size > 0,
  };
}

/** An agent that asks again with the same id is judged by its last word. */
function begun({ seq, ts, data }: LogRecord, before: Call | undefined): Call {
  const input = inputFields(data["input"]);
  const tool = String(data["tool"] ?? "");
  return {
    ...{ seq, ts, denied: data["verdict"] === "deny", wrote: before?.wrote ?? false, tool },
    command: commandIn(input),
    path: WRITES.test(tool) ? pathIn(input) : undefined,
  };
}

/** What the MCP gateway saw of the calls that an agent told of. */
class Gateway {
  readonly unclaimed: Disagreement[] = [];
  /** Servers that were reached through it, letters and digits only. */
  readonly #servers = new Set<string>();

  get isThere(): boolean {
    return this.#servers.size > 0;
  }

  take({ type, seq, ts, data }: LogRecord, call: Call | undefined): void {
    this.#servers.add(nameLetters(String(data["server"] ?? "")));
    if (type !== "mcp.call" || data["verdict"] === "deny") return;
    const what = `${String(data["server"])}/${textOf(data["tool"]) ?? String(data["method"])}`;
    if (call !== undefined) call.called ??= { seq, ts, what };
    else if (data["tool"] !== undefined)
      this.unclaimed.push({ kind: "call-not-claimed", seq, ts, claimed: "", observed: what });
  }

  /** Only a server that is reached through the gateway is one of which it would know. */
  judged(id: string, { tool, denied, called, result }: Call): readonly Disagreement[] {
    const [, server = ""] = /^mcp__(.+?)__/.exec(tool) ?? [];
    if (server === "" || !this.#servers.has(nameLetters(server))) return [];
    const about = { call: id, claimed: tool };
    if (denied && called !== undefined)
      return [{ ...about, kind: "called-after-refusal", seq: called.seq, ts: called.ts, observed: called.what }];
    if (denied || called !== undefined || result === undefined || result.failed) return [];
    const observed = "no such call came to the gateway";
    return [{ ...about, kind: "never-called", seq: result.seq, ts: result.ts, observed }];
  }
}

/** Tools that say that they write the file they name. */
const WRITES = /^(?:Write|Edit|MultiEdit|write|edit|create|write_file|replace)$/;

function judged(id: string, call: Call, observed: boolean): readonly Disagreement[] {
  const { command, path, denied, started, result } = call;
  if (!observed) return [];
  const about = { call: id, claimed: command ?? path ?? "" };
  if (denied && started !== undefined)
    return [{ ...about, kind: "ran-after-refusal", seq: started.seq, ts: started.ts, observed: started.what }];
  if (denied || result === undefined) return [];
  const at = { ...about, seq: result.seq, ts: result.ts };
  if (command !== undefined && command !== "" && started === undefined)
    return [{ ...at, kind: "never-ran", observed: "no program was started with it" }];
  if (path !== undefined && !call.wrote && !result.failed)
    return [{ ...at, kind: "never-wrote", observed: "nothing was written there" }];
  const said = result.exit;
  if (said !== undefined && call.exit !== undefined && said !== call.exit)
    return [{ ...at, kind: "exit-differs", claimed: `${about.claimed}: exit ${said}`, observed: `exit ${call.exit}` }];
  return [];
}

/** Only an exit that the agent names is a claim about it. */
function resultOf({ seq, ts, data }: LogRecord): NonNullable<Call["result"]> {
  const output = typeof data["output"] === "string" ? data["output"] : "";
  const exit = /\b(?:Exit code|exit code|exited with code|"exit_code":)\s*(\d{1,3})\b/.exec(output)?.[1];
  return { seq, ts, failed: data["failed"] === true, exit: exit === undefined ? undefined : Number(exit) };
}

/** A file of the workspace that changed while no call speaks of it: once for each file. */
function unclaimedWrite(
  { seq, ts, actor, data }: LogRecord,
  root: string,
  files: Set<string>,
): readonly Disagreement[] {
  const path = textOf(data["to"]) ?? textOf(data["path"]) ?? "";
  if (!path.startsWith(`${root}/`) || path.startsWith(`${root}/.git/`) || files.has(path)) return [];
  files.add(path);
  const observed = `${String(data["operation"])} ${path.slice(root.length + 1)} by ${actor?.exe ?? "a process"}`;
  return [{ kind: "write-not-claimed", seq, ts, claimed: "", observed }];
}

/** A name that was reached by a program that belongs to no call; the agent's own process may, and its preset's rules name its model. */
function unclaimedConnection({ seq, ts, actor, data }: LogRecord): readonly Disagreement[] {
  const host = textOf(data["host"]);
  if (host === undefined || data["via"] === "recorder" || /\bpreset /.test(String(data["rule"] ?? ""))) return [];
  const observed = `${host}:${String(data["port"])} by ${actor?.exe ?? "a process"}`;
  return [{ kind: "connection-not-claimed", seq, ts, claimed: "", observed }];
}

function commandOf({ data, actor }: LogRecord): string {
  const argv = data["argv"];
  return Array.isArray(argv) ? argv.map(String).join(" ") : (actor?.exe ?? "");
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
