// What a session does when nothing runs in it any more: its changes go to the gate, its record is closed, its folders go, and whoever waits is told.
import { ledgerPlaces, type SessionLog } from "#audit";
import type { FenceExit } from "#sandbox";
import type { ChangesPlace } from "./changes/changes.ts";
import { finishWorkspace } from "./changes/finish.ts";
import type { Doors } from "./doors.ts";
import type { LimitHit } from "./limits/hit.ts";
import { outcomeOf } from "./outcome.ts";
import type { RunAnswer } from "./request.ts";
import { type MetaNow, type MetaParts, metaOf } from "./session-meta.ts";
import type { Parties } from "./session-parties.ts";
import { closeRecord } from "./session-record.ts";
import { writeMeta } from "./sessions.ts";
import { removeSessionFolders } from "./sweep.ts";
import { tellWitnesses } from "./witnessed.ts";

/** What it ends with. */
export interface SessionEnding {
  readonly parts: MetaParts;
  readonly parties: Parties | undefined;
  readonly place: ChangesPlace;
  /** Why all changes wait for a person, if they do. */
  readonly holdAll: string | undefined;
  readonly log: SessionLog;
  readonly doors: Doors;
  readonly exit: FenceExit;
  readonly limit: LimitHit["limit"] | undefined;
  /** Changes that came to the host already (`apply: live`). */
  readonly came: readonly string[];
  readonly refusedPaths: readonly string[];
  /** Called before the record gets its last words. */
  readonly closing: () => void;
}

/** Ends it. The doors are closed already. */
export async function endSession(ending: SessionEnding): Promise<RunAnswer> {
  const { parts, parties, log, doors, exit, limit } = ending;
  const { request, prepared } = parts;
  const { code, signal } = exit;
  const finished = await finishWorkspace({
    ...{ place: ending.place, append: log.append, came: ending.came },
    exit: { code, ...(signal === undefined ? {} : { signal }) },
  });
  const { applied, held, failed } = finished;
  const prompts = doors.prompts();
  await parties?.announcer?.settle();
  ending.closing();
  const closed = await closeRecord(log, {
    ...{ exit: code, applied: applied.length, held: held.length },
    ...(limit === undefined ? {} : { limit }),
  });
  const keepChanges = held.length > 0 || failed;
  const unwritten = noted(ending, { state: keepChanges ? "held" : "done", held: held.length, exitCode: code });
  const left = await removeSessionFolders(prepared.paths, request.installation.helper, { keepChanges }).then(
    () => undefined,
    () => "not everything of the session could be removed: ringfence sessions clean",
  );
  const { size, root } = closed;
  const untold = await parties?.announcer?.end({ exit: code, size, root, held: held.length });
  const { stateDir } = request;
  const dirs = [log.dir, ledgerPlaces(stateDir).dir];
  const unseen = await tellWitnesses(parties?.witnesses ?? [], { stateDir, dirs });
  const outcome = outcomeOf({
    ...parts,
    ...{ exitCode: code, limit, finished, prompts, refusedPaths: ending.refusedPaths },
    network: doors.egress.summary(),
    log: { dir: log.dir, ...closed },
    lastNotices: [unwritten, left, untold, ...unseen].filter((notice) => notice !== undefined),
  });
  return { kind: "ended", outcome };
}

/** The work is done: metadata that cannot be written makes the session look killed, and what waits can still be reviewed. */
function noted({ parts, holdAll }: SessionEnding, now: MetaNow): string | undefined {
  try {
    writeMeta(parts.request.stateDir, metaOf(parts, now, holdAll));
    return undefined;
  } catch (cause) {
    return `the session's end cannot be noted: ${(cause as Error).message}`;
  }
}
