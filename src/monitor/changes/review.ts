// After the session: what waits, shown; applied by name or whole; discarded. Every answer of a person is in the machine's ledger.
import { execFile } from "node:child_process";
import { lstatSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { appendToLedger, ledgerAppend } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { gitPlace, type Judged } from "#core/review";
import { isInside } from "#core/shell";
import { forTerminal } from "#core/text";
import { findRenames, showChange } from "#review";
import { sessionPaths } from "../session-folders.ts";
import { listSessions, readMeta, type SessionMeta, writeMeta } from "../sessions.ts";
import { removeSessionFolders } from "../sweep.ts";
import { applyJudged, type ChangesPlace, markSettled, readJudged } from "./changes.ts";
import { chooseChanges, NEVER, overwritesUnnamed, type Wanted } from "./choose.ts";
import { dropHandover } from "./handover.ts";
import { mergeSettings } from "./settings.ts";
import { fromShown, treeOf, treesOf } from "./trees.ts";

/** Who asks. */
export interface ReviewPlaces {
  readonly stateDir: string;
  readonly helper: string;
  readonly home: string;
  /** Where the person stands: a session that is not named is one of this workspace, never another project's. */
  readonly folder: string;
}

/** A session whose changes can still be decided. */
export interface OpenReview {
  readonly meta: SessionMeta;
  readonly changes: readonly Judged[];
}

/** Finds the session (without an id: the last one that waits in the workspace one stands in) and reads its changes. */
export async function openReview(places: ReviewPlaces, id: string | undefined): Promise<Result<OpenReview, Problem>> {
  const waiting = listSessions(places.stateDir).filter(
    (session) =>
      (session.state === "held" || session.state === "killed") && treesOf(places.stateDir, session).length > 0,
  );
  const meta =
    id === undefined
      ? waiting.findLast(({ workspace }) => isInside(workspace, places.folder))
      : waiting.find((session) => session.id === id);
  if (meta === undefined) {
    const running = id === undefined ? undefined : readMeta(places.stateDir, id);
    const message =
      id === undefined
        ? waiting.length === 0
          ? "no session waits for review"
          : "no session waits for review in this folder"
        : running?.state === "running"
          ? `session \`${id}\` is still running`
          : `no session \`${id}\` waits for review`;
    const hint =
      waiting.length > 0
        ? `waiting: ${waiting.map((session) => `${session.id} (${session.workspace})`).join(", ")}`
        : "`ringfence log show` tells what past sessions did";
    return err({ code: "no-review", message, hint });
  }
  const changes = await readJudged(placeOf(places, meta));
  if (!changes.ok) return changes;
  if (changes.value.length > 0) return ok({ meta, changes: changes.value });
  // Killed before it changed anything, or after everything came.
  await settleReview(places, meta);
  return id === undefined ? openReview(places, id) : err(nothingWaits(`session \`${id}\` has no changes left`));
}

function nothingWaits(message: string): Problem {
  return { code: "no-review", message, hint: "`ringfence log show` tells what past sessions did" };
}

/** The review as text, or all of what these paths name; everything hostile in it is escaped. */
export function showReview(places: ReviewPlaces, review: OpenReview, paths: readonly string[] = []): string {
  const trees = treesOf(places.stateDir, review.meta);
  const { root: ownRoot = "", upper: ownUpper = "" } = trees[0]?.places ?? {};
  const renames = findRenames(
    review.changes.map(({ change }) => change).filter(({ path }) => treeOf(trees, path) === trees[0]),
    { root: ownRoot, upper: ownUpper },
  );
  const whole = paths.length > 0;
  return review.changes
    .filter(({ change: { path } }) => !whole || paths.some((name) => path === name || path.startsWith(`${name}/`)))
    .map((entry) => {
      const madeFrom = renames.get(entry.change.path);
      const tree = treeOf(trees, entry.change.path);
      if (tree === undefined) return "";
      const { root, upper } = tree.places;
      const shown = showChange(
        { ...entry, change: fromShown(tree, entry.change) },
        { root: tree.kind === "output" ? upper : root, upper },
        { whole, ...(madeFrom === undefined ? {} : { madeFrom }) },
      );
      return tree.prefix === "" ? shown : `in ${forTerminal(tree.prefix)}\n${shown}`;
    })
    .join("\n");
}

/** What `apply` did. */
export interface ApplyResult {
  readonly applied: readonly string[];
  readonly refused: readonly { readonly path: string; readonly code: string }[];
  /** Applied otherwise than it stood in the session, in words. */
  readonly notices: readonly string[];
  readonly left: number;
}

/** Applies the named paths (a folder stands for everything below it), or everything. */
export async function applyReview(
  places: ReviewPlaces,
  review: OpenReview,
  wanted: Wanted,
): Promise<Result<ApplyResult, Problem>> {
  if (review.meta.kind === "read-only") {
    const message = `session \`${review.meta.id}\` was read-only: what it left goes to a folder that you name`;
    return err({ code: "output-needs-folder", message, hint: `ringfence apply ${review.meta.id} --to FOLDER` });
  }
  const chosen = chooseChanges(review, wanted, { withFolders: true });
  if (!chosen.ok) return chosen;
  const unnamed = overwritesUnnamed(chosen.value, wanted);
  const never = chosen.value.filter((entry) => NEVER.has(entry.held?.code ?? "") || unnamed.includes(entry));
  const accepted = chosen.value.filter((entry) => !never.includes(entry));
  const recorded = await record(places, review.meta, "review.apply", accepted);
  if (!recorded.ok) return recorded;
  const place = placeOf(places, review.meta);
  const done = applyJudged(place, accepted);
  const applied = new Set(done.applied);
  const merged = await mergeWaiting(places, review, accepted, applied);
  const refused = [
    ...done.refused,
    ...never.map(({ change, held }) => ({ path: change.path, code: held?.code ?? "held" })),
  ];
  const notices = accepted.flatMap(({ change, held }) =>
    held?.code === "set-id" && applied.has(change.path) ? [`${change.path}: without its set-id bits`] : [],
  );
  const left = await settleReview(places, review.meta);
  return ok({ applied: [...done.applied, ...merged], refused, notices, left });
}

/** Where a repository came, the harmless part of its settings follows as it does at a session's end. */
async function mergeWaiting(
  places: ReviewPlaces,
  review: OpenReview,
  accepted: readonly Judged[],
  applied: ReadonlySet<string>,
): Promise<readonly string[]> {
  const came = new Set(
    accepted.flatMap(({ change }) => (applied.has(change.path) ? (gitPlace(change.path)?.git ?? []) : [])),
  );
  const waiting = review.changes
    .map(({ change }) => change.path)
    .filter((path) => !applied.has(path) && came.has(gitPlace(path)?.git ?? ""));
  try {
    const append = ledgerAppend({ stateDir: places.stateDir }, review.meta.id);
    const merged = await mergeSettings(placeOf(places, review.meta), waiting, append);
    return merged.flatMap(({ path, held }) => (held.length === 0 ? [path] : []));
  } catch {
    return []; // not on record or not to be written: the file waits like any protected path
  }
}

/** Throws the named paths away, or the whole session. */
export async function discardReview(
  places: ReviewPlaces,
  review: OpenReview,
  paths: readonly string[],
): Promise<Result<{ readonly discarded: number; readonly left: number }, Problem>> {
  const chosen = chooseChanges(review, { paths, all: paths.length === 0 }, { withFolders: false });
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
  const trees = treesOf(places.stateDir, review.meta);
  for (const { change, held } of [...chosen.value].reverse()) {
    const tree = treeOf(trees, change.path);
    if (held?.code === "git-unverified") dropHandover(places.stateDir, review.meta.id);
    else if (tree !== undefined) await removeFromLayer(tree.places.upper, fromShown(tree, change).path, places.helper);
  }
  // What a folder above hides has nothing of its own in the layer.
  const named = chosen.value.map(({ change }) => change.path);
  markSettled(placeOf(places, review.meta), named);
  return ok({ discarded: named.length, left: await settleReview(places, review.meta) });
}

async function removeFromLayer(upper: string, path: string, helper: string): Promise<void> {
  const parts = path.split("/");
  // A link of the agent's in the place of a folder must not lead the removal out of the layer.
  const isReal = parts.slice(0, -1).every((_, at) => isFolder(join(upper, ...parts.slice(0, at + 1))));
  if (!isReal) return;
  const file = join(upper, path);
  if (isFolder(file)) await promisify(execFile)(helper, ["remove", file], { env: {} });
  else rmSync(file, { force: true });
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** Writes what is left into the metadata; nothing left ends the session's folders. */
export async function settleReview(places: ReviewPlaces, meta: SessionMeta): Promise<number> {
  const rest = await readJudged(placeOf(places, meta));
  const left = rest.ok ? rest.value.length : 1;
  writeMeta(places.stateDir, { ...meta, state: left > 0 ? "held" : "done", held: left });
  if (left === 0) await removeSessionFolders(sessionPaths(places.stateDir, meta.id), places.helper);
  return left;
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

/** The session as its changes are read. */
export function placeOf(places: ReviewPlaces, meta: SessionMeta): ChangesPlace {
  return { ...places, meta };
}
