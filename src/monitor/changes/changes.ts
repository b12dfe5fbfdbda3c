// A session's changes, judged and carried out: the same way at its end and later by `review`, `apply` and `discard`.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ok, type Problem, type Result } from "#core";
import { compileDenies } from "#core/paths";
import { type Change, type ChangeSet, type HoldReason, type Judged, judgeChanges, type LeftState } from "#core/review";
import { toolchainFolders } from "#core/sandbox";
import { type Applied, applyChanges, type ChangesOptions, finishApply, readChanges } from "#sandbox";
import { takeBackGitView } from "../prepare/git-view.ts";
import { sessionPaths } from "../session-folders.ts";
import type { SessionMeta } from "../sessions.ts";
import { ensureHandover, unverifiedCommits } from "./handover.ts";
import { obeyedPlaces } from "./obeyed.ts";
import { type PastMeta, writePastMeta } from "./past-folder.ts";
import { appendLeft, appendSettled, readSettled, type Settled } from "./settled.ts";
import { fromShown, type Tree, toShown, treeOf, treesOf } from "./trees.ts";

/** Where a session's changes are, and what judges them. */
export interface ChangesPlace {
  readonly stateDir: string;
  readonly helper: string;
  readonly home: string;
  readonly meta: PastMeta & Pick<SessionMeta, "startedMs" | "masked" | "gate" | "copy" | "repository">;
}

/** Reads and judges everything the session would still change. An apply that was cut off is finished first. Only after the session's end. */
export async function readJudged(place: ChangesPlace): Promise<Result<readonly Judged[], Problem>> {
  const standIns = await takeBackGitView(sessionPaths(place.stateDir, place.meta.id), lowerOf(place));
  if (!standIns.ok) return standIns;
  const handover = await ensureHandover(place.stateDir, place.meta);
  const all: Judged[] = [];
  const { workspace, masked } = place.meta;
  const meta = { ...place.meta, masked: [...masked, ...standIns.value.map((path) => join(workspace, path))] };
  for (const tree of treesOf(place.stateDir, place.meta)) {
    const judged = await readTree({ ...place, meta }, tree);
    if (!judged.ok) return judged;
    all.push(...judged.value);
  }
  if (!handover.ok) all.push(...unverifiedCommits(place.meta, handover.error));
  return ok(all);
}

/** The same for one of its folders; paths as they are shown. */
export async function readTree(
  place: ChangesPlace,
  tree: Tree,
  running: Pick<ChangesOptions, "live" | "digest"> & { readonly obeyed?: typeof obeyedPlaces } = {},
): Promise<Result<readonly Judged[], Problem>> {
  const { meta } = place;
  const { root, upper } = tree.places;
  // Commits that could not be checked: there is no layer, and they are told apart.
  if (tree.kind === "handover" && !existsSync(upper)) return ok([]);
  const lower = tree.lower ?? root;
  if (tree.kind === "output") mkdirSync(lower, { recursive: true });
  finishApply(tree.places);
  const settled = readSettled(settledFile(place));
  const { obeyed = obeyedPlaces, ...looking } = running;
  const read = await readChanges({
    helper: place.helper,
    ...{ upper, lower, ...looking, left: leftIn(tree, settled) },
    ...(tree.kind === "workspace" && tree.lower !== undefined ? { host: root } : {}),
    masked: tree.kind === "workspace" ? meta.masked.map((path) => `${lower}${path.slice(root.length)}`) : [],
    toolchains: toolchainFolders(place.home),
  });
  if (!read.ok) return read;
  const { denied, alsoProtected, holdAll } = meta.gate;
  // What came back once is the host's own from then on: later edits there are not undone by an older copy here.
  const changes = partOf(tree, read.value).changes.filter(({ path }) => !settled.forGood.has(`${tree.prefix}${path}`));
  const judgeRoot = tree.kind === "output" ? lower : root;
  const judged = judgeChanges(
    { ...read.value, changes },
    {
      root: judgeRoot,
      startedMs: meta.startedMs,
      denied: compileDenies(denied, { root: judgeRoot, home: place.home }),
      alsoProtected,
      ...(tree.kind === "workspace" && changes.length > 0 ? { obeyed: obeyed(root, place.home) } : {}),
      ...(tree.kind !== "repository" || meta.repository?.worktree === undefined
        ? {}
        : { worktree: meta.repository.worktree }),
      ...(tree.kind === "output"
        ? { holdAll: OFFERED }
        : holdAll === undefined
          ? {}
          : { holdAll: holdReason(holdAll) }),
    },
  );
  return ok(judged.map((entry) => ({ ...entry, change: toShown(tree, entry.change) })));
}

