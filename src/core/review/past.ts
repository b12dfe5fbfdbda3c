// What a session replaced on the host, as data (SAND-10): one record for each path, enough to give it back and to tell whether
// the host still is as the session left it. Kept by `sandbox/workspace/past-*.ts`. Pure.
import type { EntryType } from "./change.ts";

/** What stood at a path. */
export interface PastEntry {
  readonly type: EntryType;
  /** All twelve permission bits. */
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  /** Nanoseconds since 1970, decimal: more than a number holds. */
  readonly mtimeNs: string;
  /** Where a link leads. */
  readonly target?: string;
  /** SHA-256 of a file's bytes, hex. Absent for a large file that was kept by a second name and never read. */
  readonly digest?: string;
  /** For git's index: the digest of what it says (git-index.ts), which outlives a `git status`. */
  readonly meaning?: string;
  /** Name of the file's own inode in the store, where that could be kept too. */
  readonly twin?: string;
  /** Inode number of the twin, or of a file that had more names. */
  readonly inode?: string;
}

/** One path that a session changed. */
export interface PastRecord {
  /** Relative to the workspace root. */
  readonly path: string;
  /** What undo gives back; `null`: nothing stood there. */
  readonly before: PastEntry | null;
  /** What the session made of it; `null`: nothing. `unknown` when it was killed before anybody looked. */
  readonly left: PastEntry | null | "unknown";
  /** True once it was given back: then `before` is the session's state, and a redo brings that again. */
  readonly undone?: true;
  /** Why no image was taken, if none was: then the path cannot be given back. */
  readonly uncovered?: string;
}

/** True when what stands there now is what the record's side says. Modes count by their nine bits, times not at all. */
export function isSameState(now: PastEntry | null, then: PastEntry | null): boolean {
  if (now === null || then === null) return now === then;
  if (now.type !== then.type) return false;
  if (now.type === "link") return now.target === then.target;
  if (((now.mode ^ then.mode) & 0o777) !== 0) return false;
  if (now.type !== "file") return true;
  if (now.meaning !== undefined && now.meaning === then.meaning) return true;
  if (now.digest === undefined || then.digest === undefined)
    return now.size === then.size && now.mtimeNs === then.mtimeNs;
  return now.digest === then.digest;
}
