// After the session: what waits, shown; applied by name or whole; discarded. Every answer of a person is in the machine's ledger.
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { promisify } from "node:util";
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import type { Judged } from "#core/review";
import { showChange } from "#review";
import { applyJudged, type ChangesPlace, readJudged } from "./changes.ts";
import { listSessions, readMeta, type SessionMeta, sessionPaths, writeMeta } from "./sessions.ts";
import { removeSessionFolders } from "./sweep.ts";

/** Who asks. */
export interface ReviewPlaces {
  readonly stateDir: string;
  readonly helper: string;
  readonly home: string;
}

/** A session whose changes can still be decided. */
export interface OpenReview {
  readonly meta: SessionMeta;
  readonly changes: readonly Judged[];
}

/** Finds the session (the last one that waits, without an id) and reads its changes. */
export async function openReview(places: ReviewPlaces, id: string | undefined): Promise<Result<OpenReview, Problem>> {
  const waiting = listSessions(places.stateDir).filter(
    ({ state, kind }) => kind === "overlay" && (state === "held" || state === "killed"),
  );
  const meta = id === undefined ? waiting.at(-1) : waiting.find((session) => session.id === id);
  if (meta === undefined) {
    const running = id === undefined ? undefined : readMeta(places.stateDir, id);
    const message =
      id === undefined
        ? "no session waits for review"
        : running?.state === "running"
          ? `session \`${id}\` is still running`
          : `no session \`${id}\` waits for review`;
    const hint =
      waiting.length > 0
        ? `waiting: ${waiting.map((session) => session.id).join(" ")}`
        : "`ringfence log show` tells what past sessions did";
    return err({ code: "no-review", message, hint });
  }
  const changes = await readJudged(placeOf(places, meta));
  return changes.ok ? ok({ meta, changes: changes.value }) : changes;
}

/** The whole review as text; everything hostile in it is escaped. */
export function showReview(places: ReviewPlaces, review: OpenReview): string {
  const { upper } = sessionPaths(places.stateDir, review.meta.id);
  const sides = { root: review.meta.workspace, upper };
  return review.changes.map((change) => showChange(change, sides)).join("\n");
}

/** What `apply` did. */
export interface ApplyResult {
  readonly applied: readonly string[];
  readonly refused: readonly { readonly path: string; readonly code: string }[];
  readonly left: number;
}

// What no word of a person makes right on the host: it would be something else there than what was shown.
const NEVER = new Set(["special-file", "bad-name"]);

/** Applies the named paths (a folder stands for everything below it), or everything. */
export async function applyReview(
  places: ReviewPlaces,
  review: OpenReview,
  wanted: { readonly paths: readonly string[]; readonly all: boolean },
): Promise<Result<ApplyResult, Problem>> {
  const chosen = choose(review, wanted);
  if (!chosen.ok) return chosen;
  const never = chosen.value.filter(({ held }) => held !== undefined && NEVER.has(held.code));
  const accepted = chosen.value.filter((entry) => !never.includes(entry));
  const recorded = await record(places, review.meta, "review.apply", accepted);
  if (!recorded.ok) return recorded;
  const done = applyJudged(placeOf(places, review.meta), accepted);
  const refused = [
    ...done.refused,
    ...never.map(({ change, held }) => ({ path: change.path, code: held?.code ?? "held" })),
  ];
  const left = await settle(places, review.meta);
  return ok({ applied: done.applied, refused, left });
}

/** Throws the named paths away, or the whole session. */
export async function discardReview(
  places: ReviewPlaces,
  review: OpenReview,
  paths: readonly string[],
): Promise<Result<{ readonly discarded: number; readonly left: number }, Problem>> {
  const chosen = choose(review, { paths, all: paths.length === 0 });
  if (!chosen.ok) return chosen;
  const recorded = await record(places, review.meta, "review.discard", chosen.value);
  if (!recorded.ok) return recorded;
  const session = sessionPaths(places.stateDir, review.meta.id);
  if (paths.length === 0) {
    writeMeta(places.stateDir, { ...review.meta, state: "discarded", held: 0 });
    await removeSessionFolders(session, places.helper);
    return ok({ discarded: chosen.value.length, left: 0 });
  }
  // A discarded addition leaves the upper layer; a discarded deletion is a whiteout there, and goes the same way.
  for (const { change } of [...chosen.value].reverse())
    await removePath(`${session.upper}/${change.path}`, places.helper);
  return ok({ discarded: chosen.value.length, left: await settle(places, review.meta) });
}

async function removePath(path: string, helper: string): Promise<void> {
  try {
    await promisify(execFile)(helper, ["remove", path], { env: {} });
  } catch {
    rmSync(path, { force: true, recursive: true }); // not a folder
  }
}

/** Writes what is left into the metadata; nothing left ends the session's folders. */
async function settle(places: ReviewPlaces, meta: SessionMeta): Promise<number> {
  const rest = await readJudged(placeOf(places, meta));
  const left = rest.ok ? rest.value.length : 1;
  writeMeta(places.stateDir, { ...meta, state: left > 0 ? "held" : "done", held: left });
  if (left === 0) await removeSessionFolders(sessionPaths(places.stateDir, meta.id), places.helper);
  return left;
}

function choose(
  review: OpenReview,
  wanted: { readonly paths: readonly string[]; readonly all: boolean },
): Result<readonly Judged[], Problem> {
  if (wanted.all) return ok(review.changes);
  const chosen = new Set<Judged>();
  for (const path of wanted.paths) {
    const name = path.replace(/^\.\//, "").replace(/\/+$/, "");
    const found = review.changes.filter(({ change }) => change.path === name || change.path.startsWith(`${name}/`));
    if (found.length === 0)
      return err({
        code: "no-such-change",
        message: `no change of this session is at \`${path}\``,
        hint: `ringfence review ${review.meta.id}`,
      });
    for (const entry of found) chosen.add(entry);
  }
  return ok(review.changes.filter((entry) => chosen.has(entry)));
}

async function record(
  places: ReviewPlaces,
  meta: SessionMeta,
  type: "review.apply" | "review.discard",
  chosen: readonly Judged[],
): Promise<Result<unknown, Problem>> {
  const paths = chosen.slice(0, 300).map(({ change }) => change.path);
  return appendToLedger({ stateDir: places.stateDir }, meta.id, [
    { type, origin: "observed", data: { count: chosen.length, paths } },
  ]);
}

function placeOf(places: ReviewPlaces, meta: SessionMeta): ChangesPlace {
  return { ...places, meta };
}
