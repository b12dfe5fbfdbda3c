// Many files at once: all are copied beside the workspace first, one call waits for the disk, and then each goes to its place by rename. A wait
// for each file alone costs milliseconds apiece.
import { execFileSync } from "node:child_process";
import { lstatSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import type { Change } from "#core/review";
import { copyChecked } from "./copy.ts";
import type { Source } from "./source.ts";

/** Copies that wait in the stage, checked and on the disk. */
export interface Staged {
  /** The copy of this change, to be renamed into place; `undefined`: make one. Each is given once. */
  take(change: Change): string | undefined;
  /** Removes what was not taken. */
  close(): void;
}

// Below this a wait for each file is quicker than one for the whole file system.
const FEW = 16;

/** Copies the files among `changes` that must be durable. Where it cannot, nothing is staged, and each file is copied by itself. */
export function stageFiles(
  places: { readonly root: string; readonly source: Source; readonly stage: string },
  changes: readonly Change[],
  nameOf: (change: Change) => string,
): Staged {
  const copies = new Map<Change, string>();
  const { source } = places;
  const files = changes.filter(
    (change) =>
      change.after?.type === "file" &&
      change.kind !== "mode" &&
      !change.oddName &&
      source.readyFor(change) === undefined,
  );
  const isWorthIt = files.length > FEW && lstatSync(places.stage).dev === lstatSync(places.root).dev;
  if (isWorthIt && !copyAll()) discard();
  return {
    take(change) {
      const copy = copies.get(change);
      copies.delete(change);
      return copy;
    },
    close: discard,
  };

  function copyAll(): boolean {
    try {
      for (const change of files) {
        const copy = join(places.stage, nameOf(change));
        remove(copy);
        copies.set(change, copy);
        const { after, before } = change;
        const { modeBits } = source;
        const owner = source.ownerOf(change, before);
        if (
          after === undefined ||
          !source.withFile(change, (file) => copyChecked(file, copy, { after, owner, modeBits, durable: false }))
        )
          return false;
      }
      return syncFileSystem(places.stage);
    } catch {
      return false; // told again, for the file it concerns, when each is copied by itself
    }
  }

  function discard(): void {
    for (const copy of copies.values()) remove(copy);
    copies.clear();
  }
}

/** Waits until everything of the file system that holds `path` is on the disk (syncfs). False when that cannot be asked for. */
export function syncFileSystem(path: string): boolean {
  try {
    execFileSync("/bin/sync", ["-f", path], { env: {}, cwd: "/", stdio: "ignore", timeout: 600_000 });
    return true;
  } catch {
    return false;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}
