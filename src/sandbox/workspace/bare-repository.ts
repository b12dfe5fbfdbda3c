// Folders that git would take for a repository with settings of its own once a change set is applied: they need no `.git` in their name.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isGitName } from "#core/paths";
import type { Change } from "#core/review";

const PARTS = new Set(["head", "objects", "refs", "commondir", "config", "hooks", "modules", "worktrees"]);

/** Folders that the changes touch and that then have what git looks for: HEAD and (objects and refs, or commondir). */
export function bareRepositories(changes: readonly Change[], root: string): readonly string[] {
  const touched = new Set<string>();
  for (const { path, kind } of changes) {
    const components = path.split("/");
    components.forEach((component, at) => {
      if (kind !== "delete" && PARTS.has(component.toLowerCase())) touched.add(components.slice(0, at).join("/"));
    });
  }
  const gone = new Set(changes.flatMap(({ path, kind }) => (kind === "delete" ? [path] : [])));
  const added = new Set(changes.flatMap(({ path, kind }) => (kind === "delete" ? [] : [path])));
  const stands = (path: string): boolean => added.has(path) || (!gone.has(path) && exists(join(root, path)));
  return [...touched].filter((folder) => {
    if (folder.split("/").some(isGitName)) return false;
    const at = (name: string): boolean => stands(folder === "" ? name : `${folder}/${name}`);
    return at("HEAD") && (at("commondir") || (at("objects") && at("refs")));
  });
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
