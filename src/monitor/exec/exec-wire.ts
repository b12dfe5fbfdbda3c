// What `ringfence exec` and `sessions stop` say to a session's supervisor, and what it answers: one JSON line each way, and a last one when the
// command is over. The streams do not pass here: the caller hands them to the fence itself (native/attach.h).
import { resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { utf8 } from "../guard/hook-wire.ts";
import type { SnapshotMeta } from "../lifecycle/snapshots.ts";

/** One further command, as a caller asks for it. */
export interface ExecWish {
  readonly argv: readonly [string, ...string[]];
  /** The caller's working directory; the session's own when absent. */
  readonly cwd?: string;
  /** Which of stdin, stdout, stderr are terminals. */
  readonly tty: readonly [boolean, boolean, boolean];
  /** The caller's TERM, for a session that has none. */
  readonly term?: string;
}

/** What is asked of a supervisor. */
export type ExecRequest =
  | { readonly op: "exec"; readonly wish: ExecWish }
  | { readonly op: "stop" }
  | { readonly op: "reload" }
  | LifecycleRequest;

/** What may be asked of a running session's lifecycle. */
export type LifecycleRequest =
  | { readonly op: "pause" }
  | { readonly op: "resume" }
  | { readonly op: "snapshot"; readonly name?: string; readonly tmp: boolean; readonly mostBytes: number };

/** The first answer: where to bring the streams, or why nothing runs. */
export type ExecAnswer =
  | { readonly kind: "announced"; readonly token: string; readonly socket: string }
  | { readonly kind: "stopping" }
  /** A lifecycle request was carried out; a snapshot says what it became. */
  | { readonly kind: "done"; readonly snapshot?: SnapshotMeta }
  /** The network follows the policy files as they are now. */
  | { readonly kind: "reloaded"; readonly opened: readonly string[]; readonly closed: readonly string[] }
  | { readonly kind: "refused"; readonly exitCode: 125 | 126; readonly problem: Problem };

/** The last word on a command that was announced. */
export type ExecEnd =
  | { readonly kind: "ended"; readonly code: number }
  /** The session is over, and everything inside with it. */
  | { readonly kind: "session-ended"; readonly limit?: string }
  | { readonly kind: "failed"; readonly problem: Problem };

/** Longest line; the helper takes no longer command either. */
export const LINE_MOST = 1_000_000;

const ARGUMENTS_MOST = 10_000;

/** A request as it came in. Total on any bytes. */
export function parseExecRequest(bytes: Uint8Array): Result<ExecRequest, Problem> {
  const bad = (what: string): Result<never, Problem> =>
    err({ code: "exec-request", message: `the session does not understand this request: ${what}` });
  const line = utf8(bytes);
  if (line === undefined) return bad("no UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return bad("no JSON");
  }
  if (typeof value !== "object" || value === null) return bad("no object");
  const { v, op, argv, cwd, tty, term, name, tmp, mostBytes } = value as Readonly<Record<string, unknown>>;
  if (v !== 1) return bad("another version");
  if (op === "stop" || op === "reload" || op === "pause" || op === "resume") return ok({ op });
  if (op === "snapshot") {
    if (name !== undefined && typeof name !== "string") return bad("name");
    if (typeof tmp !== "boolean" || !Number.isSafeInteger(mostBytes)) return bad("snapshot");
    return ok({ op, tmp, mostBytes: Number(mostBytes), ...(name === undefined ? {} : { name }) });
  }
  if (op !== "exec") return bad("an unknown operation");
  const [program, ...rest] = Array.isArray(argv) ? argv : [];
  if (!isWord(program) || program === "" || !rest.every(isWord) || rest.length > ARGUMENTS_MOST) return bad("argv");
  if (cwd !== undefined && !(isWord(cwd) && resolve(cwd) === cwd)) return bad("cwd");
  const [stdin, stdout, stderr, ...more]: readonly unknown[] = Array.isArray(tty) ? tty : [];
  if (typeof stdin !== "boolean" || typeof stdout !== "boolean" || typeof stderr !== "boolean" || more.length > 0)
    return bad("tty");
  if (term !== undefined && !(typeof term === "string" && /^[\w.+-]{1,64}$/.test(term))) return bad("term");
  const wish = { argv: [program, ...rest] as const, tty: [stdin, stdout, stderr] as const };
  return ok({
    op,
    wish: { ...wish, ...(cwd === undefined ? {} : { cwd }), ...(term === undefined ? {} : { term }) },
  });
}

/** An argument: text without the NUL that would end it early. */
function isWord(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0");
}
