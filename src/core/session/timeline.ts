// What happened in a session, told in its order (AUD-5): the record of thousands of lines folded to the moments that a person would tell.
// A program that the agent started is one moment, with all that its whole tree of processes wrote, reached and was refused. Pure; texts
// stay an adversary's until `timelineLines` escapes them.
import { isOfType, type Json, type LogRecord, verdictOf } from "../log/index.ts";
import { destination } from "./destination.ts";
import { mcpEnd, mcpPhrase, mcpRequest } from "./mcp-moment.ts";
import { quoted } from "./quoted.ts";
import { commandIn, inputFields, pathIn } from "./tool-input.ts";

/** One moment. Lists hold each thing once, in the order of its first time. */
export interface Moment {
  readonly seq: number;
  /** RFC 3339. */
  readonly ts: string;
  readonly what: "ran" | "call" | "said" | "asked" | "refused" | "session" | "other";
  /** Only somebody's word. */
  readonly claimed: boolean;
  /** The agent itself, or a further command of the session. */
  readonly isRoot: boolean;
  /** The moment in one phrase. */
  readonly text: string;
  readonly verdict?: "allow" | "ask" | "deny";
  /** How it came out: an exit, an answer, a result. */
  readonly end?: string;
  readonly wrote: readonly string[];
  readonly reached: readonly string[];
  readonly refused: readonly string[];
  readonly used: readonly string[];
  /** The same again at once, so often. */
  readonly times: number;
}

interface Draft {
  readonly seq: number;
  readonly ts: string;
  readonly what: Moment["what"];
  readonly claimed: boolean;
  isRoot: boolean;
  text: string;
  verdict?: NonNullable<Moment["verdict"]>;
  end?: string;
  readonly wrote: Set<string>;
  readonly reached: Set<string>;
  readonly refused: Set<string>;
  readonly used: Set<string>;
}

/** Folds the records of one session, in their order. */
export function timeline(records: Iterable<LogRecord>): readonly Moment[] {
  const fold = new Fold();
  for (const record of records) fold.take(record);
  const moments = folded(fold.moments.map(finished));
  return moments.some(({ what }) => what === "call") ? withoutHousework(moments) : moments;
}

/** Of an agent whose calls are known, what else it started and what touched nothing is a number: its own looks around, its hooks. */
function withoutHousework(moments: readonly Moment[]): readonly Moment[] {
  const isBare = ({ wrote, reached, refused, used }: Moment): boolean =>
    [wrote, reached, refused, used].every(({ length }) => length === 0);
  const [told, left] = [
    moments.filter((moment) => moment.what !== "ran" || moment.isRoot || !isBare(moment)),
    moments.filter((moment) => moment.what === "ran" && !moment.isRoot && isBare(moment)),
  ];
  const last = moments.at(-1);
  const programs = left.reduce((sum, { times }) => sum + times, 0);
  if (last === undefined || programs === 0) return told;
  const text = `${programs === 1 ? "1 program" : `${programs} programs`} of its own that touched nothing (--tree names them)`;
  const none = { wrote: [], reached: [], refused: [], used: [] };
  return [
    ...told,
    { seq: last.seq, ts: last.ts, what: "other", claimed: false, isRoot: false, text, times: 1, ...none },
  ];
}

class Fold {
  readonly moments: Draft[] = [];
  /** Of each process the moment that tells of it. */
  readonly #ofPid = new Map<number, Draft>();
  /** The agent itself and each further command: what they start are moments of their own. */
  readonly #roots = new Set<number>();
  readonly #calls = new Map<string, Draft>();
  readonly #questions = new Map<string, Draft>();