/** What the session saw below its layer. */
function lowerOf({ stateDir, meta }: ChangesPlace): string {
  return treesOf(stateDir, meta).find(({ kind }) => kind === "workspace")?.lower ?? meta.workspace;
}

/** What of a layer counts. */
function partOf({ kind }: Tree, set: ChangeSet): ChangeSet {
  switch (kind) {
    case "workspace":
      return set;
    // Objects and branches that are new; an output only ever adds, whatever the agent made of its folder.
    case "handover":
    case "output":
      return { ...set, changes: set.changes.filter((change) => change.kind === "add") };
    // The folders above the repository are ours, made to hold the layer.
    case "repository":
      return {
        ...set,
        changes: set.changes.filter((change) => change.kind !== "mode" || change.after?.type !== "folder"),
      };
    default:
      return kind satisfies never;
  }
}

function leftIn({ prefix, kind }: Tree, { left }: Settled): ReadonlyMap<string, LeftState> {
  return kind === "workspace" && prefix === "" ? left : new Map();
}

/** Carries out what was accepted, and remembers it: for good, or, `live`, until the session goes on with it. */
export function applyJudged(place: ChangesPlace, accepted: readonly Judged[], how: { live?: true } = {}): Applied {
  if (accepted.length > 0) writePastMeta(place.stateDir, place.meta);
  const trees = treesOf(place.stateDir, place.meta);
  const applied: string[] = [];
  const refused: Applied["refused"][number][] = [];
  for (const tree of trees) {
    const own = accepted.filter(({ change }) => treeOf(trees, change.path) === tree);
    const done = applyChanges(
      tree.places,
      own.map(({ change }) => fromShown(tree, change)),
    );
    const shown = (path: string): string => `${tree.prefix}${path}`;
    applied.push(...done.applied.map(shown));
    refused.push(...done.refused.map(({ path, code }) => ({ path: shown(path), code })));
    if (how.live === true) {
      const came = new Set(done.applied);
      appendLeft(
        settledFile(place),
        own.flatMap(({ change }) => (came.has(fromShown(tree, change).path) ? [change] : [])),
      );
    } else markSettled(place, done.applied.map(shown));
  }
  return { applied, refused };
}

/** Carries out a part of a change, from a layer made for it; the rest of the change waits on, and is no longer compared with what came before. */
export function applyPart(
  place: ChangesPlace,
  tree: Tree,
  { change, layer }: { readonly change: Change; readonly layer: string },
): Applied {
  writePastMeta(place.stateDir, place.meta);
  const done = applyChanges({ ...tree.places, upper: layer }, [fromShown(tree, change)]);
  if (done.applied.length > 0) appendLeft(settledFile(place), [change]);
  return done;
}

/** Nothing of these paths waits any more: they came back, or the host's settings and the session's agree. */
export function markSettled(place: ChangesPlace, paths: readonly string[]): void {
  appendSettled(settledFile(place), paths);
}

function settledFile({ stateDir, meta }: ChangesPlace): string {
  return join(sessionPaths(stateDir, meta.id).dir, "settled.jsonl");
}

const OFFERED: HoldReason = {
  code: "offered",
  why: "a read-only session leaves it for you: `ringfence apply SESSION --to FOLDER` copies it",
};

function holdReason(word: string): HoldReason {
  if (word === "asked") return { code: "asked", why: "`apply: ask` holds everything for you" };
  return { code: word as `stopped-by-${string}`, why: "the session was stopped, so its work may be half done" };
}
