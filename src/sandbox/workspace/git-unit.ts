// A repository's own data comes whole or not: refs, HEAD and index are looked at before the first of them is written, and when one cannot be
// carried out the rest is not tried. New objects may come alone; nothing names them. Objects go only after everything else came.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { type Change, gitPlace, isGitData, isGitObject } from "#core/review";

/** What becomes of git's data during one apply. */
export interface GitUnits {
  /** Why this change must not be tried, or `undefined`. */
  refusal(change: Change): string | undefined;
  /** Tells that a change was refused; the rest of its repository follows. */
  failed(change: Change): void;
}

// git makes these while it writes. One left by a crash is git's to explain and a person's to remove.
const LOCKS = ["index.lock", "HEAD.lock", "packed-refs.lock"];

/** Looks at every part of every repository in `changes`; `isReady` says whether the host still is as one change expects. */
export function gitUnits(root: string, changes: readonly Change[], isReady: (change: Change) => boolean): GitUnits {
  const refused = new Map<string, string>();
  const locked = new Map<string, boolean>();
  for (const change of changes) {
    const git = unitOf(change);
    if (git === undefined || refused.has(git)) continue;
    if (!locked.has(git))
      locked.set(
        git,
        LOCKS.some((name) => exists(join(root, git, name))),
      );
    if (locked.get(git) === true) refused.set(git, "git-locked");
    else if (!isReady(change)) refused.set(git, "git-moved");
  }
  return {
    refusal: (change) => refused.get(unitOf(change) ?? ""),
    failed(change) {
      const place = gitPlace(change.path);
      if (place !== undefined && isGitData(place) && !refused.has(place.git)) refused.set(place.git, "git-together");
    },
  };
}

/** The repository whose fate the change shares: everything that git stores, but for objects that come. */
function unitOf({ path, kind }: Change): string | undefined {
  const place = gitPlace(path);
  if (place === undefined || !isGitData(place)) return undefined;
  return isGitObject(place) && kind !== "delete" ? undefined : place.git;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
