// A person's approval reaches a server that runs: the person's own lock is watched. Missing a change is no fault: the next call of something held
// compares anew.
import { mkdirSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** A lock is written beside and renamed: one change, a few events. */
const SETTLE_MS = 100;

/** Calls `changed` after each change of the file, until the answer is called. A folder that cannot be watched is not watched. */
export function watchLock(file: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const watcher = watch(dirname(file), { persistent: false }, (_, name) => {
      if (name !== basename(file)) return;
      clearTimeout(timer);
      timer = setTimeout(changed, SETTLE_MS).unref();
    });
    watcher.on("error", () => watcher.close());
    return () => {
      clearTimeout(timer);
      watcher.close();
    };
  } catch {
    return () => undefined;
  }
}
