// The gate (DESIGN 8, REV-1 in its first form): every change of a session is clean, held for a person, or listed. Pure.
// Held means: not wrong, but something on the host would run it, obey it, or be lost by it, so a person looks first.
import { foldName, leadsToProtected, protection } from "../paths/index.ts";
import type { Change, ChangeSet } from "./change.ts";
import { gitVerdict } from "./git.ts";

/** Why a change waits: one stable word, and half a sentence for a person. */
export interface HoldReason {
  readonly code:
    | "protected-path"
    | "link-out"
    | "special-file"
    | "set-id"
    | "mass-deletion"
    | "host-moved"
    | "bad-name"
    | "denied-by-policy"
    | "masked"
    | "bare-repository"
    | "too-large"
    | "git-settings"
    | "git-moved"
    | "asked"
    | `stopped-by-${string}`;
  readonly why: string;
}

/** One change and what the gate says. */
export interface Judged {
  readonly change: Change;
  /** Absent for a clean change. */
  readonly held?: HoldReason;
  /** Protected, but below a dependency folder, where packages bring their own: applied and listed. */
  readonly notice?: string;
}

/** What the gate knows beyond the changes. */
export interface GateContext {
  /** Absolute, real. */
  readonly root: string;
  readonly startedMs: number;
  /** The policy's denied writes, by path relative to the root. */
  readonly denied: (path: string) => boolean;
  /** A known agent's own settings, relative names in lower case. */
  readonly alsoProtected: readonly string[];
  /** Set when everything waits, whatever it is. */
  readonly holdAll?: HoldReason;
}

/** More deletions than this, and half of the repository or more, wait for a person. */
const MASS = 25;
const MASS_WHOLE = 5;
const LARGE_BYTES = 512 * 1024 * 1024;

/** Judges every change, in order. */
export function judgeChanges(set: ChangeSet, context: GateContext): readonly Judged[] {
  const mass = isMassDeletion(set);
  const git = gitVerdict(set.changes, context.startedMs);
  return set.changes.map((change): Judged => {
    const held =
      context.holdAll ??
      reasonToHold(change, set, context) ??
      git(change) ??
      (mass && isLoss(change) ? MASS_DELETION : undefined);
    if (held !== undefined) return { change, held };
    const found = protection(change.path);
    return found?.inDependencies === true ? { change, notice: `${change.path}: ${found.why}` } : { change };
  });
}

const MASS_DELETION: HoldReason = { code: "mass-deletion", why: "a large part of the files here would be deleted" };

function reasonToHold(change: Change, set: ChangeSet, context: GateContext): HoldReason | undefined {
  const { after, before, path } = change;
  if (change.oddName) return { code: "bad-name", why: "its name cannot be written down exactly" };
  if (after !== undefined && !["file", "folder", "link"].includes(after.type))
    return { code: "special-file", why: `it is a ${after.type}, which is never made on the host` };
  const found = protection(path);
  if (found !== undefined && !found.inDependencies && !isIdleHook(change))
    return { code: "protected-path", why: found.why };
  if (isAgentSetting(path, context.alsoProtected))
    return { code: "protected-path", why: "it changes the agent's own settings" };
  const leads = after?.type === "link" ? leadsToProtected(path) : undefined;
  if (leads !== undefined) return { code: "protected-path", why: `a link here would bring \`${leads}\`` };
  if (context.denied(path)) return { code: "denied-by-policy", why: "a rule of the policy denies writing it" };
  if (change.masked)
    return { code: "masked", why: "a file of this name was hidden from the agent, and would be replaced" };
  if (set.bareRepositories.some((folder) => path === folder || path.startsWith(folder === "" ? "" : `${folder}/`))) {
    return { code: "bare-repository", why: "git takes this folder for a repository with settings of its own" };
  }
  if (after?.type === "link" && leavesWorkspace(path, after.target ?? "", context.root))
    return { code: "link-out", why: `it links out of the workspace, to ${after.target}` };
  if (
    after !== undefined &&
    after.type !== "link" &&
    (after.mode & 0o7000 & ~(after.type === "folder" ? 0o3000 : 0)) !== 0
  ) {
    return { code: "set-id", why: "it would run as somebody else (setuid, setgid)" };
  }
  if (after !== undefined && after.size > LARGE_BYTES) return { code: "too-large", why: "it is larger than 512 MiB" };
  if (before !== undefined && before.changedMs > context.startedMs)
    return { code: "host-moved", why: "the host's file changed while the session ran" };
  return undefined;
}

/** `git init` brings samples that git never runs, and the folder for them. */
function isIdleHook({ path, after }: Change): boolean {
  return (
    (/(?:^|\/)\.git\/hooks$/.test(path) && after?.type === "folder") ||
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

/** Where a link leads, by its text alone: relative to its folder, never above the root; absolute only into the root. */
function leavesWorkspace(path: string, target: string, root: string): boolean {
  const from = target.startsWith("/") ? [] : `${root}/${path}`.split("/").slice(1, -1);
  const at: string[] = [...from];
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") at.pop();
    else at.push(part);
    // Dependency folders are full of links to their own; what climbs out and comes back is still judged at its end.
  }
  const end = `/${at.join("/")}`;
  return end !== root && !end.startsWith(`${root}/`);
}

function isLoss(change: Change): boolean {
  return change.kind === "delete" && change.before?.type !== "folder" && change.movedFrom === undefined;
}

function isMassDeletion(set: ChangeSet): boolean {
  const moved = new Set(set.changes.flatMap(({ movedFrom }) => movedFrom ?? []));
  const inGit = /(?:^|\/)\.git\//;
  const inDependencies = /(?:^|\/)(?:node_modules|\.venv|venv|target|dist|build|__pycache__|\.next|\.cache)\//;
  const lost = set.changes.filter(
    (change) =>
      isLoss(change) && !moved.has(change.path) && !inGit.test(change.path) && !inDependencies.test(change.path),
  ).length;
  return lost > MASS || (lost > MASS_WHOLE && lost * 2 >= set.hostFiles);
}
