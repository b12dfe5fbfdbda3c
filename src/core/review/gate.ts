// The gate (DESIGN 8, REV-1 in its first form): every change of a session is clean, held for a person, or listed. Pure.
// Held means: not wrong, but something on the host would run it, obey it, or be lost by it, so a person looks first.
import { foldName, isDependencyFolder, leadsToProtected, protection } from "../paths/index.ts";
import type { Change, ChangeSet } from "./change.ts";
import { isLoss, isMassDeletion, MASS_DELETION, movedPaths } from "./deletion.ts";
import { gitVerdict, holdTogether, isOwnCheckout, namesGit } from "./git.ts";
import { leavesWorkspace } from "./link.ts";
import { type Obeyed, obeyedReason } from "./obeyed.ts";
import type { HoldReason, Judged } from "./reason.ts";

/** What the gate knows beyond the changes. */
export interface GateContext {
  /** Absolute, real. */
  readonly root: string;
  readonly startedMs: number;
  /** The name of the linked worktree that the session worked in, where the changes are those of its repository. */
  readonly worktree?: string;
  /** The policy's denied writes, by path relative to the root. */
  readonly denied: (path: string) => boolean;
  /** A known agent's own settings, relative names in lower case. */
  readonly alsoProtected: readonly string[];
  /** What of the workspace is obeyed by another name. */
  readonly obeyed?: readonly Obeyed[];
  /** Set when everything waits, whatever it is. */
  readonly holdAll?: HoldReason;
}

const LARGE_BYTES = 512 * 1024 * 1024;

/** Judges every change, in order. */
export function judgeChanges(set: ChangeSet, context: GateContext): readonly Judged[] {
  const moved = isMassDeletion(set) ? movedPaths(set) : undefined;
  const git = gitVerdict(set, context);
  const obeyed = obeyedReason(context.obeyed ?? []);
  const judged = set.changes.map((change): Judged => {
    const held =
      reasonToHold(change, set, context) ??
      git(change) ??
      obeyed(change) ??
      hostMoved(change, context) ??
      (moved !== undefined && isLoss(change, moved) ? MASS_DELETION : undefined) ??
      context.holdAll; // last: a reason of its own says more
    if (held !== undefined) return { change, held };
    const found = protection(change.path);
    return found?.inDependencies === true ? { change, notice: `${change.path}: ${found.why}` } : { change };
  });
  return holdEmptied(holdBelow(holdTogether(judged)));
}

/** Where what replaces a folder waits, the folder keeps its files. */
function holdBelow(judged: readonly Judged[]): readonly Judged[] {
  const kept = new Map(
    judged.flatMap(({ change, held }) =>
      held !== undefined && change.kind === "type" ? [[change.path, held] as const] : [],
    ),
  );
  if (kept.size === 0) return judged;
  return judged.map((entry) => {
    if (entry.held !== undefined || entry.change.kind !== "delete") return entry;
    for (let at = parentOf(entry.change.path); at !== ""; at = parentOf(at)) {
      const held = kept.get(at);
      if (held !== undefined) return { change: entry.change, held };
    }
    return entry;
  });
}

const ONLY_HELD: HoldReason = { code: "only-held-inside", why: "nothing of what it would hold is applied yet" };

/** A new folder comes with its contents: where all of them wait, it waits too. */
function holdEmptied(judged: readonly Judged[]): readonly Judged[] {
  const waits = new Set<string>();
  const fills = new Set<string>();
  for (const { change, held } of judged) {
    if (change.kind === "delete" || (held === undefined && change.after?.type === "folder")) continue;
    for (let at = parentOf(change.path); at !== ""; at = parentOf(at)) (held === undefined ? fills : waits).add(at);
  }
  return judged.map((entry) => {
    const { kind, after, path } = entry.change;
    const isNewFolder = kind === "add" && after?.type === "folder";
    return entry.held === undefined && isNewFolder && waits.has(path) && !fills.has(path)
      ? { change: entry.change, held: ONLY_HELD }
      : entry;
  });
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function reasonToHold(change: Change, set: ChangeSet, context: GateContext): HoldReason | undefined {
  const { after, path } = change;
  if (change.oddName) return { code: "bad-name", why: "its name cannot be written down exactly" };
  if (after !== undefined && !["file", "folder", "link"].includes(after.type))
    return { code: "special-file", why: `it is a ${after.type}, which is never made on the host` };
  const found = protection(path);
  if (
    found !== undefined &&
    (!found.inDependencies || namesGit(path)) &&
    !isIdleHook(change) &&
    !isOwnCheckout(path, context.worktree)
  )
    return { code: "protected-path", why: found.why };
  if (isAgentSetting(path, context.alsoProtected))
    return { code: "protected-path", why: "it changes the agent's own settings" };
  // Below dependency folders the names that a link brings are listed as any others there are.
  const leads =
    after?.type === "link" && !path.split("/").some(isDependencyFolder) ? leadsToProtected(path) : undefined;
  if (leads !== undefined) return { code: "protected-path", why: `a link here would bring \`${leads}\`` };
  if (context.denied(path)) return { code: "denied-by-policy", why: "a rule of the policy denies writing it" };
  if (change.masked)
    return { code: "masked", why: "a file of this name was hidden from the agent, and would be replaced" };
  if (set.bareRepositories.some((folder) => path === folder || path.startsWith(folder === "" ? "" : `${folder}/`))) {
    return { code: "bare-repository", why: "git takes this folder for a repository with settings of its own" };
  }
  if (leavesWorkspace(change, context.root))
    return { code: "link-out", why: `it links out of the workspace, to ${after?.end ?? after?.target}` };
  if (
    after !== undefined &&
    after.type !== "link" &&
    (after.mode & 0o7000 & ~(after.type === "folder" ? 0o3000 : 0)) !== 0
  ) {
    return { code: "set-id", why: "it would run as somebody else (setuid, setgid)" };
  }
  if (after !== undefined && after.size > LARGE_BYTES) return { code: "too-large", why: "it is larger than 512 MiB" };
  return undefined;
}

// A folder's time moves with everything in it; what is in it is judged by itself.
function hostMoved({ before, differs, ours }: Change, { startedMs }: GateContext): HoldReason | undefined {
  if (differs === true) return { code: "host-moved", why: "the host's file is not the one that the session knew" };
  if (ours === true) return undefined;
  return before !== undefined && before.type !== "folder" && before.changedMs > startedMs
    ? { code: "host-moved", why: "the host's file changed while the session ran" }
    : undefined;
}

/** `git init` brings samples that git never runs, the folder for them, and an empty one. */
function isIdleHook({ path, after }: Change): boolean {
  return (
    (/(?:^|\/)\.git\/(?:hooks|branches)$/.test(path) && after?.type === "folder") ||
    (/(?:^|\/)\.git\/hooks\/[a-z-]+\.sample$/.test(path) && after?.type === "file")
  );
}

function isAgentSetting(path: string, names: readonly string[]): boolean {
  const folded = path.split("/").map(foldName).join("/");
  return names.some(
    (name) =>
      folded === name || folded.startsWith(`${name}/`) || folded.endsWith(`/${name}`) || folded.includes(`/${name}/`),
  );
}
