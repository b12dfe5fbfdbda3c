// What the flight recorder saw (SAND-8): the event type, and the parser of its lines (native/record.h). Pure and total: the words come from
// the helper, but every text in them is the agent's own choice, so a line that is not exactly an event is `undefined`, never half of one.

/** What is recorded besides programs, changes and connections: no opens for reading, those of secret-named files, or all. */
export interface RecorderPlan {
  readonly reads: "none" | "secrets" | "all";
}

/** What was done to a name. `create` and `write` are opens; `write` also stands for one that creates nothing. */
export type WriteOperation =
  | "create"
  | "write"
  | "truncate"
  | "rename"
  | "exchange"
  | "delete"
  | "rmdir"
  | "mkdir"
  | "link"
  | "symlink"
  | "mknod"
  | "chmod"
  | "setxattr";

const OPERATIONS: readonly WriteOperation[] = [
  ...(["create", "write", "truncate", "rename", "exchange", "delete", "rmdir", "mkdir"] as const),
  ...(["link", "symlink", "mknod", "chmod", "setxattr"] as const),
];

/** Who, in the numbers that the session itself sees, and when: microseconds of the kernel's monotonic clock. */
interface Seen {
  readonly pid: number;
  readonly atUs: number;
}

/**
 * How an act came out, where the guard of a `direct` workspace did it itself; elsewhere the kernel does it after the event is out, so it is
 * `unknown`. `error` is an error's name: why it failed, or why, by a look before the act, it will.
 */
export interface ActOutcome {
  readonly result: "done" | "failed" | "refused" | "unknown";
  readonly error?: string;
}

/** One thing that was seen. Paths are absolute and without symbolic links, as they stood at the look, unless `unresolved`. */
export type RecorderEvent =
  /** A program is about to run in this process. `exe` is the file that the kernel loads: for a script its interpreter. */
  | (Seen & {
      readonly kind: "exec";
      /** 0: the parent is not of the session. */
      readonly parent: number;
      readonly exe: string;
      readonly script?: string;
      readonly argv: readonly string[];
      /** How many arguments there were in all, when `argv` is not all of them or one of them was cut. */
      readonly cutFrom?: number;
      readonly cwd: string;
    })
  /** A process that runs what its parent ran, seen for the first time because it did something. */
  | (Seen & { readonly kind: "fork"; readonly parent: number; readonly exe: string })
  /** A process ended. Neither code nor signal: the kernel did not tell. `probes`: names that it looked for in vain on its PATH. */
  | (Seen & { readonly kind: "exit"; readonly code?: number; readonly signal?: number; readonly probes: number })
  | (Seen &
      ActOutcome & {
        readonly kind: "write";
        readonly operation: WriteOperation;
        readonly path: string;
        /** Of `rename`, `exchange` and `link` the second name; of `symlink` what it will say. */
        readonly to?: string;
        readonly unresolved?: true;
      })
  | (Seen & ActOutcome & { readonly kind: "read"; readonly path: string; readonly unresolved?: true })
  /** A socket gets a peer (`connect`, `send`) or a name (`bind`). */
  | (Seen & ActOutcome & { readonly kind: "connect" | "send" | "bind"; readonly to: SocketName })
  /** So many events could not be written or ends not be followed. */
  | { readonly kind: "lost"; readonly count: number }
  /** The last line: everything that was seen has been said. Without it the recorder died. */
  | { readonly kind: "end" };

/** What a socket address says. */
export type SocketName =
  | { readonly family: "inet" | "inet6"; readonly address: string; readonly port: number }
  /** A path, or an abstract name after `@`; empty for an unnamed one. */
  | { readonly family: "unix"; readonly path: string }
  | { readonly family: "other"; readonly number: number };

/** One line of the recorder, without its line feed. */
export function parseRecorderLine(line: string): RecorderEvent | undefined {
  const [kind = "", ...rest] = line.split(" ");
  if (kind === "end") return rest.length === 0 ? { kind } : undefined;
  const [first = "", second = "", ...fields] = rest;
  const pid = whole(first);
  if (pid === undefined) return undefined;
  if (kind === "lost") return rest.length === 1 ? { kind, count: pid } : undefined;
  const atUs = whole(second);
  if (atUs === undefined) return undefined;
  const seen = { pid, atUs };
  switch (kind) {
    case "exec":
      return execEvent(seen, fields);
    case "fork":
      return forkEvent(seen, fields);
    case "exit":
      return exitEvent(seen, fields);
    case "write":
      return writeEvent(seen, fields);
    case "read":
      return readEvent(seen, fields);
    case "connect":
    case "send":
    case "bind":
      return socketEvent(kind, seen, fields);
    default:
      return undefined;
  }
}

