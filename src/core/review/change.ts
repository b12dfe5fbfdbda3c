// What an agent did to the workspace, as data: one Change for each path that would differ on the host (SAND-7).
// Made by `sandbox/workspace/changes.ts`, judged by `gate.ts`, carried out by `sandbox/workspace/apply.ts`.

/** What stands at a path. `deep` is a folder whose path is too long to be entered. */
export type EntryType = "file" | "folder" | "link" | "fifo" | "socket" | "device" | "deep";

/** One side of a change. */
export interface Entry {
  readonly type: EntryType;
  /** All twelve permission bits as found. */
  readonly mode: number;
  readonly size: number;
  /** Where a link leads, as written. */
  readonly target?: string;
  /** Where a link ends once every link on the way is followed, also those of this change set; the git folder that a file named `.git` gives. Absent when nobody can say. */
  readonly end?: string;
  /** True when `end` is a program of the system or of a toolchain, outside the workspace, that is there. */
  readonly program?: boolean;
  /** SHA-256 of a file's bytes, hex. Always there for the agent's side; for the host's side when it was needed. */
  readonly digest?: string;
}

/** The host's side, with what tells it from a later state of the same path. */
export interface HostEntry extends Entry {
  /** Inode, change time and size: differs as soon as anybody touched the file. */
  readonly stamp: string;
  /** Milliseconds since 1970 of the last change of content or metadata. */
  readonly changedMs: number;
  readonly uid: number;
  readonly gid: number;
}

/** `type`: file became folder, link became file, …; `mode`: permission bits alone. */
export type ChangeKind = "add" | "modify" | "delete" | "mode" | "type";

/** One path that would differ. */
export interface Change {
  /** Relative to the workspace root. Bytes that are no UTF-8 stand as `\xNN` when `oddName` is true. */
  readonly path: string;
  readonly kind: ChangeKind;
  readonly before?: HostEntry;
  readonly after?: Entry;
  /** The name is not UTF-8: it can be shown, not carried out. */
  readonly oddName: boolean;
  /** A secret of the host stands here that the agent could not see (CRED-6). */
  readonly masked: boolean;
  /** For an added file: the deleted path with the same bytes. */
  readonly movedFrom?: string;
  /** The host's side is not what the session knew: uncommitted work beside a private copy, or an edit after a live apply. */
  readonly differs?: boolean;
  /** The host's side is what this session put there before (`apply: live`). */
  readonly ours?: boolean;
  /** Nothing stood there before the session came: to take it away again is no loss. */
  readonly made?: boolean;
}

/** What a repository's own data would lose, counted where something of it is deleted. */
export interface RepositoryLoss {
  /** Its folder, relative: `.git`, `lib/.git`, `.git/modules/lib`. */
  readonly git: string;
  /** Branches, tags and stashes on the host, and how many of them would be gone. */
  readonly refs: number;
  readonly lostRefs: number;
  /** Objects that are deleted and stand in no pack that stays or comes. */
  readonly lostObjects: number;
  /** Packs that come and are what they say. */
  readonly newPacks: number;
}

/** Everything one session would change. */
export interface ChangeSet {
  /** Parents before children, bytewise order. */
  readonly changes: readonly Change[];
  /** Folders (not named `.git`) that git would take for a repository once this is applied; `""` is the root. */
  readonly bareRepositories: readonly string[];
  readonly losses: readonly RepositoryLoss[];
  /** Files on the host outside `.git` and dependency folders; counted only when something was deleted, and no further than 200, else 0. */
  readonly hostFiles: number;
  /** Files that this session deleted on the host before (`apply: live`). */
  readonly lostBefore?: number;
}
