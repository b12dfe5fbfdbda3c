// The index of a repository whose masked files are tracked: inside they count as unchanged (git's skip-worktree bit), so that `git status` is clean
// and a commit keeps them. The bit is the session's: it is taken off again before an index comes back. git does both, in a fence.
import { copyFileSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { runGit } from "../git/git-fence.ts";

/** One change of an index. */
export interface IndexErrand {
  /** A copy of it is changed; never this file. */
  readonly index: string;
  /** The worktree that it belongs to, for git's look at files written in the same second. */
  readonly worktree: string;
  readonly wide: boolean;
  readonly paths: readonly string[];
  readonly bit: "skip-worktree" | "no-skip-worktree";
  /** Where the changed index goes. */
  readonly to: string;
  readonly scratch: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

const SCRIPT = `
mkdir /g /g/refs /g/objects
echo 'ref: refs/heads/none' >/g/HEAD
if [ "$1" = wide ]; then printf '[core]\\n\\trepositoryformatversion = 1\\n[extensions]\\n\\tobjectformat = sha256\\n' >/g/config; fi
export GIT_DIR=/g GIT_WORK_TREE="$2" GIT_INDEX_FILE=/out/index
git update-index -z "--$3" --stdin </out/paths
`;

/** Carries it out. False when git could not (a split index, one of an unknown version): then git inside sees the masked files as deleted. */
export async function changeIndex(errand: IndexErrand): Promise<boolean> {
  const out = mkdtempSync(join(errand.scratch, "index-"));
  try {
    copyFileSync(errand.index, join(out, "index"));
    writeFileSync(join(out, "paths"), errand.paths.map((path) => `${path}\0`).join(""));
    const done = await runGit({
      root: errand.worktree,
      also: [{ source: out, target: "/out", writable: true }],
      script: SCRIPT,
      args: [errand.wide ? "wide" : "short", errand.worktree, errand.bit],
      user: errand.user,
      timeoutMs: 30_000,
    });
    if (!done.ok || !existsSync(dirname(errand.to))) return false;
    renameSync(join(out, "index"), errand.to);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
