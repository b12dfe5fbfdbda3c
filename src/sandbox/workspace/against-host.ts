// The changes of a session that worked on a private copy, seen from the host: each is what the copy's commit became, and would go to where the
// person's own file stands. Where that file is not the commit's, it is the person's work, and nobody replaces it without a question. The copy's
// own repository does not go anywhere as files: its commits are handed over apart (sandbox/git/handover.ts).
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Change, ChangeKind, ChangeSet, Entry, HostEntry } from "#core/review";
import { bareRepositories } from "./bare-repository.ts";
import { inParent } from "./folder.ts";
import { digestOf, hostEntry, isAbsence } from "./host-entry.ts";

/** The same changes, with the host's side as `before`. What the host has already is nothing. */
export function againstHost(
  set: ChangeSet,
  { host, copy }: { readonly host: string; readonly copy: string },
): ChangeSet {
  const own = set.changes.filter(({ path }) => !isOwnRepository(path));
  const found = own.flatMap((change) => onHost(withDigest(change, copy), host));
  const gone = new Set(found.flatMap(({ change, keeps }) => (keeps ? [] : [change.path])));
  const changes = found.flatMap(({ change, names }) =>
    // A folder that also holds what git never knew stays, with that in it.
    names?.some((name) => !gone.has(`${change.path}/${name}`)) === true ? [] : [change],
  );
  const bare = new Set([
    ...set.bareRepositories.filter((folder) => !isOwnRepository(folder)),
    ...bareRepositories(changes, host),
  ]);
  return {
    ...set,
    changes,
    bareRepositories: [...bare],
    losses: set.losses.filter(({ git }) => !isOwnRepository(git)),
  };
}

/** What is deleted was not read yet. */
function withDigest(change: Change, copy: string): Change {
  const { before, path } = change;
  if (before?.type !== "file" || before.digest !== undefined || change.oddName) return change;
  return { ...change, before: { ...before, digest: digestOf(join(copy, path)) } };
}

function isOwnRepository(path: string): boolean {
  return path === ".git" || path.startsWith(".git/");
}

interface OnHost {
  readonly change: Change;
  /** True when something stands at the path afterwards. */
  readonly keeps: boolean;
  /** What the host has in a folder that would go. */
  readonly names?: readonly string[];
}

function onHost(change: Change, root: string): readonly OnHost[] {
  const { path, after } = change;
  if (change.oddName) return [{ change, keeps: true }];
  const side = hostSide(root, path);
  if (side === "barred") {
    const { before: _, ...rest } = change;
    return [{ change: { ...rest, differs: true }, keeps: true }];
  }
  const host = side?.entry;
  const differs = isSame(host, change.before) ? {} : { differs: true };
  if (change.kind === "delete" || after === undefined) {
    if (host === undefined) return [];
    const names = host.type === "folder" ? { names: side?.names ?? [] } : {};
    return [{ change: { ...change, before: host, ...differs }, keeps: false, ...names }];
  }
  const wanted = withHostMode(after, change.before, host);
  const kind = kindOf(host, wanted);
  const isOnlyMode = kind === "mode" && wanted.type === "folder" && change.kind !== "mode";
  if (kind === undefined || isOnlyMode) return [];
  const { before: _, movedFrom, ...rest } = change;
  const before = host === undefined ? {} : { before: host };
  const moved = kind === "add" && movedFrom !== undefined ? { movedFrom } : {};
  return [{ change: { ...rest, ...moved, kind, ...before, after: wanted, ...differs }, keeps: true }];
}

/** git knows one bit of a mode: where the session left it alone, the host keeps all of its own. */
function withHostMode(after: Entry, copy: Entry | undefined, host: Entry | undefined): Entry {
  const isLeft = copy !== undefined && copy.type === after.type && copy.mode === after.mode;
  return isLeft && host?.type === after.type ? { ...after, mode: host.mode } : after;
}

/** What the host's file is, by what git would store of it. */
function isSame(host: Entry | undefined, copy: Entry | undefined): boolean {
  if (host === undefined || copy === undefined) return host === copy;
  if (host.type !== copy.type) return false;
  if (host.type === "link") return host.target === copy.target;
  if (host.type !== "file") return host.type === "folder";
  return ((host.mode ^ copy.mode) & 0o100) === 0 && host.digest === copy.digest;
}

function kindOf(before: HostEntry | undefined, after: Entry): ChangeKind | undefined {
  if (before === undefined) return "add";
  if (before.type !== after.type) return "type";
  const isSameContent = after.type === "link" ? before.target === after.target : before.digest === after.digest;
  if (!isSameContent) return "modify";
  return after.type !== "link" && ((before.mode ^ after.mode) & 0o7777) !== 0 ? "mode" : undefined;
}

/** What stands on the host, reached without a link; `barred` where a link or another file system is in the way. */
function hostSide(
  root: string,
  path: string,
): { readonly entry: HostEntry; readonly names?: readonly string[] } | "barred" | undefined {
  try {
    return inParent(root, path, (folder, name) => {
      const entry = hostEntry(folder.at(name));
      if (entry?.type === "file") return { entry: { ...entry, digest: digestOf(folder.at(name)) } };
      if (entry?.type === "folder") return { entry, names: readdirSync(folder.at(name)) };
      return entry === undefined ? undefined : { entry };
    });
  } catch (error) {
    if (isAbsence(error) && !isNoFolder(error)) return undefined;
    if (error instanceof Error && "code" in error) return "barred";
    throw error;
  }
}

function isNoFolder(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOTDIR";
}
