// The order in which changes are carried out so that each finds its ground ready: what a type change replaces goes first,
// folders come before their files, git's objects before the refs that name them, and plain deletions last (objects of git among them).
import { type Change, gitPlace, isGitObject } from "#core/review";

/** Sorted copy. Every change of `changes` is in it once. */
export function inOrder(changes: readonly Change[]): readonly Change[] {
  const swapped = changes.filter(({ kind }) => kind === "type").map(({ path }) => path);
  const isBelowSwap = ({ path }: Change): boolean => swapped.some((folder) => path.startsWith(`${folder}/`));
  const stage = (change: Change): number => {
    if (change.kind === "delete") return swapped.length > 0 && isBelowSwap(change) ? 0 : 9;
    if (change.kind === "type") return 1;
    if (change.after?.type === "folder") return 2;
    return 3 + gitStage(change.path);
  };
  const staged = changes.map((change) => ({ change, stage: stage(change) }));
  return staged.sort((a, b) => a.stage - b.stage || compare(a.change, b.change)).map(({ change }) => change);
}

/** Deletions children first, everything else parents first. */
function compare(a: Change, b: Change): number {
  const forward = a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
  return a.kind === "delete" ? -forward : forward;
}

function gitStage(path: string): number {
  const place = gitPlace(path);
  if (place === undefined) return 0;
  // A running git takes a pack for complete once its index is there.
  if (isGitObject(place)) return place.inside.endsWith(".idx") ? 0.5 : 0;
  if (place.inside === "HEAD") return 3;
  return place.inside === "index" ? 2 : 1;
}
