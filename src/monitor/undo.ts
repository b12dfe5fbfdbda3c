// `sessions undo`: which session's changes a person takes back (or, after that, brings again), planned, on record, then carried out.
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import type { Change } from "#core/review";
import { isInside } from "#core/shell";
import { finishUndo, planUndo, type Refusal, type UndoPlaces, undoChanges } from "#sandbox";
import { listPasts, type PastMeta, pastFolder } from "./past-folder.ts";
import type { ReviewPlaces } from "./review.ts";
import { listSessions } from "./sessions.ts";

/** What is asked for. */
export interface UndoRequest {
  /** Absent: the last session that changed something in the workspace one stands in. */
  readonly session?: string;
  /** Files, or folders for everything below; none: all. */
  readonly paths: readonly string[];
  readonly redo: boolean;
  /** Only say what would be done. */
  readonly dryRun: boolean;
}

/** What was done, or would be. */
export interface UndoResult {
  readonly session: string;
  readonly workspace: string;
  readonly changes: readonly { readonly path: string; readonly kind: Change["kind"] }[];
  readonly refused: readonly Refusal[];
  /** Paths that were as before already. */
  readonly already: readonly string[];
}

/** Undoes, redoes or plans it. */
export async function undoSession(places: ReviewPlaces, request: UndoRequest): Promise<Result<UndoResult, Problem>> {
  const found = findPast(places, request.session);
  if (!found.ok) return found;
  const past = found.value;
  const at: UndoPlaces = {
    helper: places.helper,
    root: past.workspace,
    past: pastFolder(places.stateDir, past.id),
  };
  // What was cut off was on record already.
  if (!request.dryRun) finishUndo(at);
  const named = request.paths.map(plainPath);
  const plan = planUndo(at, { redo: request.redo, ...(named.length === 0 ? {} : { named }) });
  const missing = request.paths.find((_, index) => !plan.named[index]);
  if (missing !== undefined) {
    return err({
      code: "no-such-change",
      message: `session \`${past.id}\` ${request.redo ? "has nothing undone" : "changed nothing that is kept"} at \`${missing}\``,
      hint: `ringfence sessions undo ${past.id} --dry-run`,
    });
  }
  const result = { session: past.id, workspace: past.workspace, already: plan.already };
  const changes = plan.changes.map(({ path, kind }) => ({ path, kind }));
  if (request.dryRun || plan.changes.length + plan.already.length + plan.folders.length === 0)
    return ok({ ...result, changes, refused: plan.refused });
  const recorded = await appendToLedger({ stateDir: places.stateDir }, past.id, [
    {
      type: "review.undo",
      origin: "observed",
      data: {
        ...(request.redo ? { redo: true } : {}),
        count: changes.length,
        paths: changes.slice(0, NAMED_MOST).map(({ path }) => path),
        refused: plan.refused.length,
      },
    },
  ]);
  if (!recorded.ok) return recorded;
  const done = undoChanges(at, plan);
  const applied = new Set(done.applied);
  return ok({
    ...result,
    changes: changes.filter(({ path }) => applied.has(path)),
    refused: [...plan.refused, ...done.refused],
  });
}

const NAMED_MOST = 300;

function findPast(places: ReviewPlaces, session: string | undefined): Result<PastMeta, Problem> {
  const all = listPasts(places.stateDir);
  const past =
    session === undefined || session === "last"
      ? all.findLast(({ workspace }) => isInside(workspace, places.folder))
      : all.find(({ id }) => id === session);
  if (past === undefined) {
    const hint =
      all.length === 0
        ? "what sessions changed is kept from this version on"
        : `kept: ${all
            .slice(-5)
            .map(({ id, workspace }) => `${id} (${workspace})`)
            .join(", ")}`;
    const message =
      session === undefined || session === "last"
        ? "no session changed anything in this folder that could be undone"
        : `nothing of session \`${session}\` is kept`;
    return err({ code: "no-past", message, hint });
  }
  const running = listSessions(places.stateDir).some(({ id, state }) => id === past.id && state === "running");
  if (running) {
    return err({
      code: "session-running",
      message: `session \`${past.id}\` is still running`,
      hint: `ringfence sessions stop ${past.id}`,
    });
  }
  return ok(past);
}

/** As the records write it: relative, without `.` and doubled slashes; `""` is the whole workspace. */
function plainPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}
