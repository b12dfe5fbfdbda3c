// `.git/config` is private to the fence; what may come back of it is decided by core/review/git-settings.ts, read and written here.
// git's own parser reads both files, as plain text: from `/`, without includes, without a repository.
import { execFileSync } from "node:child_process";
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { type GitSetting, type GitSettings, type GitSettingsVerdict, judgeGitSettings } from "#core/review";

/** Two layers and a repository's folder in both, relative: `.git`, `lib/.git`, `.git/modules/lib`. */
export interface ConfigPlace {
  readonly workspace: string;
  readonly upper: string;
  readonly git: string;
}

const GIT = "/usr/bin/git";
const ENVIRONMENT = {
  PATH: "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_DIR: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  LC_ALL: "C",
};
const LARGEST = 256 * 1024;

/**
 * What would be carried from the session's file to the host's. `undefined` when there is nothing to merge into, or when one of the two is
 * not a plain file of settings in plain folders: then the session's file waits as a whole.
 */
export function planGitConfig(place: ConfigPlace): GitSettingsVerdict | undefined {
  const inside = readPlain(place.upper, `${place.git}/config`);
  if (inside === undefined || inside === "absent" || !isPlainFolder(place.workspace, place.git)) return undefined;
  const outside = readPlain(place.workspace, `${place.git}/config`);
  if (outside === undefined) return undefined;
  try {
    return judgeGitSettings(outside === "absent" ? undefined : parse(outside), parse(inside), place.git);
  } catch {
    return undefined; // git cannot read one of them
  }
}

/** Writes what was planned to the host's file. Throws when git cannot. */
export function writeGitConfig(place: ConfigPlace, settings: readonly GitSetting[]): void {
  const file = join(place.workspace, place.git, "config");
  for (const { key, values } of settings) {
    // Again before each write: what is written must be the file that was read.
    if (!isPlainFolder(place.workspace, place.git) || readPlain(place.workspace, `${place.git}/config`) === undefined)
      throw new Error("the host's settings are no plain file any more");
    unset(file, key);
    for (const value of values) git(["config", "--file", file, "--add", key, value]);
  }
}

// What a fresh clone holds: no reason to ask git.
const PLAIN_LINE =
  /^\s*(?:\[(?:core|user|pull|push|(?:remote|branch|submodule) "[^"\\]*")\]|[#;].*|(?:repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|url|fetch|remote|merge|pushremote|rebase|active|name|email)\s*=.*[^\\])?\s*$/i;

/** The settings of a file of the host, links followed, without what it includes; `undefined` where git reads none. Empty where nothing in it names a file. */
export function readSettings(file: string): GitSettings | undefined {
  try {
    const text = readPlain("/", realpathSync(file).slice(1));
    if (text === undefined || text === "absent") return undefined;
    return text.split("\n").every((line) => PLAIN_LINE.test(line)) ? new Map() : parse(text);
  } catch {
    return undefined; // not there, or no settings
  }
}

function unset(file: string, key: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return;
  try {
    git(["config", "--file", file, "--unset-all", key]);
  } catch (error) {
    // 5: there was no such key
    if (!(error instanceof Error && "status" in error && error.status === 5)) throw error;
  }
}

function parse(text: string): GitSettings {
  const settings = new Map<string, string[]>();
  for (const entry of git(["config", "--file", "-", "--no-includes", "-z", "--list"], text).split("\0")) {
    if (entry === "") continue;
    const line = entry.indexOf("\n");
    const [key, value] = line < 0 ? [entry, "true"] : [entry.slice(0, line), entry.slice(line + 1)];
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

/** The text of a regular file of bounded size, reached through real folders; `undefined` when something else stands there. */
function readPlain(root: string, path: string): string | "absent" | undefined {
  if (!isPlainFolder(root, path.slice(0, path.lastIndexOf("/")))) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(join(root, path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    if (!stats.isFile() || stats.size > LARGEST) return undefined;
    const bytes = Buffer.alloc(stats.size);
    return bytes.toString("utf8", 0, readSync(fd, bytes, 0, stats.size, 0));
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ENOENT" ? "absent" : undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function isPlainFolder(root: string, path: string): boolean {
  const parts = path.split("/");
  return parts.every((_, at) => {
    const stats = lstatSync(join(root, ...parts.slice(0, at + 1)), { throwIfNoEntry: false });
    return stats?.isDirectory() === true;
  });
}

function git(args: readonly string[], input = ""): string {
  return execFileSync(GIT, args, {
    cwd: "/",
    env: ENVIRONMENT,
    encoding: "utf8",
    input,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 20_000,
  });
}
