// Where the session's links lead, in the workspace as it would be and as it is now: a link is only as harmless as the worse of the two.
import { closeSync, fstatSync, readlinkSync, readSync, realpathSync, statSync } from "node:fs";
import { type Entry, linkEnd } from "#core/review";
import { nameOf } from "./names.ts";
import { openRegular } from "./regular-file.ts";
import type { UpperEntry } from "./upper.ts";

/** Finds where links and `.git` files end. */
export interface LinkEnds {
  /** `end` and `program` of a link at `path` (relative) with this target. */
  of(path: string, target: string): Pick<Entry, "end" | "program">;
  /** `end` of a `.git` file of the session, which git takes for a link. */
  ofGitFile(path: string, file: Buffer): Pick<Entry, "end">;
}

/** What it needs: the host's workspace, the session's entries, and the folders of programs besides the system's. */
export interface LinkPlaces {
  readonly root: string;
  readonly entries: readonly UpperEntry[];
  readonly toolchains: readonly string[];
}

const SYSTEM = ["/usr", "/bin", "/sbin", "/opt", "/nix/store"];

/** Prepared once for all links of a change set. */
export function linkEnds({ root, entries, toolchains }: LinkPlaces): LinkEnds {
  const upper = new Map(entries.map((entry) => [`${root}/${nameOf(entry.path).text}`, entry]));
  const upperLink = (path: string): string | undefined => {
    const entry = upper.get(path);
    return entry?.type === "link" ? nameOf(entry.target).text : undefined;
  };
  const afterwards = (path: string): string | undefined => (upper.has(path) ? upperLink(path) : hostLink(path));
  // A change that waits leaves the host's own link where it is.
  const meanwhile = (path: string): string | undefined => hostLink(path) ?? upperLink(path);
  const endOf = (path: string, target: string): string | undefined => {
    const ends = [afterwards, meanwhile].map((readLink) => linkEnd(path, target, { root, readLink }));
    return ends.includes(undefined)
      ? undefined
      : (ends.find((end) => end !== root && !end?.startsWith(`${root}/`)) ?? ends[0]);
  };
  return {
    of(path, target) {
      const end = endOf(path, target);
      if (end === undefined) return {};
      return isProgram(end, [...SYSTEM, ...toolchains]) ? { end, program: true } : { end };
    },
    ofGitFile(path, file) {
      const target = gitFileTarget(file);
      const end = target === undefined ? undefined : endOf(path, target);
      return end === undefined ? {} : { end };
    },
  };
}

function hostLink(path: string): string | undefined {
  try {
    return nameOf(readlinkSync(path, "buffer")).text;
  } catch {
    return undefined; // no link
  }
}

/** True for an executable file that is there, below one of the folders by its name and by its real place. */
function isProgram(path: string, folders: readonly string[]): boolean {
  const isIn = (file: string): boolean => folders.some((folder) => file.startsWith(`${folder}/`));
  try {
    const stats = statSync(path);
    return stats.isFile() && (stats.mode & 0o111) !== 0 && isIn(path) && isIn(realpathSync(path));
  } catch {
    return false;
  }
}

/** gitrepository-layout(5): a file `.git` is one line, `gitdir: <path>`. */
function gitFileTarget(file: Buffer): string | undefined {
  const fd = openRegular(file);
  try {
    if (fstatSync(fd).size > 4_096) return undefined;
    const bytes = Buffer.alloc(4_096);
    return /^gitdir: ([^\n\0]+)\n?$/.exec(bytes.toString("utf8", 0, readSync(fd, bytes)))?.[1];
  } finally {
    closeSync(fd);
  }
}
