// Git's own folder at the gate: what a repository is made of (objects, refs, index, HEAD) comes back as one unit or not at all, so that
// the host never has a ref without its objects. Settings, hooks and everything unknown in `.git` wait for a person. Pure.
import { isGitName } from "../paths/index.ts";
import type { Change, ChangeSet, RepositoryLoss } from "./change.ts";
import type { HoldReason, Judged } from "./reason.ts";

/** Where a path stands in a repository's own folder: `a/.git/refs/x` → `a/.git`, `refs/x`. */
export interface GitPlace {
  readonly git: string;
  readonly inside: string;
}

// What git only stores. Everything else below `.git` may be run or obeyed by some git command, now or in a later version. Not here, because
// they name programs: the state of a rebase, of a sequence of picks (`exec` lines), and of a bisection (its names pass through a shell).
const DATA =
  /^(?:objects(?:$|\/(?:[0-9a-f]{2}|pack|info)(?:$|\/[0-9a-f]{38,62}$|\/(?:pack|loose|multi-pack-index|tmp_)[A-Za-z0-9_.-]*$|\/commit-graph(?:s(?:\/.*)?)?$|\/packs$))|refs(?:$|\/.*)|packed-refs|HEAD|ORIG_HEAD|FETCH_HEAD|MERGE_HEAD|MERGE_MSG|MERGE_MODE|AUTO_MERGE|CHERRY_PICK_HEAD|REVERT_HEAD|REBASE_HEAD|SQUASH_MSG|COMMIT_EDITMSG|TAG_EDITMSG|NOTES_EDITMSG|index|sharedindex\.[0-9a-f]{40,64}|logs(?:$|\/.*)|shallow|description|info(?:$|\/(?:exclude|refs|sparse-checkout)$)|gc\.(?:log|pid)|hooks(?:$|\/[a-z-]+\.sample$)|branches$)$/;
const OBJECT = /^objects\/(?:[0-9a-f]{2}\/[0-9a-f]{38,62}|pack\/pack-[^/]*)$/;

// A half-done operation: HEAD without the state that says how it goes on would strand the person.
// A linked worktree keeps its HEAD, index and half-done work below the common folder; everything else is shared.
const LINKED = /^worktrees\/([^/]+)\/(.+)$/s;
const PER_WORKTREE = /^(?:[A-Z_]*HEAD|[A-Z]+_(?:MSG|MODE|EDITMSG)|AUTO_MERGE|index|logs\/HEAD)$/;

const HALF_DONE = /^(?:rebase-merge|rebase-apply|sequencer|BISECT_[A-Z_]+)(?:\/|$)/;
const FOLDERS = /^modules(?:\/.*)?$/;

const SETTINGS: HoldReason = { code: "git-settings", why: "git would run or obey it" };
const LOCK: HoldReason = { code: "git-settings", why: "it is a lock, and would keep the host's git from working" };
const REWRITTEN: HoldReason = { code: "git-loss", why: "git never changes an object that it has stored" };
const LOST: HoldReason = { code: "git-loss", why: "branches, tags or commits of the repository would be lost" };
const UNPACKED: HoldReason = { code: "git-loss", why: "no pack that stays holds everything that was stored here" };
const MOVED: HoldReason = {
  code: "git-moved",
  why: "the host's repository changed meanwhile; the session's commits are there, so merge the one that the branch below names: `git merge <id>`",
};
const TOGETHER: HoldReason = {
  code: "git-together",
  why: "another part of the same repository waits, and they only make sense together",
};

/** The git folder of a path and the rest below it, or `undefined` for a path outside any. The outermost counts. */
export function gitPlace(path: string): GitPlace | undefined {
  const parts = path.split("/");
  const at = parts.indexOf(".git");
  if (at < 0) return undefined;
  let end = at + 1;
  // A submodule's git folder lies in its parent's, under the submodule's name, which may have slashes.
  while (parts[end] === "modules" && end + 1 < parts.length) {
    const next = parts.findIndex((part, index) => index > end + 1 && MODULE_PARTS.has(part));
    if (next < 0) break;
    end = next;
    if (parts[next] !== "modules") break;
  }
  return { git: parts.slice(0, end).join("/"), inside: parts.slice(end).join("/") };
}

// What may stand first below a submodule's git folder; anything else is a part of its name, and with an unknown rest it all waits.
const MODULE_PARTS: ReadonlySet<string> = new Set(
  "objects refs logs HEAD index packed-refs config config.worktree hooks info description branches shallow modules worktrees commondir gitdir lfs ORIG_HEAD FETCH_HEAD MERGE_HEAD MERGE_MSG MERGE_MODE AUTO_MERGE CHERRY_PICK_HEAD REVERT_HEAD REBASE_HEAD SQUASH_MSG COMMIT_EDITMSG TAG_EDITMSG NOTES_EDITMSG gc.log gc.pid rebase-merge rebase-apply sequencer".split(
    " ",
  ),
);

/** True when the path belongs to what comes back as one: everything that git stores, its objects included. */
export function isGitData(place: GitPlace): boolean {
  return place.inside !== "" && DATA.test(ownName(place.inside));
}

/** The name of a linked worktree's file as its main repository would have it. */
function ownName(inside: string): string {
  return LINKED.exec(inside)?.[2] ?? inside;
}

/** True for what the session's own linked worktree stores below the common folder. */
export function isOwnCheckout(path: string, worktree: string | undefined): boolean {
  const place = gitPlace(path);
  return (
    place !== undefined && worktree !== undefined && isGitData(place) && LINKED.exec(place.inside)?.[1] === worktree
  );
}

