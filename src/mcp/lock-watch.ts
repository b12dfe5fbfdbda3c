// A person's approval, or an edit, reaches a server that runs: locks are looked at before each call, and watched so that a client hears of it sooner.
import { mkdirSync, statSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** A lock is written beside and renamed: one change, a few events. */
const SETTLE_MS = 100;

/** The locks of one server. */
export interface LockFiles {
  /** The person's own; its folder is made where there is none. */
  readonly own: string;
  /** The project's; a folder that is none yet is not watched. */
  readonly project: string;
  /** Files that say, by being there, that another server took its place. */
  readonly replaced?: readonly string[];
}

/** Another text once one of them is another file or has another content. */
export function lockMark({ own, project, replaced = [] }: LockFiles): string {
  return [own, project, ...replaced].map(markOf).join(" ");
}

function markOf(file: string): string {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? "none" : `${stat.dev}.${stat.ino}.${stat.size}.${stat.mtimeMs}.${stat.ctimeMs}`;
  } catch {
    return "unreadable";
  }
}

/** Calls `changed` after each change of either, until the answer is called. Missing one is no fault: the next call sees it. */
export function watchLocks({ own, project, replaced = [] }: LockFiles, changed: () => void): () => void {
  try {
    mkdirSync(dirname(own), { recursive: true, mode: 0o700 });
  } catch {
    // then it is not watched
  }
  const ends = [own, project, ...replaced].map((file) => watchFile(file, changed));
  return () => {
    for (const end of ends) end();
  };
}

function watchFile(file: string, changed: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  try {
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
