// A session's record, as the session writes to it: opened while doors and fence are being opened, redacted, counted, each act joined to
// its tool call. What is written before the log stands waits for it; a log that cannot be opened refuses whatever was to be written.
import { openSessionLog, type SessionLog } from "#audit";
import type { Problem, Result } from "#core";
import { type Append, PRIVATE_FIELDS } from "#core/log";
import { CallBook } from "#core/session";
import { limitRate } from "./limits/event-rate.ts";
import type { LimitHit } from "./limits/hit.ts";
import type { Prepared } from "./prepare/prepare.ts";
import type { RunRequest } from "./request.ts";

/** A record that is open, or about to be. */
export interface SessionRecord {
  /** The log behind it; whoever holds this closes it. */
  readonly opening: Promise<Result<SessionLog, Problem>>;
  /** Resolves once the record is durable; rejects, with the `problem` on the error, when it never will be. */
  readonly append: Append;
}

/** What it needs of the session. */
export interface SessionRecordParts {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  /** Ends the opening early. */
  readonly interrupt: AbortSignal;
  /** Before each record of an act: the session is not idle. */
  readonly onAct: () => void;
  /** More records than anybody can read; `append` is not counted. */
  readonly onFlood: (hit: LimitHit, log: Pick<SessionLog, "append">) => void;
}

/** Begins to open it. */
export function openRecord(parts: SessionRecordParts): SessionRecord {
  const { id, interrupt, onAct, onFlood, prepared, request } = parts;
  const { eventRate, logBytes } = prepared.policy.sandbox.limits;
  const opening = openSessionLog({
    stateDir: request.stateDir,
    session: id,
    interrupt,
    policy: prepared.policyDigest,
    workspace: prepared.workspace.root,
    open: prepared.openData,
    redact: (body) => prepared.leaks.redactor().record(body),
    privateFields: PRIVATE_FIELDS,
    maxBytes: logBytes,
  });
  const record: Append = async (body) => {
    const log = await opening;
    if (!log.ok) throw Object.assign(new Error(log.error.message), { problem: log.error });
    return log.value.append(body);
  };
  const counted = limitRate(record, {
    perSecond: eventRate,
    onHit: () => onFlood({ limit: "eventRate", most: eventRate }, { append: record }),
  });
  const calls = new CallBook();
  const append: Append = (body) => {
    if (!body.type.startsWith("lifecycle.")) onAct();
    return counted(calls.take(body));
  };
  return { opening, append };
}

/** How a record ended. */
export interface RecordEnd {
  readonly size: number;
  readonly root: string;
  /** Why it has no end. */
  readonly problem?: string;
}

/** Its last record, signature and entry in the ledger. Never rejects: the session is over either way. */
export async function closeRecord(log: SessionLog, data: Record<string, number | string>): Promise<RecordEnd> {
  try {
    return await log.close(data);
  } catch (error) {
    return { size: 0, root: "", problem: `the record could not be closed: ${(error as Error).message}` };
  }
}
