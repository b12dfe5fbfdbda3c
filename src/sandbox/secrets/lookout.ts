// The supervisor's eyes on the host's side of a workspace (native/lookout.c): every name that comes to stand there while a session runs.
import { type ChildProcess, spawn } from "node:child_process";
import { readEvents } from "../fence-events.ts";

/** What was seen. Paths relative to the root. */
export type Sighting =
  /** An entry that is no folder came, or was written. */
  | { readonly kind: "name"; readonly path: string }
  /** A folder came, with whatever is in it. */
  | { readonly kind: "folder"; readonly path: string }
  /** From now on everything is seen. What came since the search before the start is the caller's to look for once. */
  | { readonly kind: "ready" }
  /** Something may have been missed: everything is the caller's to look at again. */
  | { readonly kind: "lost" }
  /** Not every folder can be watched here. */
  | { readonly kind: "partial"; readonly why: string };

/** A running one. */
export interface Lookout {
  close(): void;
}

/** Starts it. `onSighting` must not throw. */
export function openLookout(options: {
  readonly helper: string;
  readonly root: string;
  readonly onSighting: (sighting: Sighting) => void;
}): Lookout {
  const { onSighting } = options;
  let isClosed = false;
  const child: ChildProcess = spawn(options.helper, ["lookout", options.root], {
    env: {},
    stdio: ["pipe", "pipe", "ignore"],
  });
  const gone = (): void => {
    if (!isClosed) onSighting({ kind: "partial", why: "the lookout ended" });
    isClosed = true;
  };
  child.once("error", gone);
  child.once("close", gone);
  child.stdin?.on("error", () => undefined);
  if (child.stdout !== null) {
    readEvents(child.stdout, (word, [path = ""]) => {
      if (isClosed) return;
      if (word === "name" || word === "folder") onSighting({ kind: word, path });
      if (word === "ready" || word === "lost") onSighting({ kind: word });
      if (word === "partial")
        onSighting({ kind: "partial", why: "fs.inotify.max_user_watches is smaller than the workspace" });
    });
  }
  return {
    close() {
      isClosed = true;
      child.stdin?.end();
      child.kill("SIGKILL");
    },
  };
}