  take(record: LogRecord): void {
    const { type, data, actor } = record;
    const pid = actor?.pid;
    if (type.startsWith("exec.")) return this.#process(record);
    if (type === "tool.result" || type === "mcp.result" || type === "approval.answer") return this.#end(record);
    if (type === "mcp.call" && this.#isToldAlready(record)) return;
    if (type === "net.close" || type === "file.read") return;
    const owner = pid === undefined ? undefined : this.#ofPid.get(pid);
    if (owner !== undefined && this.#isEffect(record, owner)) return;
    if (type === "file.write" || (type === "net.connect" && data["via"] === "recorder")) return;
    const draft = this.#add(record, whatOf(record), phrase(record));
    const verdict = verdictOf(record);
    if (verdict !== undefined && type !== "limit.hit") draft.verdict = verdict;
    if (type === "tool.call") this.#calls.set(callOf(record), draft);
    if (type === "mcp.call") this.#calls.set(mcpRequest(record), draft);
    if (type === "approval.ask") this.#questions.set(text(data["id"]), draft);
  }

  /** The agent's hook told of this call: what the gateway says of it belongs to the same moment. */
  #isToldAlready(record: LogRecord): boolean {
    const told = this.#calls.get(text(record.data["call"]));
    if (told === undefined) return false;
    this.#calls.set(mcpRequest(record), told);
    if (record.data["verdict"] === "deny") told.verdict = "deny";
    return true;
  }

  #process(record: LogRecord): void {
    const { type, data, actor, origin } = record;
    const pid = actor?.pid;
    if (origin !== "observed" || pid === undefined) return;
    const known = this.#ofPid.get(pid);
    if (type === "exec.exit") {
      // A moment ends with the process that it began with.
      if (known !== undefined && known.end === undefined && this.#isFirst(pid, known)) known.end = ending(data);
      if (!this.#roots.has(pid)) this.#ofPid.delete(pid);
      return;
    }
    const parent = typeof data["parent"] === "number" ? data["parent"] : undefined;
    const above = parent === undefined ? undefined : this.#ofPid.get(parent);
    const call = known === undefined && above !== undefined ? this.#calls.get(text(data["call"])) : undefined;
    if (call !== undefined && call !== above) {
      // The program that a tool call started is told with the call.
      this.#ofPid.set(pid, call);
      this.#first.set(call, pid);
      return;
    }
    const isRoot = above === undefined;
    const isStep = !isRoot && parent !== undefined && this.#roots.has(parent);
    if (known === undefined && (isRoot || isStep)) {
      if (isRoot) this.#roots.add(pid);
      const draft = this.#add(record, "ran", type === "exec.start" ? command(record) : "(a process)");
      draft.isRoot = isRoot;
      this.#ofPid.set(pid, draft);
      this.#first.set(draft, pid);
    } else if (known === undefined && above !== undefined) this.#ofPid.set(pid, above);
    else if (known?.what === "ran" && type === "exec.start" && this.#isFirst(pid, known) && !this.#roots.has(pid))
      known.text = command(record);
  }

  readonly #first = new Map<Draft, number>();

  #isFirst(pid: number, draft: Draft): boolean {
    return this.#first.get(draft) === pid;
  }

  #end(record: LogRecord): void {
    const { type, data } = record;
    if (type === "approval.answer") {
      const asked = this.#questions.get(text(data["id"]));
      if (asked !== undefined) asked.end = `${text(data["verdict"])} by ${text(data["by"])}`;
      return;
    }
    const isMcp = type === "mcp.result";
    const call = this.#calls.get(isMcp ? mcpRequest(record) : callOf(record));
    if (call !== undefined) call.end ??= isMcp ? mcpEnd(record) : data["failed"] === true ? "failed" : "done";
  }

  /** Files and hosts belong to the moment of the program that touched them. */
  #isEffect(record: LogRecord, owner: Draft): boolean {
    const { type, data } = record;
    if (type === "net.blocked") owner.refused.add(`${destination(data)} (${text(data["reason"])})`);
    else if (type === "secret.use") owner.used.add(`${text(data["credential"])} for ${destination(data)}`);
    else if (type === "net.connect") {
      if (data["via"] !== "recorder") owner.reached.add(destination(data));
    } else if (type === "file.write") {
      if (data["verdict"] === "refused") owner.refused.add(text(data["path"]));
      else if (data["error"] === undefined)
        owner.wrote.add(
          text(data["to"]) === "" || data["operation"] === "symlink" ? text(data["path"]) : text(data["to"]),
        );
    } else return false;
    return true;
  }

  #add({ seq, ts, origin }: LogRecord, what: Moment["what"], phrase: string): Draft {
    const none = (): Set<string> => new Set();
    const draft: Draft = {
      ...{ seq, ts, what, claimed: origin === "claimed", isRoot: false, text: phrase },
      ...{ wrote: none(), reached: none(), refused: none(), used: none() },
    };
    this.moments.push(draft);
    return draft;
  }
}

