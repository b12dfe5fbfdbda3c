// git, run over repositories that nobody vouches for: inside a fence without network, with nothing of the disk but what is named, and with
// none of the person's or the system's settings. What such a repository makes git run can reach nothing, and what it prints is hostile.
import type { Problem, Result } from "#core";
import { readInFence } from "../read-fence.ts";

/** Where a repository's objects stand inside every fence that borrows them: the same place while a copy is made, used and handed over. */
export const BORROWED_OBJECTS = "/run/ringfence/objects";

/** One errand. */
export interface GitErrand {
  /** Shown read-only at its own path; the errand starts there. */
  readonly root: string;
  readonly also: readonly { readonly source: string; readonly target: string; readonly writable?: true }[];
  /** Text for `sh`: ours. The arguments are `$1`, `$2`, … and never parsed again. */
  readonly script: string;
  readonly args: readonly string[];
  /** Whose the files seem to be (the default is nobody). */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly timeoutMs: number;
}

// What stands here wins over any repository's own file. `receive`, `transfer` and `fetch` have no effect on what is run here.
const SETTINGS: readonly (readonly [string, string])[] = [
  ["safe.directory", "*"],
  ["core.hooksPath", "/nonexistent"],
  ["core.fsmonitor", "false"],
  ["core.untrackedCache", "false"],
  ["core.pager", "cat"],
  ["core.quotePath", "true"],
  ["protocol.allow", "never"],
  ["gc.auto", "0"],
  ["maintenance.auto", "false"],
  ["pack.threads", "2"],
  ["advice.detachedHead", "false"],
  // A copy of one session: it is made again after a loss of power.
  ["core.fsync", "none"],
];

const ENVIRONMENT: Readonly<Record<string, string>> = {
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/nonexistent",
  GIT_ATTR_NOSYSTEM: "1",
  GIT_NO_REPLACE_OBJECTS: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_CONFIG_COUNT: `${SETTINGS.length}`,
  ...Object.fromEntries(
    SETTINGS.flatMap(([key, value], at) => [
      [`GIT_CONFIG_KEY_${at}`, key],
      [`GIT_CONFIG_VALUE_${at}`, value],
    ]),
  ),
};

// Names and numbers, never contents: more than this is a flood.
const MOST_OUTPUT = 8 * 1024 * 1024;

// What git complains is kept for those who ask why.
const PREPARE = "set -eu\nexec 2>/complaints\n";

/** Runs it; what was printed. */
export function runGit(errand: GitErrand): Promise<Result<Buffer, Problem>> {
  return readInFence({
    ...errand,
    script: `${PREPARE}${errand.script}`,
    environment: ENVIRONMENT,
    maxBytes: MOST_OUTPUT,
  });
}
