// What keeps a command from running when its start cannot be put on record (I6).
import type { Problem } from "#core";

/** Rejects with the Problem that an append's error carries, as a fence's `mayRun` wants it. */
export function notRecorded(error: Error & { readonly problem?: Problem }): never {
  throw error.problem ?? { code: "not-recorded", message: `the start cannot be recorded: ${error.message}` };
}
