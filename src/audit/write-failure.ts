// Why a record was not written, and whether the log may say so itself: a disk without room leaves the last words, by a reserve;
// a failed sync leaves nothing, because no later one can be believed.
import type { Problem } from "#core";
import { systemCode, systemProblem } from "./problem.ts";
import { AppendFailed } from "./segment.ts";

/** The problem behind an error of a write, a sync or a signature, about the log in `dir`. */
export function writeProblem(error: unknown, dir: string): Problem {
  return systemProblem(isFull(error) ? "log-full" : "log-failed", cause(error), dir);
}

/** Only a write that found no room can be gone on from; a failed sync cannot, whatever its word is. */
export function isFull(error: unknown): boolean {
  if (error instanceof AppendFailed && error.stage === "sync") return false;
  const word = systemCode(cause(error));
  return word === "ENOSPC" || word === "EDQUOT";
}

function cause(error: unknown): unknown {
  return error instanceof AppendFailed ? error.cause : error;
}
