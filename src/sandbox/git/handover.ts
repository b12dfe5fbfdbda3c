// The commits of a session's private copy on their way to the host (SAND-7): its objects are packed in a fence, checked there as a fetch checks
// what a stranger sends (every object hashed and fscked, everything reachable), and laid into a folder of the session like an overlay's upper
// layer: one pack and one branch for each tip. From there the gate, the review and the apply are those of any other change.
import { copyFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import { BORROWED_OBJECTS, runGit } from "./git-fence.ts";
import { type GitLayers, readSessionRefs, type SessionBranch } from "./layered-refs.ts";

/** One session's copy, and where its commits go. */
export interface HandoverOptions {
  readonly layers: GitLayers;
  /** The host's repository (`.git`, or the common folder of a worktree). Real path. */
  readonly common: string;
  /** That folder relative to `layer`'s root: `.git`, `.git/modules/lib`. */
  readonly git: string;
  /** The commit that the session started from. */
  readonly base: string;
  /** The branch that HEAD's commits arrive on; other branches arrive below `<branch>-branches/`. */
  readonly branch: string;
  /** Absent folders of the session: where git works, and what comes of it. */
  readonly scratch: string;
  readonly layer: string;
}

/** What is handed over. */
export interface Handover {
  readonly branches: readonly SessionBranch[];
}

const MOST_MS = 10 * 60_000;

/** Makes the layer; empty when the session made no commit. On failure there is none, and the session's own folder still holds everything. */
export async function makeHandover(options: HandoverOptions): Promise<Result<Handover, Problem>> {
  const wished = tipsOf(options);
  if (wished.length === 0) return finish(options, { branches: [] }, undefined);
  rmSync(options.scratch, { recursive: true, force: true });
  mkdirSync(options.scratch, { mode: 0o700 });
  const theirs = join(options.layers.upper, "objects");
  const printed = await runGit({
    root: options.common,
    also: [
      { source: join(options.common, "objects"), target: BORROWED_OBJECTS },
      { source: join(options.layers.base, "objects"), target: "/base" },
      // A link here would show what it leads to.
      ...(isRealFolder(options.layers.upper) && isRealFolder(theirs) ? [{ source: theirs, target: "/theirs" }] : []),
      { source: options.scratch, target: "/scratch", writable: true as const },
    ],
    script: SCRIPT,
    args: [options.common, options.base, ...wished.map(({ commit }) => commit)],
    timeoutMs: MOST_MS,
  });
  if (!printed.ok) return printed;
  const lines = printed.value.toString("utf8").split("\n");
  const refusal = lines.find((line) => line.startsWith("refused "))?.slice("refused ".length);
  if (refusal !== undefined || lines.at(-2) !== "done") return err(unverified(refusal ?? "git could not finish"));
  const fresh = new Set(lines.flatMap((line) => (line.startsWith("fresh ") ? [line.slice("fresh ".length)] : [])));
  return finish(
    options,
    { branches: wished.filter(({ commit }) => fresh.has(commit)) },
    join(options.scratch, "checked"),
  );
}

/** The branch names of the host for what the session's repository names: HEAD first. */
function tipsOf({ layers, base, branch }: HandoverOptions): readonly SessionBranch[] {
  const { head, branches } = readSessionRefs(layers);
  const others = branches.filter(({ commit }) => commit !== head && commit !== base);
  return [
    ...(head === undefined || head === base ? [] : [{ name: branch, commit: head }]),
    ...others.slice(0, MOST_OTHERS).map(({ name, commit }) => ({ name: `${branch}-branches/${name}`, commit })),
  ];
}

const MOST_OTHERS = 64;

// Two repositories that nobody configured: one that can see the agent's objects and packs them, one that cannot and checks the pack, as
// `git fetch` does: index-pack hashes and fscks every object, rev-list finds everything that the tips need. A tip that the host has already is old.
const SCRIPT = `
common=$1 base=$2
shift 2
refuse() { printf 'refused %s: ' "$1"; tail -n 1 /complaints | head -c 300; printf '\\n'; exit 0; }
format=$(git --git-dir="$common" rev-parse --show-object-format)
new() {
  mkdir -p "$1/objects/info" "$1/objects/pack" "$1/refs"
  echo 'ref: refs/heads/none' >"$1/HEAD"
  if [ "$format" = sha1 ]; then printf '[core]\\n\\trepositoryformatversion = 0\\n\\tbare = true\\n' >"$1/config"
  else printf '[core]\\n\\trepositoryformatversion = 1\\n\\tbare = true\\n[extensions]\\n\\tobjectFormat = %s\\n' "$format" >"$1/config"; fi
  if [ -f "$common/shallow" ] && [ ! -L "$common/shallow" ]; then head -c 4194304 "$common/shallow" >"$1/shallow"; fi
}
new /scratch/packed
new /scratch/checked
echo ${BORROWED_OBJECTS} >/scratch/checked/objects/info/alternates
{ [ ! -d /theirs ] || echo /theirs; printf '%s\\n' /base ${BORROWED_OBJECTS}; } >/scratch/packed/objects/info/alternates
host() { git --git-dir="$common" "$@"; }
checked() { git --git-dir=/scratch/checked "$@"; }
known=$(host for-each-ref --format='%(objectname)')
wanted=
for tip do
  # A commit that a branch of the host reaches is nothing new.
  if checked cat-file -e "$tip" && [ -n "$known" ] && [ -z "$(printf '%s\\n' "$known" | sed 's/^/^/' | { printf '%s\\n' "$tip"; cat; } | checked rev-list -1 --stdin)" ]; then continue; fi
  wanted="$wanted $tip"
done
if [ -n "$wanted" ]; then
  # shellcheck disable=SC2086
  { printf '%s\\n' $wanted; printf '^%s\\n' "$base"; } | git --git-dir=/scratch/packed pack-objects -q --revs --stdout >/scratch/pack || refuse 'the objects cannot be packed'
  checked index-pack --strict --stdin --max-input-size=4294967296 </scratch/pack >/said || refuse 'an object is not what git stores'
  rm /scratch/pack
  for tip in $wanted; do
    [ "$(checked cat-file -t "$tip")" = commit ] || refuse 'a branch names no commit'
    checked rev-list --objects --quiet "$tip" --not "$base" || refuse 'something that a commit needs is missing'
    printf 'fresh %s\\n' "$tip"
  done
fi
printf 'done\\n'
`;

/** Lays pack and branches where an apply looks for them; whole or not at all. */
function finish(options: HandoverOptions, handover: Handover, checked: string | undefined): Result<Handover, Problem> {
  const fresh = `${options.layer}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(join(fresh, options.git), { recursive: true });
  if (checked !== undefined && handover.branches.length > 0) {
    const packs = join(checked, "objects/pack");
    mkdirSync(join(fresh, options.git, "objects/pack"), { recursive: true });
    for (const name of readdirSync(packs)) {
      if (!/^pack-[0-9a-f]{40,64}\.(?:pack|idx)$/.test(name) || !lstatSync(join(packs, name)).isFile()) continue;
      copyFileSync(join(packs, name), join(fresh, options.git, "objects/pack", name));
    }
    for (const { name, commit } of handover.branches) {
      const file = join(fresh, options.git, "refs/heads", name);
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, `${commit}\n`, { mode: 0o644, flag: "wx" });
    }
  }
  rmSync(options.scratch, { recursive: true, force: true });
  renameSync(fresh, options.layer);
  return ok(handover);
}

function unverified(why: string): Problem {
  return {
    code: "handover-unverified",
    message: `the session's commits are not handed over: ${forTerminal(why)}`,
    hint: "its files are judged as always; the commits stay in the session's folder until it is discarded",
  };
}

function isRealFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