function whatOf({ type }: LogRecord): Moment["what"] {
  if (type === "tool.call" || type === "mcp.call") return "call";
  if (type === "prompt" || type === "model.output") return "said";
  if (type === "approval.ask") return "asked";
  if (type === "net.blocked" || type === "limit.hit" || type === "mcp.refused") return "refused";
  return isOfType(type, "session.*") ? "session" : "other";
}

function callOf({ actor, data }: LogRecord): string {
  return text(data["call"]) || (actor?.tool_use_id ?? "");
}

/** What a record that stands for itself says, in one phrase. */
function phrase(record: LogRecord): string {
  const { type, data, actor } = record;
  switch (type) {
    case "session.open":
      return `session opened in ${text(data["workspace"])}${data["kind"] === undefined ? "" : ` (${text(data["kind"])})`}`;
    case "session.close":
      return `session closed${typeof data["exit"] === "number" ? `, exit ${data["exit"]}` : ""}`;
    case "tool.call":
      return `${actor?.agent ?? "agent"} called ${text(data["tool"])} ${inputOf(data["input"])}`.trimEnd();
    case "prompt":
      return `prompt: ${text(data["text"])}`;
    case "model.output":
      return `model: ${text(data["text"]) || askedFor(data["calls"])}`.trimEnd();
    case "approval.ask":
      return `asked a person: ${inputOf(data["act"])}`;
    case "net.blocked":
      return `refused ${destination(data)} (${text(data["reason"])})`;
    case "net.connect":
      return `reached ${destination(data)}`;
    case "limit.hit":
      return `stopped by the limit \`${text(data["limit"])}\``;
    case "leg.set":
      return `leg ${text(data["leg"])} set: ${text(data["cause"])}`;
    case "secret.use":
      return `credential ${text(data["credential"])} ${text(data["act"])} ${destination(data)}`.trimEnd();
    case "diff":
      return `changes: ${amount(data["clean"])} clean, ${amount(data["held"])} held`;
    default:
      return mcpPhrase(record) ?? `${type} ${brief(data)}`.trimEnd();
  }
}

/** The tools that a model asks for without a word. */
function askedFor(calls: Json | undefined): string {
  const tools = Array.isArray(calls) ? calls.flatMap((call) => (isObject(call) ? text(call["tool"]) : [])) : [];
  return tools.length === 0 ? "" : `asks for ${tools.join(", ")}`;
}

/** What matters most in a tool's input, else all of it. */
function inputOf(input: Json | undefined): string {
  const fields = typeof input === "string" ? inputFields(input) : isObject(input) ? input : {};
  const said = ["text", "url", "query", "pattern", "prompt"]
    .map((key) => fields[key])
    .find((value) => typeof value === "string");
  return (
    commandIn(fields) ?? pathIn(fields) ?? said ?? (typeof input === "string" ? input : JSON.stringify(input ?? ""))
  );
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The short fields of a record that has no phrase of its own. */
function brief(data: LogRecord["data"]): string {
  return Object.entries(data)
    .filter(([, value]) => typeof value !== "object")
    .slice(0, 6)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(" ");
}

function command({ data, actor }: LogRecord): string {
  const argv = data["argv"];
  const words = Array.isArray(argv) ? argv.filter((word): word is string => typeof word === "string") : [];
  return words.length === 0 ? (actor?.exe ?? "") : words.map(quoted).join(" ");
}

function ending(data: LogRecord["data"]): string {
  if (typeof data["signal"] === "number") return `signal ${data["signal"]}`;
  return typeof data["code"] === "number" ? `exit ${data["code"]}` : "ended";
}

function finished({ wrote, reached, refused, used, ...rest }: Draft): Moment {
  return { ...rest, wrote: [...wrote], reached: [...reached], refused: [...refused], used: [...used], times: 1 };
}

/** The same moment again at once is one. */
function folded(moments: readonly Moment[]): readonly Moment[] {
  const result: Moment[] = [];
  for (const moment of moments) {
    const before = result.at(-1);
    if (before !== undefined && likeness(before) === likeness(moment))
      result[result.length - 1] = { ...before, times: before.times + 1 };
    else result.push(moment);
  }
  return result;
}

function likeness({ what, claimed, text: said, verdict, end, wrote, reached, refused, used }: Moment): string {
  return JSON.stringify([what, claimed, said, verdict, end, wrote, reached, refused, used]);
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function amount(value: Json | undefined): string {
  return typeof value === "number" ? String(value) : "0";
}
