// `ringfence log show | tail`: one line a record, safe on a terminal whatever an agent managed to get into it.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ledgerEntries, type ReadLine, type ReadPlace, readLog, sessionFolders } from "#audit";
import type { Json, LogRecord } from "#core/log";
import { forTerminal } from "#core/text";
import { EXIT, fail } from "./exit.ts";
import { unreadableProblem } from "./log-verify.ts";

/** Flags as commander gives them. */
export interface ShowOptions {
  readonly type?: readonly string[];
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly last?: number;
  readonly json?: boolean;
}

/** `log show`. */
export function logRecords(stateDir: string, session: string | undefined, options: ShowOptions): Promise<number> {
  const log = findLog(stateDir, session);
  return readable(() => {
    const lines = chosen(readLog(log.dir), options);
    if (options.json === true) printJson(log.name, lines);
    else for (const line of lines) process.stdout.write(`${prettyLine(line)}\n`);
  });
}

/** `log tail`: ends at the end, or with `follow` when the session closes or the person presses ^C. */
export async function tailRecords(
  stateDir: string,
  session: string | undefined,
  options: { readonly follow?: boolean; readonly last?: number },
): Promise<number> {
  const { dir } = findLog(stateDir, session);
  let place: ReadPlace | undefined;
  let closed = false;
  const note = (line: ReadLine & { place: ReadPlace }): ReadLine => {
    place = line.place;
    closed ||= line.record?.type === "session.close";
    return line;
  };
  return await readable(async () => {
    const all = (function* () {
      for (const line of readLog(dir)) yield note(line);
    })();
    for (const line of chosen(all, { last: options.last ?? 10 })) process.stdout.write(`${prettyLine(line)}\n`);
    while (options.follow === true && !closed) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      for (const line of readLog(dir, place)) process.stdout.write(`${prettyLine(note(line))}\n`);
    }
  });
}

/** Reads a log, or ends the process with why it cannot be read. */
export async function readable(read: () => void | Promise<void>): Promise<number> {
  try {
    await read();
    return EXIT.ok;
  } catch (error) {
    const problem = unreadableProblem(error);
    if (problem === undefined) throw error;
    return fail(problem, 3);
  }
}

/** A log and where it is. */
export interface FoundLog {
  readonly name: string;
  readonly dir: string;
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
  if (name === "ledger") return { name, dir: join(stateDir, "log", "ledger") };
  if (!name.includes("/") && existsSync(join(sessions, name))) return { name, dir: join(sessions, name) };
  if (existsSync(join(name, "log")) && statSync(name).isDirectory()) return { name, dir: name };
  const hint = "`ringfence log verify` lists the sessions";
  return fail({ code: "log-unknown-session", message: `there is no session called \`${name}\``, hint }, EXIT.badInput);
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

function* chosen(lines: Iterable<ReadLine>, options: ShowOptions): Generator<ReadLine> {
  const kept = (function* () {
    for (const line of lines) if (wanted(line, options)) yield line;
  })();
  if (options.last === undefined) return yield* kept;
  const ring: ReadLine[] = [];
  for (const line of kept) {
    ring.push(line);
    if (ring.length > options.last) ring.shift();
  }
  yield* ring;
}

/** Damage is always shown: it may be what was looked for. */
function wanted({ record }: ReadLine, { type, since }: ShowOptions): boolean {
  if (record === undefined) return true;
  if (since !== undefined && Date.parse(record.ts) < since) return false;
  if (type === undefined) return true;
  return type.some((each) => (each.endsWith(".*") ? record.type.startsWith(each.slice(0, -1)) : record.type === each));
}

function printJson(session: string, lines: Iterable<ReadLine>): void {
  // A record's line is JSON already, and its exact bytes are what was signed.
  process.stdout.write(`{"session":${JSON.stringify(session)},"records":[`);
  let first = true;
  for (const { record, text } of lines) {
    const item = record === undefined ? JSON.stringify({ damaged: text.slice(0, 65_536) }) : text;
    process.stdout.write(`${first ? "\n" : ",\n"}${item}`);
    first = false;
  }
  process.stdout.write("\n]}\n");
}

/** `14:03:22.120      5  net.blocked       host=evil.test port=443 …`, `?` in front of what was only claimed. */
function prettyLine({ record, text }: ReadLine): string {
  if (record === undefined) return forTerminal(`not a record: ${text}`, { max: 200 });
  const claimed = record.origin === "claimed" ? "?" : " ";
  const head = `${record.ts.slice(11, 23)} ${String(record.seq).padStart(6)} ${claimed}${record.type.padEnd(16)}`;
  return `${head} ${forTerminal(details(record), { max: 400 })}`;
}

function details({ actor, data }: LogRecord): string {
  const who = actor?.pid === undefined ? [] : [`pid=${actor.pid}`];
  const what = Object.keys(data).map((key) => `${key}=${short(data[key] ?? null)}`);
  return [...who, ...what].join(" ");
}

function short(value: Json): string {
  if (typeof value === "string") return /^[\p{L}\p{N}._/:@%+,~-]+$/u.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value);
}
