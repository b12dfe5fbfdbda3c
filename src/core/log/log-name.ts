// The name that all keys of a log have, and its checkpoints' first line: it says whose log it is and of which kind, wherever a part of it is
// shown. `MACHINE` is the ledger, `MACHINE/SESSION` a session's own, `MACHINE/append/NAME/8 HEX DIGITS` one that another program keeps
// (`log append`): two of those may be called the same, and what is signed of the one cannot be taken for the other's.

/** What a log is. */
export type LogKind = "machine" | "session" | "append";

/** A log by its name. */
export interface LogName {
  readonly machine: string;
  readonly kind: LogKind;
  /** What its lines call it; absent for the ledger, whose lines speak of many. */
  readonly session?: string;
}

/** Name of a session's log. */
export function sessionLogName(machine: string, session: string): string {
  return `${machine}/${session}`;
}

/** Name of a log that another program keeps; `nonce` is eight hexadecimal digits of its own. */
export function appendLogName(machine: string, session: string, nonce: string): string {
  return `${machine}/append/${session}/${nonce}`;
}

/** Reads a name; undefined when it is none of these. */
export function parseLogName(name: string): LogName | undefined {
  const [machine = "", first, session, nonce, ...more] = name.split("/");
  if (machine === "" || more.length > 0) return undefined;
  if (first === undefined) return { machine, kind: "machine" };
  if (session === undefined) return first === "" ? undefined : { machine, kind: "session", session: first };
  if (first !== "append" || session === "" || nonce === undefined || !/^[0-9a-f]{8}$/.test(nonce)) return undefined;
  return { machine, kind: "append", session };
}

/** Whether a key's name is that of the log `session` of `machine`, of whichever kind. */
export function isLogOf(name: string, machine: string, session: string): boolean {
  const parsed = parseLogName(name);
  return parsed?.machine === machine && parsed.session === session;
}
