// The process tree of a session, folded from its record (SAND-8): who started whom, with what, and which files and hosts each
// touched. Only what walls observed counts; what an agent claims about itself is no process. Pure; texts stay an adversary's.
import type { Json, LogRecord } from "../log/index.ts";
import { isFenceAddress } from "../net/index.ts";
import { destination } from "./destination.ts";

/** One program that ran: a process has one for each exec. */
export interface Program {
  readonly argv: readonly string[];
  readonly exe: string;
  readonly cwd: string;
}

/** One process of the tree. */
export interface ProcessNode {
  readonly pid: number;
  /** In the order they were executed; none where a process only forked. */
  readonly programs: readonly Program[];
  /** How it ended; absent while it runs, or where the kernel did not tell. */
  readonly end?: { readonly code: number } | { readonly signal: number };
  /** Paths written, created, renamed, deleted: each once, with what was done, in the order of the first act. */
  readonly wrote: ReadonlyMap<string, readonly string[]>;
  readonly read: readonly string[];
  /** `host:port`, a socket's path: each once. */
  readonly reached: readonly string[];
  /** `host:port (reason)`: what the walls did not let through, each once. */
  readonly refused: readonly string[];
  /** `credential for host:port`: each once. */
  readonly used: readonly string[];
  readonly children: readonly ProcessNode[];
}

/** The roots, usually one: the command; each further command is one more. */
export interface ProcessTree {
  readonly roots: readonly ProcessNode[];
  /** Events that the recorder itself counted as lost. */
  readonly lost: number;
}

interface Draft {
  readonly pid: number;
  readonly programs: Program[];
  end?: NonNullable<ProcessNode["end"]>;
  readonly wrote: Map<string, readonly string[]>;
  readonly read: Set<string>;
  /** Destinations by the recorder's word: that they were asked for. */
  readonly asked: Set<string>;
  readonly reached: Set<string>;
  readonly refused: Set<string>;
  readonly used: Set<string>;
  readonly children: Draft[];
  readonly depth: number;
  /** The list that it stands in itself. */
  readonly siblings: Draft[];
}

/** A chain of forks deeper than this is drawn as one level: an agent can make one as deep as its limit of processes. */
const DEEPEST = 100;

/** Where programs find the proxy. Once the proxy has said where a connection to it led, this says nothing. */
const PROXY = "127.0.0.1:3128";

type Seen = Pick<LogRecord, "type" | "origin" | "data" | "actor">;

/** Folds records in their order. A number that is used again after its process ended is a new process. */
export function processTree(records: Iterable<Seen>): ProcessTree {
  const living = new Map<number, Draft>();
  const ended = new Map<number, Draft>();
  const roots: Draft[] = [];
  let lost = 0;
  const at = (pid: number, parent?: number): Draft => {
    const known = living.get(pid);
    if (known !== undefined) return known;
    const above = parent === undefined || parent === pid ? undefined : living.get(parent);
    const depth = above === undefined ? 0 : Math.min(above.depth + 1, DEEPEST);
    const siblings = above === undefined ? roots : above.depth === DEEPEST ? above.siblings : above.children;
    const none = (): Set<string> => new Set();
    const places = { asked: none(), reached: none(), refused: none(), used: none() };
    const touched = { wrote: new Map(), read: none(), ...places };
    const draft: Draft = { pid, programs: [], ...touched, children: [], depth, siblings };
    living.set(pid, draft);
    siblings.push(draft);
    return draft;
  };
  // The proxy's word can come when the process that asked is over.
  const whoAsked = (pid: number): Draft => living.get(pid) ?? ended.get(pid) ?? at(pid);
  for (const { type, origin, data, actor } of records) {
    const pid = actor?.pid;
    if (type === "recorder.lost") lost += count(data["events"]);
    if (origin !== "observed" || pid === undefined) continue;
    if (type === "exec.start") {
      const parent = typeof data["parent"] === "number" ? data["parent"] : undefined;
      at(pid, parent).programs.push({ argv: words(data["argv"]), exe: actor?.exe ?? "", cwd: text(data["cwd"]) });
    } else if (type === "exec.fork") {
      at(pid, typeof data["parent"] === "number" ? data["parent"] : undefined);
    } else if (type === "exec.exit") {
      const { signal, code } = data;
      const draft = at(pid);
      if (typeof signal === "number") draft.end = { signal };
      else if (typeof code === "number") draft.end = { code };
      living.delete(pid);
      ended.set(pid, draft);
    } else if (data["error"] !== undefined || data["verdict"] !== undefined) {
      at(pid); // nothing came of it
    } else if (type === "file.write") {
      const { wrote } = at(pid);
      const act = text(data["operation"]);
      note(wrote, text(data["path"]), act);
      if (typeof data["to"] === "string" && act !== "symlink") note(wrote, data["to"], `${act} target`);
    } else if (type === "file.read") at(pid).read.add(text(data["path"]));
    else if (type === "net.connect" && !isTurned(data)) {
      const listens = data["operation"] === "bind" ? "as " : "";
      const { asked, reached } = whoAsked(pid);
      (data["via"] === "recorder" ? asked : reached).add(`${listens}${destination(data)}`);
    } else if (type === "net.blocked") {
      const { asked, refused } = whoAsked(pid);
      asked.delete(destination(data));
      refused.add(`${destination(data)} (${text(data["reason"])})`);
    } else if (type === "secret.use") whoAsked(pid).used.add(`${text(data["credential"])} for ${destination(data)}`);
  }
  return { roots: roots.map(finished), lost };
}

function finished({ pid, programs, end, wrote, read, children, ...places }: Draft): ProcessNode {
  const { asked, reached, refused, used } = places;
  if (reached.size > 0 || refused.size > 0) asked.delete(PROXY);
  return {
    ...{ pid, programs, wrote },
    ...(end === undefined ? {} : { end }),
    read: [...read],
    reached: [...new Set([...asked, ...reached])],
    refused: [...refused],
    used: [...used],
    children: children.map(finished),
  };
}

function note(wrote: Map<string, readonly string[]>, path: string, act: string): void {
  const acts = wrote.get(path) ?? [];
  if (!acts.includes(act)) wrote.set(path, [...acts, act]);
}

/** Said better by the proxy, which knows the name and whether it was reached; the fence's own name server reaches nobody. */
function isTurned(data: { readonly [key: string]: Json }): boolean {
  const address = text(data["address"]);
  if (data["via"] !== "recorder" || data["operation"] === "bind" || address === "") return false;
  return data["port"] === 53 || isFenceAddress(address);
}

function words(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((word): word is string => typeof word === "string") : [];
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function count(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}
