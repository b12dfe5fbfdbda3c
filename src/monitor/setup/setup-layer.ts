// Which part of what a setup changed can be kept for the next session: whole dependency folders that hide what the workspace has at their place, and only
// where nothing else was changed. Then putting them back is the same as running the setup again.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isDependencyFolder } from "#core/paths";
import type { UpperEntry } from "#sandbox";

/** The folders, relative to the workspace's root; or why there is nothing to keep. */
export function dependencyTrees(
  entries: readonly UpperEntry[],
  lower: string,
): { readonly trees: readonly string[] } | { readonly why: string } {
  const trees = new Set<string>();
  for (const { path: bytes, type, opaque } of entries) {
    const path = bytes.toString("utf8");
    const parts = path.split("/");
    const at = parts.findIndex(isDependencyFolder);
    if (at >= 0 && at < parts.length - 1) continue; // of a tree that has an entry of its own
    if (at < 0) {
      // A folder on the way to one is copied up with it.
      if (type === "folder" && !opaque && isFolder(join(lower, path))) continue;
      return { why: `the setup changed \`${path}\` too, which is no dependency folder` };
    }
    if (type !== "folder") return { why: `\`${path}\` is no folder` };
    if (!opaque && lstatSync(join(lower, path), { throwIfNoEntry: false }) !== undefined)
      return { why: `\`${path}\` was added to, not made anew` };
    trees.add(path);
  }
  return trees.size === 0 ? { why: "the setup installed nothing in the workspace" } : { trees: [...trees] };
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
