// How much room each log takes, by its parts.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { sessionFolders } from "./machine.ts";
import { LEDGER, ledgerPlaces, sessionPlaces } from "./places.ts";

/** Bytes of one log. */
export interface LogSize {
  readonly session: string;
  readonly lines: number;
  readonly blobs: number;
  readonly tiles: number;
  readonly vault: number;
  /** Keys, checkpoints, epochs: what pruning leaves. */
  readonly notes: number;
  readonly total: number;
}

/** The sizes of the ledger and of every session that has a folder. */
export function logSizes(stateDir: string): readonly LogSize[] {
  const logs = [LEDGER, ...sessionFolders(stateDir)];
  return logs.map((session) =>
    sizeOf(session, session === LEDGER ? ledgerPlaces(stateDir).dir : sessionPlaces(stateDir, session).dir),
  );
}

function sizeOf(session: string, dir: string): LogSize {
  const [lines, blobs, tiles, vault] = ["log", "blobs", "tile", "vault"].map((part) => sizeBelow(join(dir, part))) as [
    number,
    number,
    number,
    number,
  ];
  const total = sizeBelow(dir);
  return { session, lines, blobs, tiles, vault, notes: total - lines - blobs - tiles - vault, total };
}

/** Bytes of a file, or of all files below a folder; links are not followed, what goes meanwhile counts nothing. */
export function sizeBelow(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return found?.isFile() === true ? found.size : 0;
  try {
    return readdirSync(path).reduce((sum, name) => sum + sizeBelow(join(path, name)), 0);
  } catch {
    // It went while it was measured, or nobody may look: either way it is no size.
    return 0;
  }
}
