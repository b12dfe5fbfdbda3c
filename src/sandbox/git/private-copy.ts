// A private copy of a repository at its HEAD (SAND-7: `clone`, `worktree`): made from its objects alone. Its settings, hooks, attributes outside
// the tree, reflogs, stashes, alternates, grafts and replaced objects are not copied, not obeyed, and not there. Nothing of the host is written.
import { lstatSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import { BORROWED_OBJECTS, runGit } from "./git-fence.ts";

/** What to copy, and to where. */
export interface CopyOptions {
  /** The repository's own folder (`.git`), or the common one of a linked worktree. Real path. */
  readonly common: string;
  /** The folder that holds HEAD: `common`, or the linked worktree's own below it. */
  readonly gitDir: string;
  /** `clone`: its own objects, HEAD's branch and the tags in its history. `worktree`: the host's objects borrowed read-only, every branch and tag to be read. */
  readonly kind: "clone" | "worktree";
  /** The branch that a `worktree` starts on. */
  readonly branch: string;
  /** An absent folder of the session. */
  readonly to: string;
  /** Who the files seem to belong to inside: git's index then knows them as unchanged. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** Larger trees are refused before anything is written. */
  readonly mostBytes: number;
}

/** What was copied. */
export interface PrivateCopy {
  /** The commit that HEAD named. */
  readonly commit: string;
  /** HEAD's branch inside; absent when HEAD was detached. */
  readonly branch?: string;
  /** Paths of submodules, which are empty folders in the copy; the first ones. */
  readonly submodules: readonly string[];
  /** Attribute files that name filters (Git LFS): such files are there as they are stored. */
  readonly filters: readonly string[];
}

const MOST_MS = 15 * 60_000;

/** Makes it. On failure the folder may be half made; the session's folders go as a whole. */
export async function makePrivateCopy(options: CopyOptions): Promise<Result<PrivateCopy, Problem>> {
  const { common, gitDir, kind, to, branch, user } = options;
  const objects = join(common, "objects");
  if (!isRealFolder(common) || !isRealFolder(objects))
    return err(problem(common, "objects lie behind a symbolic link"));
  mkdirSync(to, { mode: 0o755 });
  const printed = await runGit({
    root: common,
    also: [
      { source: objects, target: BORROWED_OBJECTS },
      { source: to, target: "/copy", writable: true },
    ],
    script: SCRIPT,
    args: [common, gitDir, kind, branch, String(options.mostBytes)],
    user,
    timeoutMs: MOST_MS,
  });
  return printed.ok ? parse(printed.value, options) : printed;
}

// Every refusal is a line of its own with exit 0, so that the words do not depend on what git says.
// `repack -a -d` without `-l` brings borrowed objects into a pack of the copy's own; then nothing is borrowed any more.
const SCRIPT = `
common=$1 gitdir=$2 kind=$3 branch=$4 most=$5
refuse() { printf 'refused %s\\n' "$1"; tail -n 1 /complaints | head -c 300 | sed 's/^/said /'; exit 0; }
host() { git --git-dir="$gitdir" "$@"; }
git --version >/said || refuse no-git
commit=$(host rev-parse -q --verify 'HEAD^{commit}') || refuse no-commit
format=$(host rev-parse --show-object-format)
own=$(host symbolic-ref -q --short HEAD || :)
if host show-ref --verify --quiet refs/heads/ringfence; then refuse branch-taken; fi
# By hand: \`git init\` tries out modes on files, and this fence lets nobody change any.
mkdir -p /copy/.git/objects/info /copy/.git/objects/pack /copy/.git/refs/heads /copy/.git/refs/tags /copy/.git/info
cd /copy
echo 'ref: refs/heads/unborn' >.git/HEAD
{
  if [ "$format" = sha1 ]; then printf '[core]\\n\\trepositoryformatversion = 0\\n'
  else printf '[extensions]\\n\\tobjectFormat = %s\\n[core]\\n\\trepositoryformatversion = 1\\n' "$format"; fi
  printf '\\tfilemode = true\\n\\tbare = false\\n\\tlogallrefupdates = true\\n'
} >.git/config
printf '%s\\n' ${BORROWED_OBJECTS} >.git/objects/info/alternates
if [ -f "$common/shallow" ] && [ ! -L "$common/shallow" ]; then head -c 4194304 "$common/shallow" >.git/shallow; fi
git ls-tree -r -l "$commit" | sed -n 's/^[0-9]* blob [0-9a-f]* *\\([0-9][0-9]*\\)\\t.*/\\1/p' |
  xargs -r -n 10000 sh -c 'IFS=+; echo "$# $(($*))"' sh | { n=0 s=0
  while read -r count size; do
    n=$((n + count)) s=$((s + size))
    if [ $s -gt "$most" ] || [ $n -gt 1000000 ]; then exit 1; fi
  done; } || refuse too-large
if [ "$kind" = clone ]; then
  if [ -n "$own" ]; then branch=$own; fi
  host for-each-ref --merged="$commit" --format='create %(refname) %(objectname)' refs/tags | git update-ref --stdin || :
else
  host for-each-ref --format='create %(refname) %(objectname)' refs/heads refs/tags refs/remotes | git update-ref --stdin || refuse bad-refs
fi
if [ "$kind" = clone ] && [ -z "$own" ]; then
  git update-ref --no-deref HEAD "$commit"
else
  git update-ref "refs/heads/$branch" "$commit"
  git symbolic-ref HEAD "refs/heads/$branch"
  printf 'branch %s\\n' "$branch"
fi
git pack-refs --all
if [ "$kind" = clone ]; then
  git repack -a -d -n -q >/said || refuse missing-objects
  rm .git/objects/info/alternates
  [ -n "$(git rev-list -1 HEAD)" ] || refuse missing-objects
fi
git reset -q --hard >/said || refuse missing-objects
rm -rf .git/ORIG_HEAD .git/logs
printf 'commit %s\\n' "$commit"
git ls-files -s | sed -n 's/^160000 [^\\t]*\\t/submodule /p' | head -20
git ls-files -z -- .gitattributes ':(glob)**/.gitattributes' | head -c 1000000 | xargs -0 -r grep -lE -e '(^|[[:space:]])filter=' -- | head -20 | sed 's/^/filter /' || :
printf 'done\\n'
`;

function parse(output: Buffer, { common, mostBytes }: CopyOptions): Result<PrivateCopy, Problem> {
  const lines = output.toString("utf8").split("\n");
  const all = (word: string): readonly string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));
  const [refusal] = all("refused");
  if (refusal !== undefined) return err(refusalOf(refusal, { common, mostBytes, said: all("said")[0] ?? "" }));
  const [commit = ""] = all("commit");
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit) || lines.at(-2) !== "done")
    return err(problem(common, "git could not finish the copy"));
  const [branch] = all("branch");
  return ok({
    commit,
    ...(branch === undefined ? {} : { branch }),
    submodules: all("submodule"),
    filters: all("filter"),
  });
}

