// The order in which changes are carried out so that each finds its ground ready: what a type change replaces goes first,
// folders come before their files, git's objects before the refs that name them, and plain deletions last.
import type { Change } from "#core/review";

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
  const inside = /(?:^|\/)\.git\/(.*)$/s.exec(path)?.[1];
  if (inside === undefined || inside.startsWith("objects/")) return 0;
  if (inside === "HEAD") return 3;
  return inside === "index" ? 2 : 1;
}
