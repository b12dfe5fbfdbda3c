// Deletions at the gate: a few are ordinary work, a large part of the workspace is not (PERM-11). Pure.
import type { Change, ChangeSet } from "./change.ts";
import type { HoldReason } from "./reason.ts";

/** More deletions than this wait for a person; so do a few that are half of the workspace or more. */
const MASS = 25;
const MASS_WHOLE = 5;

// What a build or an install makes anew.
const REMADE = /(?:^|\/)(?:node_modules|\.venv|venv|target|dist|build|__pycache__|\.next|\.cache)\//;
const GIT = /(?:^|\/)\.git\//;

/** The reason of every deletion of such a set, or `undefined`. */
export const MASS_DELETION: HoldReason = {
  code: "mass-deletion",
  why: "a large part of the files here would be deleted",
};

/** True for a file that would be gone: not moved, and no folder. */
export function isLoss(change: Change, moved: ReadonlySet<string>): boolean {
  const isGone = change.kind === "delete" || (change.kind === "type" && change.after?.type === "folder");
  return isGone && change.made !== true && change.before?.type !== "folder" && !moved.has(change.path);
}

/** The paths whose bytes stand elsewhere afterwards. */
export function movedPaths({ changes }: ChangeSet): ReadonlySet<string> {
  return new Set(changes.flatMap(({ movedFrom }) => movedFrom ?? []));
}

/** True when so much would be gone that a person looks first. Git's own data has its own rules. */
export function isMassDeletion(set: ChangeSet): boolean {
  const moved = movedPaths(set);
  const lost = set.changes.filter(
    (change) => isLoss(change, moved) && !GIT.test(change.path) && !REMADE.test(change.path),
  );
  // What went before counts, or a little at a time would be everything in the end.
  const before = set.lostBefore ?? 0;
  const all = lost.length + before;
  return lost.length > 0 && (all > MASS || (all > MASS_WHOLE && all * 2 >= set.hostFiles + before));
}
