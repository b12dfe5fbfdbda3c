// The journal of one apply: what is about to be done, durable before the first change and gone after the last.
// Every change in it can be tried again: done already, still to do, or (the host moved since) refused.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Change } from "#core/review";
import { isAbsence } from "./host-entry.ts";
import type { FolderTime } from "./past-store.ts";

/** What one apply does, in its order. */
export interface Journal {
  readonly version: 1;
  /** Part of every temporary name, so that a cut-off apply's leftovers are found by name. */
  readonly token: string;
  readonly changes: readonly Change[];
  /** Undo: folders whose time is given back at the end. */
  readonly folders?: readonly FolderTime[];
  /** Undo: paths of which only the time is given back. */
  readonly times?: readonly GivenTime[];
}

/** A modification time, nanoseconds since 1970. */
export interface GivenTime {
  readonly path: string;
  readonly ns: string;
}

/** A journal with a fresh token. */
export function journalOf(changes: readonly Change[]): Journal {
  return { version: 1, token: randomBytes(6).toString("hex"), changes };
}

/** Writes it whole and waits for the disk. */
export function writeJournal(file: string, journal: Journal): void {
  const fresh = `${file}.new`;
  const fd = openSync(fresh, "w", 0o600);
  try {
    writeFileSync(fd, JSON.stringify(journal));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(fresh, file);
}

/** The journal of a cut-off apply, or `undefined`. The file is ours, whole or absent: anything else in it is a bug and throws. */
export function readJournal(file: string): Journal | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Forgets it: everything in it is done or refused. */
export function dropJournal(file: string): void {
  rmSync(file, { force: true });
}
