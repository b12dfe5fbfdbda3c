// `sessions undo`: which session's changes a person takes back (or, after that, brings again), planned, on record, then carried out.
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import type { Change } from "#core/review";
import { isInside } from "#core/shell";
import { finishUndo, planUndo, type Refusal, type UndoPlan, undoChanges } from "#sandbox";
import { listSessions } from "../sessions.ts";
import { sealPast } from "./direct-past.ts";
import { listPasts, type PastMeta, pastPlaces } from "./past-folder.ts";
import type { ReviewPlaces } from "./review.ts";

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
  // Of a session whose supervisor was killed, and no other has started since.
  sealPast(places.stateDir, past, { unseen: true });
  const all = pastPlaces(places, past);
  // What was cut off was on record already.
  if (!request.dryRun) for (const at of all) finishUndo(at);
  const planned = all.map((at) => ({ at, plan: planUndo(at, wishOf(request, at.prefix)) }));
  const missing = request.paths.find(
    (path) => !planned.some(({ at, plan }) => isNamed(plan, request, path, at.prefix)),
  );
  if (missing !== undefined) {
    return err({
      code: "no-such-change",
      message: `session \`${past.id}\` ${request.redo ? "has nothing undone" : "changed nothing that is kept"} at \`${missing}\``,
      hint: `ringfence sessions undo ${past.id} --dry-run`,
    });
  }
  const shown = planned.flatMap(({ at, plan }) =>
    plan.changes.map(({ path, kind }) => ({ path: `${at.prefix}${path}`, kind })),
  );
  const already = planned.flatMap(({ at, plan }) => plan.already.map((path) => `${at.prefix}${path}`));
  const refused = planned.flatMap(({ at, plan }) => plan.refused.map((one) => inFront(at.prefix, one)));
  const result = { session: past.id, workspace: past.workspace, already };
  const folders = planned.reduce((sum, { plan }) => sum + plan.folders.length, 0);
  if (request.dryRun || shown.length + already.length + folders === 0)
    return ok({ ...result, changes: shown, refused });
  const recorded = await appendToLedger({ stateDir: places.stateDir }, past.id, [
    {
      type: "review.undo",
      origin: "observed",
      data: {
        ...(request.redo ? { redo: true } : {}),
        count: shown.length,
        paths: shown.slice(0, NAMED_MOST).map(({ path }) => path),
        refused: refused.length,
      },
    },
  ]);
  if (!recorded.ok) return recorded;
  const done = planned.map(({ at, plan }) => ({ at, done: undoChanges(at, plan) }));
  const applied = new Set(done.flatMap(({ at, done: { applied } }) => applied.map((path) => `${at.prefix}${path}`)));
  return ok({
    ...result,
    changes: shown.filter(({ path }) => applied.has(path)),
    refused: [
      ...refused,
      ...done.flatMap(({ at, done: { refused } }) => refused.map((one) => inFront(at.prefix, one))),
    ],
  });
}

function inFront(prefix: string, refusal: Refusal): Refusal {
  return { ...refusal, path: `${prefix}${refusal.path}` };
}

/** The named paths as one of the folders knows them; an absolute one is of the repository elsewhere. */
function wishOf({ paths, redo }: UndoRequest, prefix: string): { readonly redo: boolean; readonly named?: string[] } {
  if (paths.length === 0) return { redo };
  return { redo, named: paths.flatMap((path) => nameBelow(path, prefix) ?? []) };
}

function nameBelow(path: string, prefix: string): string | undefined {
  const plain = plainPath(path);
  if (!path.startsWith("/")) return prefix === "" ? plain : undefined;
  const absolute = `/${plain}`;
  return prefix !== "" && `${absolute}/`.startsWith(prefix) ? absolute.slice(prefix.length) : undefined;
}

function isNamed(plan: UndoPlan, { paths }: UndoRequest, path: string, prefix: string): boolean {
  const own = paths.filter((one) => nameBelow(one, prefix) !== undefined);
  const index = own.indexOf(path);
  return index >= 0 && plan.named[index] === true;
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
