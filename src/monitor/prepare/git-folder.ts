// Where a workspace's repository is when `.git` is a file: a linked worktree or a submodule. The file is the workspace's word, and so maybe an
// attacker's; the place it names is believed only if that place, which the workspace cannot write, names this workspace in turn.
import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { smallText } from "#sandbox";

/** A repository outside the workspace that belongs to it. */
export interface GitFolder {
  /** Real path of the folder that holds objects and refs: the common folder of a worktree, the git folder of a submodule. */
  readonly common: string;
  /** The folder that holds this workspace's HEAD and index: below `common` for a worktree, the same for a submodule. */
  readonly own: string;
  readonly kind: "worktree" | "submodule";
}

/** The repository of `root`, when it lies elsewhere; `undefined` when it lies inside or there is none. Reads names and small files, runs nothing. */
export function findGitDir(root: string): Result<GitFolder | undefined, Problem> {
  const file = join(root, ".git");
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) return ok(undefined);
  const named = /^gitdir: ([^\n\0]+)\n?$/.exec(textOf(file) ?? "")?.[1];
  const folder = named === undefined ? undefined : realFolder(resolve(root, named));
  if (folder === undefined) return err(refusal(root, "names no repository that is there"));
  if (folder === root || folder.startsWith(`${root}/`)) return ok(undefined);
  const common = worktreeOf(root, folder);
  if (common !== undefined) return ok({ common, own: folder, kind: "worktree" });
  if (isSubmoduleOf(root, folder)) return ok({ common: folder, own: folder, kind: "submodule" });
  return err(refusal(root, `names \`${folder}\`, which does not name this folder in turn`));
}

function refusal(root: string, what: string): Problem {
  return {
    code: "git-elsewhere",
    message: `\`${root}/.git\` is a file that ${what}`,
    hint: "run `git worktree repair` in the main repository, or work in a clone of your own (`git clone`)",
  };
}

/** gitrepository-layout(5): `<common>/worktrees/<name>` holds `gitdir`, the path of the worktree's own `.git` file. */
function worktreeOf(root: string, folder: string): string | undefined {
  const worktrees = dirname(folder);
  const common = dirname(worktrees);
  if (worktrees !== join(common, "worktrees")) return undefined;
  const back = textOf(join(folder, "gitdir"))?.trim();
  const up = textOf(join(folder, "commondir"))?.trim();
  const isMine = back !== undefined && realFile(resolve(folder, back)) === join(root, ".git");
  const isUp = up !== undefined && realFolder(resolve(folder, up)) === common;
  return isMine && isUp && isRepository(common) ? common : undefined;
}

/** A submodule's git folder says where its files are: `core.worktree`. */
function isSubmoduleOf(root: string, folder: string): boolean {
  if (!folder.includes("/.git/modules/") || !isRepository(folder)) return false;
  const worktree = /^\s*worktree\s*=\s*"?([^"\n]+?)"?\s*$/m.exec(textOf(join(folder, "config")) ?? "")?.[1];
  return worktree !== undefined && realFolder(resolve(folder, worktree)) === root;
}

function isRepository(folder: string): boolean {
  const is = (name: string): boolean =>
    lstatSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() === true;
  return is("objects") && is("refs") && lstatSync(join(folder, "HEAD"), { throwIfNoEntry: false })?.isFile() === true;
}

function realFolder(path: string): string | undefined {
  return real(path, (real) => lstatSync(real).isDirectory());
}

function realFile(path: string): string | undefined {
  return real(path, (real) => lstatSync(real).isFile());
}

function real(path: string, is: (real: string) => boolean): string | undefined {
  try {
    const found = realpathSync(path);
    return is(found) ? found : undefined;
  } catch {
    return undefined; // not there
  }
}

const LARGEST = 64 * 1024;

function textOf(file: string): string | undefined {
  return smallText(file, LARGEST);
}