interface RefusalFacts extends Pick<CopyOptions, "common" | "mostBytes"> {
  /** The last thing that git complained of. */
  readonly said: string;
}

function refusalOf(word: string, { common, mostBytes, said }: RefusalFacts): Problem {
  switch (word) {
    case "no-commit":
      return {
        code: "copy-no-commit",
        message: `\`${common}\` has no commit that HEAD names, and a private copy starts from one`,
        hint: "make a first commit, or use `--workspace overlay`",
      };
    case "no-git":
      return {
        code: "copy-no-git",
        message: "a private copy is made by git, which is not installed",
        hint: "sudo apt-get install -y git; or use `--workspace overlay`",
      };
    case "branch-taken":
      return {
        code: "copy-branch-taken",
        message: "a branch named `ringfence` stands where the session's branch `ringfence/SESSION` would be",
        hint: "rename it (`git branch -m ringfence OTHER`), or use `--workspace overlay`",
      };
    case "too-large":
      return {
        code: "copy-too-large",
        message: `the files of HEAD take more than the session's disk limit of ${mostBytes} bytes`,
        hint: "raise `sandbox.limits.disk`, or use `--workspace overlay`, which copies nothing",
      };
    default:
      return problem(
        common,
        `${word === "bad-refs" ? "a branch or tag names no object" : "objects of HEAD are missing"} (${forTerminal(said)})`,
      );
  }
}

function problem(common: string, why: string): Problem {
  return {
    code: "copy-failed",
    message: `no private copy can be made of \`${common}\`: ${why}`,
    hint: "a partial clone, or one that borrows objects, needs `git fetch --refetch` or `git repack -a -d` first; or use `--workspace overlay`",
  };
}

function isRealFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
