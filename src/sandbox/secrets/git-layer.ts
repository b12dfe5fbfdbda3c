// Puts a filtered view into the mask layer of an overlay: stand-ins as files of that layer, what contradicts them as whiteouts (made by the helper).
// The agent's git may then do with them what it likes, also remove them; all of that happens in the layer above.
import { chmodSync, copyFileSync, linkSync, lstatSync, mkdirSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { changeIndex } from "./git-index.ts";
import type { GitView } from "./git-view.ts";

/** Where it goes. */
export interface LayerPlace {
  /** The folder that is shown, and the empty layer above it. */
  readonly lower: string;
  readonly mask: string;
  readonly scratch: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

/** Fills the layer. Answers the worktrees whose index could not be changed: there, tracked secrets look deleted. */
export async function layView(view: GitView, place: LayerPlace): Promise<readonly string[]> {
  for (const { path, source } of view.instead) put(source, inLayer(path, place));
  const failed: string[] = [];
  for (const [index, paths] of Object.entries(view.tracked)) {
    const worktree = dirname(dirname(index));
    // The index of a linked worktree belongs to files elsewhere.
    if (!index.endsWith("/.git/index")) continue;
    const to = inLayer(index, place);
    const wide = (view.blobs[0]?.length ?? 40) === 64;
    const common = { index, worktree, wide, paths, scratch: place.scratch, user: place.user };
    if (!(await changeIndex({ ...common, bit: "skip-worktree", to }))) failed.push(worktree);
  }
  return failed;
}

/** The path in the layer, its folders made as they are below: in a merged folder the topmost layer's mode and times are seen. */
function inLayer(path: string, { lower, mask }: LayerPlace): string {
  const relative = path.slice(lower.length + 1);
  const parts = relative.split("/").slice(0, -1);
  for (let length = 1; length <= parts.length; length += 1) {
    const folder = parts.slice(0, length).join("/");
    if (lstatSync(join(mask, folder), { throwIfNoEntry: false }) !== undefined) continue;
    const like = lstatSync(join(lower, folder));
    mkdirSync(join(mask, folder));
    chmodSync(join(mask, folder), like.mode & 0o777);
    utimesSync(join(mask, folder), like.atime, like.mtime);
  }
  return join(mask, relative);
}

function put(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target); // another file system, or too many links
  }
}
