// The logs elsewhere that the ledger knows of (`log append`): where each was begun. Read without judging: for finding one's way.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Unreadable } from "./open-file.ts";
import { ledgerPlaces } from "./places.ts";
import { readLog } from "./read.ts";

/** A log that another program keeps. */
export interface KnownOutsideLog {
  readonly dir: string;
  readonly name: string;
  /** Something is still there. */
  readonly isThere: boolean;
}

/** All of them, each folder once, in the order in which they were begun. Empty when the ledger cannot be read. */
export function knownOutsideLogs(stateDir: string): readonly KnownOutsideLog[] {
  const names = new Map<string, string>();
  try {
    for (const { record } of readLog(ledgerPlaces(stateDir).dir)) {
      const { dir } = record?.type === "lifecycle.log" ? record.data : {};
      if (record !== undefined && typeof dir === "string") names.set(dir, record.session);
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return [...names].map(([dir, name]) => ({ dir, name, isThere: existsSync(join(dir, "certificate")) }));
}
