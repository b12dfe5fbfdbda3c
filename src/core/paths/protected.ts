// Protected paths (SAND-3, PERM-4): files that some program on the host runs or obeys without being asked, at any depth,
// present or not. The names are data (`protected.json`); here is only how a path is compared with them. Pure.
// Comparing is wider than any file system: case, Unicode composition, and characters that HFS+, APFS or NTFS ignore do not count.
import data from "./protected.json" with { type: "json" };

/** The names a guard refuses and the folders below which it does not (same shape as `GuardPlan` of `#core/sandbox`). */
export interface ProtectedNames {
  readonly names: readonly string[];
  readonly exceptBelow: readonly string[];
}

/** Why a path is protected. */
export interface Protection {
  /** The pattern of `protected.json` that matched, or `.git` for a spelling that some file system takes for it. */
  readonly name: string;
  /** Half a sentence that follows "because": what would run it. */
  readonly why: string;
  /** The match stands below a dependency folder (SAND-3): to be listed, not held. */
  readonly inDependencies: boolean;
}

interface Pattern {
  readonly name: string;
  readonly why: string;
  readonly parts: readonly string[];
}

const PATTERNS: readonly Pattern[] = data.groups.flatMap(({ why, names }) =>
  names.map((name) => ({ name, why, parts: name.split("/") })),
);

// Only patterns whose last fixed first part can match are tried; a wildcard first part is tried always.
const BY_FIRST: ReadonlyMap<string, readonly Pattern[]> = index(PATTERNS);

// Any number of folders: a submodule is called as its path, and one within it has its repository below.
const ANY_FOLDERS = "**";

// What git stores there has names of its own: a branch may be called `config`.
const STORED = new Set(["objects", "refs", "logs"]);

const EXCEPT = new Set(data.exceptBelow);

// git's own list of what HFS+ ignores (utf8.c, next_hfs_char) and everything else that has no width.
const IGNORED = /[\p{Default_Ignorable_Code_Point}\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu;

/** Names of which folding changes nothing but the case. */
const PLAIN = /^[A-Za-z0-9_.-]*[A-Za-z0-9_-]$/;

/**
 * One component as the widest file system would read it: composed and compatible forms are one, ignorable characters are
 * gone, upper case is lower, NTFS's trailing dots and spaces and stream names are cut. Idempotent.
 */
export function foldName(component: string): string {
  // Nearly every name; a large workspace has a hundred thousand.
  if (PLAIN.test(component)) return component.toLowerCase();
  const wide = component.normalize("NFKC").replace(IGNORED, "").toLowerCase().normalize("NFKC");
  const plain = wide.replace(/(?<=.):.*$/s, "");
  const cut = plain.replace(/[. ]+$/, "");
  // `.` and `..` and names of dots alone stay what they are.
  return cut === "" ? plain : cut;
}

/** True when `component` is `.git` itself or a spelling that a case-insensitive file system, HFS+ or NTFS takes for it. */
export function isGitName(component: string): boolean {
  const folded = foldName(component);
  return folded === ".git" || folded === "git~1";
}

/** True for folders such as `node_modules`, spelled exactly so: an exception must not be wider than it is written. */
export function isDependencyFolder(component: string): boolean {
  return EXCEPT.has(component);
}

/**
 * Why the relative path is protected, or `undefined`. A match may start at any component, and everything below it is
 * protected. Of several matches one outside dependency folders is given before one inside.
 */
export function protection(path: string): Protection | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const folded = parts.map(foldName);
  let listed: Protection | undefined;
  let inDependencies = false;
  for (let start = 0; start < parts.length; start++) {
    const found = matchAt(folded, start) ?? oddGit(parts[start] ?? "");
    if (found !== undefined && !inDependencies) return { ...found, inDependencies };
    if (found !== undefined) listed ??= { ...found, inDependencies };
    // What climbs out with `..` has left the exception too.
    inDependencies = parts[start] !== ".." && (inDependencies || isDependencyFolder(parts[start] ?? ""));
  }
  return listed;
}

/**
 * The protected name that would come to stand *below* `path` if it were a link or a moved folder, or `undefined`:
 * `.github` is not protected itself, but a link there brings `.github/workflows`.
 */
export function leadsToProtected(path: string): string | undefined {
  const folded = path
    .split("/")
    .filter((part) => part !== "")
    .map(foldName);
  return PATTERNS.find(({ parts }) => {
    // A match under way at the end: all names are used up, and the pattern is not.
    return folded.some((_, start) => walk(parts, 0, folded, start) === "under way");
  })?.name;
}

/** The names as data for the guard of a `direct` workspace. */
export function guardPlan(): ProtectedNames {
  return { names: PATTERNS.map(({ name }) => name), exceptBelow: data.exceptBelow };
}

function matchAt(
  folded: readonly string[],
  start: number,
): { readonly name: string; readonly why: string } | undefined {
  const candidates = [...(BY_FIRST.get(folded[start] ?? "") ?? []), ...(BY_FIRST.get("*") ?? [])];
  return candidates.find(({ parts }) => walk(parts, 0, folded, start) === "whole");
}

/** Follows a pattern from its part `part` along the names from `at` on: to its end, to the end of the names, or `undefined` where it stops before. */
function walk(
  parts: readonly string[],
  part: number,
  folded: readonly string[],
  at: number,
): "whole" | "under way" | undefined {
  const pattern = parts[part];
  if (pattern === undefined) return "whole";
  const name = folded[at];
  if (name === undefined) return "under way";
  if (pattern !== ANY_FOLDERS) return partMatches(pattern, name) ? walk(parts, part + 1, folded, at + 1) : undefined;
  const past = walk(parts, part + 1, folded, at);
  if (past === "whole" || STORED.has(name)) return past;
  return walk(parts, part, folded, at + 1) ?? past;
}

/** A `.git` that is not spelled `.git` is no repository here, but is one on the disk it is copied to. */
function oddGit(component: string): { readonly name: string; readonly why: string } | undefined {
  return component !== ".git" && isGitName(component)
    ? { name: ".git", why: "another file system takes this name for `.git`" }
    : undefined;
}

function partMatches(pattern: string, folded: string | undefined): boolean {
  if (folded === undefined) return false;
  const star = pattern.indexOf("*");
  if (star < 0) return pattern === folded;
  const tail = pattern.slice(star + 1);
  return folded.length >= pattern.length - 1 && folded.startsWith(pattern.slice(0, star)) && folded.endsWith(tail);
}

function index(patterns: readonly Pattern[]): ReadonlyMap<string, readonly Pattern[]> {
  const map = new Map<string, Pattern[]>();
  for (const pattern of patterns) {
    const first = pattern.parts[0] ?? "";
    const key = first.includes("*") ? "*" : first;
    map.set(key, [...(map.get(key) ?? []), pattern]);
  }
  return map;
}
