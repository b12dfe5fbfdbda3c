// What the record alone knows of a session: also of one that is over and whose folders are gone.
import { readLog, sessionPlaces } from "#audit";
import type { Json, LogRecord } from "#core/log";
import { type ProcessTree, processTree } from "#core/session";

/** The session as its record has it. Texts are an adversary's. */
export interface RecordedSession {
  readonly startedAt: string;
  readonly workspace: string;
  /** The fields of `session.open`: kind of workspace, runtime, masked paths, … */
  readonly open: { readonly [key: string]: Json };
  readonly command: readonly string[];
  readonly tree: ProcessTree;
  /** Absent while it runs, and when its supervisor was killed. */
  readonly close?: { readonly endedAt: string; readonly data: { readonly [key: string]: Json } };
}

/** Reads it; `undefined` when there is no record, or none that can be read (`log verify` says why). */
export function recordedSession(stateDir: string, id: string): RecordedSession | undefined {
  let open: LogRecord | undefined;
  let first: LogRecord | undefined;
  let close: LogRecord | undefined;
  const records = function* (): Generator<LogRecord> {
    for (const { record } of readLog(sessionPlaces(stateDir, id).dir)) {
      if (record?.type === "session.open") open ??= record;
      if (record?.type === "exec.start") first ??= record;
      if (record?.type === "session.close") close = record;
      if (record !== undefined) yield record;
    }
  };
  let tree: ProcessTree;
  try {
    tree = processTree(records());
  } catch {
    return undefined;
  }
  if (open === undefined) return undefined;
  const { argv } = first?.data ?? {};
  return {
    startedAt: open.ts,
    workspace: String(open.data["workspace"] ?? ""),
    open: open.data,
    command: Array.isArray(argv) ? argv.map(String) : [],
    tree,
    ...(close === undefined ? {} : { close: { endedAt: close.ts, data: close.data } }),
  };
}
