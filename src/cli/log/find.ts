// Which logs a reader means: one session by name, the last, the ledger, or the folder of a log; and what stops a reader who means none.
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { ledgerEntries, readLog, sessionFolders, Unreadable } from "#audit";
import { EXIT, fail } from "../exit.ts";

/** A log and where it is. */
export interface FoundLog {
  readonly name: string;
  readonly dir: string;
  /** The session's workspace, where relative path patterns start. */
  readonly root: string;
}

/** The log of a session; ends the process when there is none. */
export function findLog(stateDir: string, session: string | undefined): FoundLog {
  const sessions = join(stateDir, "log", "sessions");
  const name = session === undefined || session === "last" ? lastSession(stateDir) : session;
  if (name === undefined)
    return fail(
      { code: "log-none", message: "there is no session on this machine yet", hint: "ringfence run -- COMMAND" },
      2,
    );
  if (name === "ledger") return found(name, join(stateDir, "log", "ledger"));
  if (!name.includes("/") && existsSync(join(sessions, name))) return existing(stateDir, name);
  if (existsSync(join(name, "log")) && statSync(name).isDirectory()) return found(name, name);
  const hint = "`ringfence log verify` lists the sessions";
  return fail({ code: "log-unknown-session", message: `there is no session called \`${name}\``, hint }, EXIT.badInput);
}

/** A session that has a folder; ends the process when its records were pruned. */
function existing(stateDir: string, name: string): FoundLog {
  const dir = join(stateDir, "log", "sessions", name);
  const pruned = existsSync(join(dir, "log"))
    ? undefined
    : ledgerEntries(stateDir).find(({ session }) => session === name)?.pruned;
  if (pruned === undefined) return found(name, dir);
  const message = `the records of \`${name}\` were removed on ${pruned.ts} (${pruned.reason})`;
  return fail({ code: "log-pruned", message, hint: `ringfence log verify ${name}` }, 2);
}

/** The logs of several sessions, or of every one that has a folder here. */
export function findLogs(stateDir: string, sessions: readonly string[], all: boolean): readonly FoundLog[] {
  if (!all) return (sessions.length === 0 ? [undefined] : sessions).map((session) => findLog(stateDir, session));
  const folder = join(stateDir, "log", "sessions");
  const pruned = new Set(ledgerEntries(stateDir).flatMap((entry) => (entry.pruned === undefined ? [] : entry.session)));
  const isThere = (name: string): boolean => !pruned.has(name) || existsSync(join(folder, name, "log"));
  const names = existsSync(folder) ? readdirSync(folder).filter(isThere).sort() : [];
  return names.map((name) => found(name, join(folder, name)));
}

function found(name: string, dir: string): FoundLog {
  return { name, dir, root: workspaceOf(dir) };
}

function workspaceOf(dir: string): string {
  try {
    for (const { record } of readLog(dir)) return String(record?.data["workspace"] ?? "/");
  } catch {
    // A log that cannot be read says so where it is read.
  }
  return "/";
}

/** The session the ledger heard of last; without a ledger, the last folder by name. A fence that the hook host keeps is nobody's last session. */
export function lastSession(stateDir: string): string | undefined {
  const known = new Set(sessionFolders(stateDir));
  const told = [...new Set(ledgerEntries(stateDir).map(({ session }) => session))].filter((session) =>
    known.has(session),
  );
  return told.findLast((session) => !isKept(stateDir, session)) ?? told.at(-1) ?? newest(stateDir, [...known]);
}

function isKept(stateDir: string, session: string): boolean {
  try {
    for (const { record } of readLog(join(stateDir, "log", "sessions", session))) return record?.data["kept"] === true;
  } catch {
    // A log that cannot be read is shown, so that its reader hears why.
  }
  return false;
}

function newest(stateDir: string, sessions: readonly string[]): string | undefined {
  const age = (session: string): number => statSync(join(stateDir, "log", "sessions", session)).mtimeMs;
  return sessions.toSorted((a, b) => age(a) - age(b)).at(-1);
}

/** Reads a log, or ends the process with why it cannot be read. */
export async function readable(read: () => void | Promise<void>): Promise<number> {
  try {
    await read();
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const why = error.reason === "absent" ? "is missing" : error.message;
    return fail({ code: "log-unreadable", message: `\`${error.path}\` of the log ${why}` }, 3);
  }
}
