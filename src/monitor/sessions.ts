// Where sessions keep their things, and what is known about each: one small file a session, written whole.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import type { WorkspaceKind } from "#core/policy";
import type { RepositoryPlace } from "./changes/repository-place.ts";
import type { Pause } from "./lifecycle/pauser.ts";
import { type CopyMeta, type SessionPaths, sessionPaths } from "./session-folders.ts";

/** `running` → `done` | `held` (changes wait for review) | `killed` (the supervisor died) → `discarded`. */
export type SessionState = "running" | "held" | "done" | "discarded" | "killed";

/** The metadata of one session, `sessions/<id>/meta.json`. */
export interface SessionMeta {
  readonly id: string;
  readonly workspace: string;
  /** `uncontained`: only hooks guard it, there is no fence. */
  readonly kind: WorkspaceKind | "uncontained";
  /** For `clone` and `worktree`. */
  readonly copy?: CopyMeta;
  /** The workspace's repository, when it lies elsewhere and was shown copy-on-write. */
  readonly repository?: RepositoryPlace;
  readonly command: readonly string[];
  /** True for a fence that the hook host keeps for the shell commands of an agent outside: no person started it. */
  readonly kept?: true;
  /** The MCP server that it runs, by its client's name for it. */
  readonly server?: string;
  readonly startedAt: string;
  readonly startedMs: number;
  readonly endedAt?: string;
  readonly state: SessionState;
  /** The supervisor's process id, its start time in clock ticks, and its pid namespace: tells a living session from a killed one. */
  readonly supervisor: { readonly pid: number; readonly startTicks: string; readonly space?: string };
  /** Absolute paths that were masked, so that their absence inside is not read as a deletion. */
  readonly masked: readonly string[];
  /** What the gate needs to judge the changes again: denied patterns, the agent's own settings, and why everything waits, if it does. */
  readonly gate: {
    readonly denied: readonly string[];
    readonly alsoProtected: readonly string[];
    readonly holdAll?: string;
  };
  /** How many changes wait for review. */
  readonly held: number;
  readonly exitCode?: number;
  /** Its cgroups, for whoever cleans up after it. */
  readonly groups?: readonly string[];
  /** A running session that stands still. */
  readonly paused?: Pause;
}

/** Makes the session's folders, private to the caller. Throws when the state folder cannot be written. */
export function makeSessionFolders(paths: SessionPaths): void {
  // It gets its name when it says who makes it: a start that is killed in between is known by its number.
  const fresh = join(dirname(paths.dir), `.new-${process.pid}-${basename(paths.dir)}`);
  mkdirSync(fresh, { recursive: true, mode: 0o700 });
  writeFileSync(startingFile({ ...paths, dir: fresh }), JSON.stringify(thisSupervisor()), { mode: 0o600 });
  renameSync(fresh, paths.dir);
  for (const folder of [paths.upper, paths.work, paths.mask, paths.home]) mkdirSync(folder, { mode: 0o755 });
  mkdirSync(paths.tmp, { mode: 0o1777 });
}

/** Who makes a session that has no metadata yet: tells one that is starting from one whose start was killed. */
export function startingFile({ dir }: SessionPaths): string {
  return join(dir, "starting.json");
}

/** True while the start of a session without metadata may still go on; one that does not say who makes it gets ten minutes. */
export function isStarting(paths: SessionPaths): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(startingFile(paths), "utf8")));
  } catch {
    const made = lstatSync(paths.dir, { throwIfNoEntry: false });
    return made !== undefined && Date.now() - made.mtimeMs < UNNAMED_MS;
  }
}

const UNNAMED_MS = 10 * 60_000;

/** True while somebody puts a snapshot back into this session: its folders are theirs. */
export function isRestoring(paths: SessionPaths): boolean {
  return existsSync(startingFile(paths)) && isStarting(paths);
}

/** Writes the metadata whole: a reader sees the old or the new, never half. */
export function writeMeta(stateDir: string, meta: SessionMeta): void {
  const { meta: file } = sessionPaths(stateDir, meta.id);
  writeFileSync(`${file}.new`, `${JSON.stringify(meta, undefined, 1)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The metadata of one session, or `undefined` when there is none that can be read. */
export function readMeta(stateDir: string, id: string): SessionMeta | undefined {
  try {
    const meta: SessionMeta = JSON.parse(readFileSync(sessionPaths(stateDir, id).meta, "utf8"));
    return meta.id === id ? meta : undefined; // a name of its own would lead elsewhere
  } catch {
    return undefined;
  }
}

/** The names of all sessions with folders, in their order. What is called otherwise, or stands behind a link, is not ours to read or to remove. */
export function sessionIds(stateDir: string): readonly string[] {
  const folder = join(stateDir, "sessions");
  try {
    if (!lstatSync(folder).isDirectory()) return [];
    const found = readdirSync(folder, { withFileTypes: true });
    return found.flatMap((entry) => (entry.isDirectory() && SESSION_ID.test(entry.name) ? [entry.name] : [])).sort();
  } catch {
    return []; // no session yet
  }
}

/** The form of every session id. */
export const SESSION_ID: RegExp = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** All sessions with folders, oldest first (ids sort by time). A running one whose supervisor is gone is shown as `killed`. */
export function listSessions(stateDir: string): readonly SessionMeta[] {
  return sessionIds(stateDir).flatMap((id) => {
    const meta = readMeta(stateDir, id);
    if (meta === undefined) return [];
    return meta.state === "running" && !isAlive(meta.supervisor) ? [{ ...meta, state: "killed" as const }] : [meta];
  });
}

/** This process as `SessionMeta.supervisor` records it. */
export function thisSupervisor(): SessionMeta["supervisor"] {
  const space = ownSpace();
  return { pid: process.pid, startTicks: startTicks(process.pid) ?? "", ...(space === undefined ? {} : { space }) };
}

/**
 * True while the process that was recorded runs: a number that was given to another one since does not count. One of a container that shares this state
 * folder has another number here; one that cannot be seen from here, because we are in a container and it is outside, counts as gone.
 */
export function isAlive(supervisor: SessionMeta["supervisor"]): boolean {
  if (supervisor.space === undefined || supervisor.space === ownSpace())
    return startTicks(supervisor.pid) === supervisor.startTicks;
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isSame(Number(name), supervisor));
}

function isSame(pid: number, supervisor: SessionMeta["supervisor"]): boolean {
  try {
    const numbers = /^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]?.split(/\s+/);
    return numbers?.at(-1) === String(supervisor.pid) && startTicks(pid) === supervisor.startTicks;
  } catch {
    return false; // it has ended meanwhile
  }
}

function ownSpace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined; // no Linux
  }
}

function startTicks(pid: number): string | undefined {
  try {
    // proc(5): field 22, counted after the command name's closing parenthesis, which may itself hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // Dead but not yet waited for, perhaps never: a container's first process is often no init.
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** A new session id that sorts by time: `20261125-141530-9f3a1c`. */
export function newSessionId(now: Date, random: string): string {
  const digits = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${digits}-${random}`;
}
