// How the record fails: as a `Problem` a person can read, carried by an error where a promise has to reject.
import { constants } from "node:os";
import type { Problem } from "#core";

/**
 * What `append` rejects with. `code`: `record-invalid` (this record has no exact form; the log goes on), `log-limit`
 * (`maxBytes` reached), `log-full` (disk full), `log-failed` (a write or sync failed: latched), `log-closed`.
 */
export class LogError extends Error {
  readonly code: string;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.name = "LogError";
    this.code = problem.code;
    this.problem = problem;
  }
}

/** The system's word for an error (`ENOSPC`), or its message. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // libuv has no word for a quota that is used up: its code is `Unknown system error -122`.
  if ("errno" in error && error.errno === -constants.errno.EDQUOT) return "EDQUOT";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

/** A system error about a path, as a problem. */
export function systemProblem(code: string, error: unknown, path: string): Problem {
  const word = systemCode(error);
  return {
    code,
    message: `the record cannot be kept at \`${path}\` (${word}): nothing runs without it`,
    hint: HINTS[word] ?? "look at that folder, or set XDG_STATE_HOME to another",
  };
}

const HINTS: { readonly [word: string]: string } = {
  ENOSPC: "free some space there, or set XDG_STATE_HOME to a disk that has some",
  EDQUOT: "your quota is used up there; set XDG_STATE_HOME to another disk",
  EIO: "the disk reports errors (see `dmesg`); set XDG_STATE_HOME to another one",
  EINTR: "try again",
  EACCES: "make that folder yours, or set XDG_STATE_HOME to one that is",
  EROFS: "set XDG_STATE_HOME to a folder that can be written",
  ENOENT: "it was moved or deleted while it was written; a new session starts a new one",
  ENOTDIR: "something else stands where the folder should be; move it away",
};
