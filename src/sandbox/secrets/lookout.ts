// The supervisor's eyes on the host's side of a workspace (native/lookout.c): first whatever could be a secret by its name, then every name that comes
// to stand there. One walk does both, and each folder is watched before it is looked at, so that nothing falls between the search and the watch.
import { type ChildProcess, spawn } from "node:child_process";
import { err, ok, type Problem, type Result } from "#core";
import { SECRET_FOLDERS, SECRET_WORDS } from "#core/paths";
import { readEvents } from "../fence-events.ts";

/** What was seen. Paths relative to the root. */
export type Sighting =
  /** An entry that is no folder came, or was written. */
  | { readonly kind: "name"; readonly path: string }
  /** A folder came, with whatever is in it. */
  | { readonly kind: "folder"; readonly path: string }
  /** From now on everything is seen, git's objects too. What came to these since the first look is the caller's to look for once. */
  | { readonly kind: "ready" }
  /** Something may have been missed: everything is the caller's to look at again. */
  | { readonly kind: "lost" }
  /** Not every folder can be watched here. */
  | { readonly kind: "partial"; readonly why: string };

/** What was there at the first look. Paths relative to the root. */
export interface FirstLook {
  /** No folders. Many of them are no secrets: `judgeNames` says which. */
  readonly names: readonly string[];
  /** Folders that git could take for a repository; "" is the root. */
  readonly repositories: readonly string[];
}

/** A running one. */
export interface Lookout {
  /** Everything that could be a secret, or why that cannot be said. Never rejects. */
  readonly first: Promise<Result<FirstLook, Problem>>;
  /** Hears what came since then, first what came before it listened. Called once; `onSighting` must not throw. */
  listen(onSighting: (sighting: Sighting) => void): void;
  /** Idempotent. */
  close(): void;
}

/** Starts it. */
export function openLookout(options: { readonly helper: string; readonly root: string }): Lookout {
  let isClosed = false;
  let waiting: Sighting[] = [];
  let tell = (sighting: Sighting): void => void waiting.push(sighting);
  const names: string[] = [];
  const repositories: string[] = [];
  const child: ChildProcess = spawn(
    options.helper,
    ["lookout", options.root, ...SECRET_WORDS, "--", ...SECRET_FOLDERS],
    // A group of its own: what a terminal sends to the supervisor is not for it.
    { env: {}, stdio: ["pipe", "pipe", "ignore"], detached: true },
  );
  const first = new Promise<Result<FirstLook, Problem>>((settle) => {
    const gone = (why: string): void => {
      settle(err(unsearched(options.root, why)));
      if (!isClosed) tell({ kind: "partial", why: "the lookout ended" });
      isClosed = true;
    };
    child.once("error", ({ message }) => gone(message));
    child.once("close", () => gone("the search ended early"));
    if (child.stdout === null) return;
    readEvents(child.stdout, (word, [path = ""]) => {
      if (isClosed) return;
      if (word === "found") names.push(path);
      if (word === "repository") repositories.push(path);
      if (word === "searched") settle(ok({ names, repositories }));
      if (word === "incomplete") settle(err(tooLarge(options.root)));
      if (word === "name" || word === "folder") tell({ kind: word, path });
      if (word === "ready" || word === "lost") tell({ kind: word });
      if (word === "partial")
        tell({ kind: "partial", why: "fs.inotify.max_user_watches is smaller than the workspace" });
    });
  });
  child.stdin?.on("error", () => undefined);
  return {
    first,
    listen(onSighting) {
      tell = onSighting;
      for (const sighting of waiting) onSighting(sighting);
      waiting = [];
    },
    close() {
      isClosed = true;
      child.stdin?.end();
      child.kill("SIGKILL");
    },
  };
}

function tooLarge(root: string): Problem {
  return {
    code: "workspace-too-large",
    message: `\`${root}\` holds too many files, or folders too deep, to be searched for secrets`,
    hint: "start in the part of it that the agent needs",
  };
}

function unsearched(root: string, why: string): Problem {
  return {
    code: "workspace-unsearched",
    message: `\`${root}\` could not be searched for secrets: ${why}`,
    hint: "run `ringfence doctor`",
  };
}
