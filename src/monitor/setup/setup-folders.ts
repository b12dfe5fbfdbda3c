// The folders of a session's setup: a home and a /tmp of its own, which are gone before the agent starts, and a socket for its own proxy.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { SessionPaths } from "../session-folders.ts";

/** Where the setup's things are, below the session's folder. */
export interface SetupFolders {
  readonly home: string;
  readonly tmp: string;
  /** The setup's proxy. */
  readonly proxy: string;
  /** What its commands say where nobody is shown it. */
  readonly said: string;
}

/** Pure: their paths. */
export function setupFolders({ dir }: Pick<SessionPaths, "dir">): SetupFolders {
  const at = (name: string): string => join(dir, name);
  return { home: at("setup-home"), tmp: at("setup-tmp"), proxy: at("setup-proxy.sock"), said: at("setup-said") };
}

/** Makes the two that are folders. Throws when the state folder cannot be written. */
export function makeSetupFolders({ home, tmp }: SetupFolders): void {
  mkdirSync(home, { mode: 0o755 });
  mkdirSync(tmp, { mode: 0o1777 });
}