/** `PARENT EXE SCRIPT CWD COUNT CUT ARGUMENT...`; an empty SCRIPT is none. */
function execEvent(seen: Seen, fields: readonly string[]): RecorderEvent | undefined {
  const [parentText = "", exe, scriptText, cwd, countText = "", cut, ...argv] = fields;
  const parent = whole(parentText);
  const count = whole(countText);
  if (parent === undefined || count === undefined || exe === undefined || cwd === undefined) return undefined;
  if ((cut !== "0" && cut !== "1") || argv.length > count || (cut === "0" && argv.length !== count)) return undefined;
  return {
    ...{ kind: "exec", ...seen, parent, exe: decoded(exe) },
    ...(scriptText === undefined || scriptText === "" ? {} : { script: decoded(scriptText) }),
    ...{ argv: argv.map(decoded), cwd: decoded(cwd) },
    ...(cut === "1" ? { cutFrom: count } : {}),
  };
}

/** `PARENT EXE`. */
function forkEvent(seen: Seen, fields: readonly string[]): RecorderEvent | undefined {
  const [parentText = "", exe] = fields;
  const parent = whole(parentText);
  if (parent === undefined || exe === undefined || fields.length !== 2) return undefined;
  return { kind: "fork", ...seen, parent, exe: decoded(exe) };
}

/** `CODE SIGNAL PROBES`; a `-` is not known. */
function exitEvent(seen: Seen, fields: readonly string[]): RecorderEvent | undefined {
  const [codeText = "", signalText = "", probesText = ""] = fields;
  const [code, signal, probes] = [whole(codeText), whole(signalText), whole(probesText)];
  if (probes === undefined || fields.length !== 3) return undefined;
  if ((code === undefined && codeText !== "-") || (signal === undefined && signalText !== "-")) return undefined;
  return {
    ...{ kind: "exit", ...seen, probes },
    ...(code === undefined ? {} : { code }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** `OPERATION OUTCOME RESOLVED PATH [TO]`. */
function writeEvent(seen: Seen, fields: readonly string[]): RecorderEvent | undefined {
  const [operationText, outcomeText = "", resolved, path, to] = fields;
  const operation = OPERATIONS.find((known) => known === operationText);
  const outcome = outcomeOf(outcomeText);
  if (operation === undefined || outcome === undefined || path === undefined || fields.length > 5) return undefined;
  if (resolved !== "0" && resolved !== "1") return undefined;
  return {
    ...{ kind: "write", ...seen, operation, ...outcome, path: decoded(path) },
    ...(to === undefined ? {} : { to: decoded(to) }),
    ...(resolved === "0" ? { unresolved: true } : {}),
  };
}

/** `OUTCOME RESOLVED PATH`. */
function readEvent(seen: Seen, fields: readonly string[]): RecorderEvent | undefined {
  const [outcomeText = "", resolved, path] = fields;
  const outcome = outcomeOf(outcomeText);
  if (outcome === undefined || path === undefined || fields.length !== 3) return undefined;
  if (resolved !== "0" && resolved !== "1") return undefined;
  return {
    ...{ kind: "read", ...seen, ...outcome, path: decoded(path) },
    ...(resolved === "0" ? { unresolved: true } : {}),
  };
}

/** `OUTCOME FAMILY NAME [PORT]`. */
function socketEvent(
  kind: "connect" | "send" | "bind",
  seen: Seen,
  fields: readonly string[],
): RecorderEvent | undefined {
  const [outcomeText = "", family = "", name = "", portText = ""] = fields;
  const outcome = outcomeOf(outcomeText);
  const to = socketName(family, name, whole(portText));
  const count = family === "inet" || family === "inet6" ? 4 : 3;
  return outcome === undefined || to === undefined || fields.length !== count
    ? undefined
    : { kind, ...seen, ...outcome, to };
}

function socketName(family: string, name: string, port: number | undefined): SocketName | undefined {
  if (family === "inet" || family === "inet6")
    return port === undefined || port > 65_535 ? undefined : { family, address: decoded(name), port };
  if (family === "unix") return { family, path: decoded(name) };
  const number = whole(name);
  return family === "other" && number !== undefined ? { family, number } : undefined;
}

/** `done`, `refused`, `unknown`, and `failed:ENAME` or `unknown:ENAME`. */
function outcomeOf(text: string): ActOutcome | undefined {
  const found = /^(done|failed|refused|unknown)(?::(E[A-Z0-9]{1,30}))?$/.exec(text);
  if (found === null) return undefined;
  const [, result, error] = found;
  return { result: result as ActOutcome["result"], ...(error === undefined ? {} : { error }) };
}

function whole(text: string): number | undefined {
  return /^(?:0|[1-9]\d{0,15})$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** Bytes that are no UTF-8 become U+FFFD: a record holds text. */
function decoded(field: string): string {
  if (!field.includes("%")) return field;
  const bytes = Uint8Array.from(field.matchAll(/%([0-9a-f]{2})|[\s\S]/g), ([one, hex]) =>
    hex === undefined ? (one?.charCodeAt(0) ?? 0) : Number.parseInt(hex, 16),
  );
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
