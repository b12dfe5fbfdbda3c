// The hook host: one process a person and state folder, which serves the hooks of agents that `ringfence run` did not start (DESIGN 5).
// A hook starts it, silence ends it. Its sessions are uncontained: hooks alone guard them.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lock, waitForLock } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { peerOf } from "#sandbox";
import { isAlive, thisSupervisor } from "../sessions.ts";
import { answerHooks, type DialectOf } from "./hook-answer.ts";
import { openHookServer } from "./hook-server.ts";
import { type HostedSessionsOptions, hostSessions } from "./hosted-sessions.ts";

/** What a host needs. */
export interface HookHostOptions {
  readonly stateDir: string;
  readonly version: string;
  /** The native helper. */
  readonly helper: string;
  readonly dialectOf: DialectOf;
  readonly openSession: HostedSessionsOptions["open"];
  /** Ends after this long without a session and without a call; never when absent. */
  readonly idleMs?: number;
  /** Closes a session after this long without an event. */
  readonly sessionIdleMs?: number;
}

/** A running host. */
export interface HookHost {
  readonly socketPath: string;
  /** Resolves when it has ended, by `close` or by silence. */
  readonly ended: Promise<void>;
  /** Refuses what is under way, closes every session's record, frees the socket and the lock. Idempotent. */
  close(): Promise<void>;
}

/** What is known of a host from outside. */
export interface HostStatus {
  readonly pid: number;
  readonly startedAt: string;
  readonly version: string;
}

/** A host that ends leaves its lock within this time; a second one gives up after it. */
const LOCK_MS = 2_000;
const LOOK_MS = 1_000;

/** Where the host of a state folder listens. */
export function hostSocket(stateDir: string): string {
  return join(stateDir, "host", "hook.sock");
}

/** Starts serving, or says why not: `host-running` when there is one already. */
export async function openHookHost(options: HookHostOptions): Promise<Result<HookHost, Problem>> {
  const locked = await lockFolder(options.stateDir);
  if (!locked.ok) return locked;
  const lock = locked.value;
  const { idleMs, sessionIdleMs } = options;
  const sessions = hostSessions({
    open: options.openSession,
    now: () => performance.now(),
    ...(sessionIdleMs === undefined ? {} : { limits: { idleMs: sessionIdleMs } }),
  });
  const socketPath = hostSocket(options.stateDir);
  const server = await openHookServer({
    socketPath,
    ...answerHooks(options.dialectOf, sessions.handle),
    peer: async (socket) => (await peerOf(socket, options.helper))?.pid,
    limits: { connections: 1024 },
    lingerMs: 50,
  });
  if (!server.ok) {
    await lock.release();
    return server;
  }
  writeStatus(options);
  let busyAt = performance.now();
  const timer = setInterval(() => {
    void sessions.closeIdle();
    // Somebody cleaned up: the lock would keep every other host away, and no hook would find this one.
    if (!server.value.isReachable) void close();
    if (server.value.connections > 0 || sessions.count > 0) busyAt = performance.now();
    else if (idleMs !== undefined && performance.now() - busyAt >= idleMs) void close();
  }, LOOK_MS);
  let closing: Promise<void> | undefined;
  let tellEnded: () => void;
  const ended = new Promise<void>((done) => {
    tellEnded = done;
  });
  const close = (): Promise<void> => {
    closing ??= (async () => {
      clearInterval(timer);
      await server.value.close();
      await sessions.close();
      rmSync(statusFile(options.stateDir), { force: true });
      await lock.release();
      tellEnded();
    })();
    return closing;
  };
  return ok({ socketPath, ended, close });
}

async function lockFolder(stateDir: string): Promise<Result<Lock, Problem>> {
  const folder = join(stateDir, "host");
  let lock: Lock | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    lock = await waitForLock(folder, LOCK_MS);
  } catch (error) {
    return err({
      code: "state-unwritable",
      message: `Ringfence's state folder \`${stateDir}\` cannot be written (${(error as Error).message})`,
      hint: "make it writable, or set XDG_STATE_HOME to a folder of yours on a local disk",
    });
  }
  if (lock !== undefined) return ok(lock);
  return err({
    code: "host-running",
    message: "a hook host serves this state folder already",
    hint: "ringfence host --status",
  });
}

function statusFile(stateDir: string): string {
  return join(stateDir, "host", "host.json");
}

function writeStatus({ stateDir, version }: HookHostOptions): void {
  const status = { ...thisSupervisor(), startedAt: new Date().toISOString(), version };
  writeFileSync(`${statusFile(stateDir)}.new`, `${JSON.stringify(status)}\n`, { mode: 0o600 });
  renameSync(`${statusFile(stateDir)}.new`, statusFile(stateDir));
}

/** The host that serves this state folder now, or undefined. */
export function readHostStatus(stateDir: string): HostStatus | undefined {
  try {
    const { pid, startTicks, startedAt, version } = JSON.parse(readFileSync(statusFile(stateDir), "utf8"));
    return isAlive({ pid, startTicks }) ? { pid, startedAt, version } : undefined;
  } catch {
    return undefined; // none, or one that is just starting
  }
}