/** True for the checkout of somebody else: another worktree's, or the main one's while the session works in a linked one. */
function isAnothers(inside: string, worktree: string | undefined): boolean {
  const linked = LINKED.exec(inside)?.[1];
  return linked === undefined ? worktree !== undefined && PER_WORKTREE.test(inside) : linked !== worktree;
}

/** True for what may come alone: objects harm nobody without a ref that names them. */
export function isGitObject({ inside }: GitPlace): boolean {
  return inside === "objects" || inside.startsWith("objects/");
}

/** A judge of changes below any `.git`; others pass. */
export function gitVerdict(
  { changes, losses }: ChangeSet,
  context: { readonly root: string; readonly startedMs: number; readonly worktree?: string },
): (change: Change) => HoldReason | undefined {
  const whole = wholeVerdicts(changes, losses, context.startedMs);
  const unpacked = new Set(losses.flatMap(({ git, lostObjects }) => (lostObjects > 0 ? [git] : [])));
  return (change) => {
    const place = gitPlace(change.path);
    if (place === undefined) return undefined;
    const { git, inside } = place;
    const lost = whole.get(git) === LOST ? LOST : undefined;
    if (change.after?.type === "link") return SETTINGS;
    if (inside === "")
      return change.after?.type === "file" && !isSubmoduleFile(change, context.root) ? SETTINGS : whole.get(git);
    if (FOLDERS.test(inside) && change.after?.type === "folder" && change.kind === "add") return lost;
    if (isAnothers(inside, context.worktree)) return SETTINGS;
    if (!DATA.test(ownName(inside))) return change.kind === "delete" && lost !== undefined ? lost : SETTINGS;
    if (inside.endsWith(".lock")) return LOCK;
    if (isRewritten(change, place)) return REWRITTEN;
    if (lost === undefined && isGitObject(place) && change.kind === "add") return undefined; // harms nobody, and a person can merge it
    if (whole.has(git)) return whole.get(git);
    return unpacked.has(git) && OBJECT.test(inside) && change.kind === "delete" ? UNPACKED : undefined;
  };
}

/** What is said of a repository as a whole. */
function wholeVerdicts(
  changes: readonly Change[],
  losses: readonly RepositoryLoss[],
  startedMs: number,
): ReadonlyMap<string, HoldReason> {
  const whole = new Map<string, HoldReason>();
  for (const change of changes) {
    const place = gitPlace(change.path);
    if (place === undefined) continue;
    const { git, inside } = place;
    if (isRemoval(change) && VITAL.has(ownName(inside))) whole.set(git, LOST);
    if (isGitData(place) && !isGitObject(place) && hasMoved(change, startedMs) && !whole.has(git))
      whole.set(git, MOVED);
  }
  for (const loss of losses) if (isHeavy(loss)) whole.set(loss.git, LOST);
  return whole;
}

// Without one of these it is no repository any more; `""` is the git folder itself.
const VITAL = new Set(["", "HEAD", "refs", "objects"]);

/** Objects are named after their content: each comes or goes, and stays what it is. Lists beside them (`info/packs`) change. */
function isRewritten(change: Change, place: GitPlace): boolean {
  if (change.kind === "add" || change.kind === "delete") return false;
  if (OBJECT.test(place.inside)) return true;
  return isGitObject(place) && (change.kind === "type" || change.after?.type === "folder");
}

/** A submodule's `.git` file that names its place in this workspace's own repository, as `git submodule` writes it. */
function isSubmoduleFile({ kind, after }: Change, root: string): boolean {
  const end = after?.end ?? "";
  return kind === "add" && end.startsWith(`${root}/`) && /\/\.git\/modules\/./.test(end);
}

/** Holds the rest of a repository where a part of it waits: refs, HEAD and index come together. Objects may come alone. */
export function holdTogether(judged: readonly Judged[]): readonly Judged[] {
  const torn = new Set(judged.flatMap((entry) => tornPlace(entry) ?? []));
  return judged.map((entry) => {
    const place = gitPlace(entry.change.path);
    if (entry.held !== undefined || place === undefined || !torn.has(place.git)) return entry;
    return isGitData(place) && !isGitObject(place) ? { ...entry, held: TOGETHER } : entry;
  });
}

/** The repository that this held change tears. */
function tornPlace({ change, held }: Judged): string | undefined {
  const place = gitPlace(change.path);
  if (held === undefined || place === undefined || held === UNPACKED || held === LOCK) return undefined;
  const name = ownName(place.inside);
  if (HALF_DONE.test(name)) return change.kind === "delete" ? undefined : place.git;
  return isGitData(place) && !NEVER_NEEDED.test(name) ? place.git : undefined;
}

const NEVER_NEEDED = /^(?:hooks|branches|gc\.|description|info\/|[A-Z]+_EDITMSG$)/;

/** True when git's names stand in the path: such a path is never merely listed, wherever it is (a shell prompt runs `git status` there). */
export function namesGit(path: string): boolean {
  return path.split("/").some(isGitName);
}

function isRemoval({ kind }: Change): boolean {
  return kind === "delete" || kind === "type";
}

function hasMoved({ before }: Change, startedMs: number): boolean {
  return before !== undefined && before.type !== "folder" && before.changedMs > startedMs;
}

/** One branch may be deleted, a merged handful too; everything, or most of many, is a loss. Objects may go only into a pack. */
function isHeavy({ refs, lostRefs, lostObjects, newPacks }: RepositoryLoss): boolean {
  const lostMost = lostRefs > 5 || (lostRefs > 1 && lostRefs * 2 >= refs) || (lostRefs > 0 && lostRefs === refs);
  return lostMost || (lostObjects > 0 && newPacks === 0);
}
