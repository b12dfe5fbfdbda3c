// Where the repository of a workspace stands on the host, split so that its changes can be judged and carried like those of any workspace: a
// folder, and the repository's own folder below it.
import { lstatSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Workspace } from "../prepare/workspace.ts";

/** One repository: `join(root, git)` holds its objects and refs. */
export interface RepositoryPlace {
  /** Absolute, real. */
  readonly root: string;
  /** `.git`, `.git/modules/lib`; another name for a repository that has no files of its own. */
  readonly git: string;
  /** The name that a linked worktree has there. */
  readonly worktree?: string;
}

/** The repository of a workspace, or `undefined` when it has none (or none that is a plain folder). */
export function repositoryOf({ root, gitFolder }: Workspace): RepositoryPlace | undefined {
  if (gitFolder !== undefined) {
    const { common, own } = gitFolder;
    return { ...placeOf(common), ...(own === common ? {} : { worktree: basename(own) }) };
  }
  return lstatSync(join(root, ".git"), { throwIfNoEntry: false })?.isDirectory() === true
    ? { root, git: ".git" }
    : undefined;
}

function placeOf(common: string): RepositoryPlace {
  const [, root, git] = /^(.*)\/(\.git(?:\/modules\/.+)?)$/.exec(common) ?? [];
  return root === undefined || git === undefined || root === ""
    ? { root: dirname(common), git: basename(common) }
    : { root, git };
}
