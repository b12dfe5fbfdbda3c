// What git's settings on the host name in a workspace: the folder of the hooks, files of settings that are included, programs that a filter, a diff
// or an alias starts. The session cannot write these settings, but what they name are ordinary files (SAND-3). Read as text, nothing is run.
import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readSettings } from "./git-config.ts";

/** A path that a setting names. */
export interface NamedByGit {
  /** Absolute, as named. */
  readonly path: string;
  /** The setting, as git lists it: `core.hookspath`. */
  readonly key: string;
}

/** Whose settings, and where commands of that repository start. Absolute. */
export interface GitSite {
  readonly git: string;
  readonly worktree: string;
}

// Text that git never runs or reads as settings, although it may look like a path. Git has hundreds of other keys, and gets more: all of them count.
const IDLE =
  /^(?:branch|user|author|committer|url|color|column|gc|pack|advice|i18n|mailmap|safe|push|pull|rerere|versionsort|svn-remote|gitflow)\.|^remote\..*\.(?:url|pushurl|fetch|push)$|^submodule\..*\.(?:url|path|branch|active)$|^core\.(?:excludesfile|worktree|abbrev)$|^(?:commit\.template|diff\.orderfile|blame\.ignorerevsfile|init\.defaultbranch|lfs\..*url)$/;
const INCLUDE = /^include(?:if\..*)?\.path$/;
const FOLDER = /^(?:core\.hookspath|init\.templatedir)$/;
const BETWEEN_WORDS = /[\s'"`;|&()<>=$,:]+/;
const DEEPEST = 8;

/** Every file, and every folder of hooks, that the settings of `sites` or the person's own (`home`) and the system's name. */
export function namedByGit(sites: readonly GitSite[], home: string): readonly NamedByGit[] {
  const personal = ["/etc/gitconfig", join(home, ".gitconfig"), join(home, ".config/git/config")];
  const shared = personal.flatMap((file) => entriesOf(file, home, 0));
  return sites.flatMap(({ git, worktree }) => {
    const own = ["config", "config.worktree"].flatMap((name) => entriesOf(join(git, name), home, 0));
    const place = own.find(({ key }) => key === "core.worktree")?.value;
    const start = place === undefined ? worktree : resolve(git, place);
    return [...own, ...shared].flatMap((entry) =>
      pathsIn(entry, start, home).map((path) => ({ path, key: entry.key })),
    );
  });
}

interface Setting {
  readonly key: string;
  readonly value: string;
  /** The file that says it. */
  readonly file: string;
}

/** The settings of a file and of those that it includes, under whatever condition. */
function entriesOf(file: string, home: string, depth: number): readonly Setting[] {
  const settings = readSettings(file);
  if (settings === undefined) return [];
  const own = [...settings].flatMap(([key, values]) => values.map((value) => ({ key, value, file })));
  if (depth === DEEPEST) return own;
  const included = own.filter(({ key }) => INCLUDE.test(key)).map(({ value }) => atHome(value, dirname(file), home));
  return [...own, ...included.flatMap((path) => entriesOf(path, home, depth + 1))];
}

function pathsIn({ key, value, file }: Setting, start: string, home: string): readonly string[] {
  if (INCLUDE.test(key)) return [atHome(value, dirname(file), home)];
  if (FOLDER.test(key)) return [atHome(value, start, home)];
  // An alias without `!` is a command of git.
  if (IDLE.test(key) || (key.startsWith("alias.") && !value.startsWith("!"))) return [];
  const words = new Set([value, ...value.replace(/^!/, "").split(BETWEEN_WORDS)]);
  return [...words].flatMap((word) => {
    if (word === "" || word.startsWith("-")) return [];
    const path = atHome(word, start, home);
    const type = typeAt(path);
    // A folder is where a command works, not what it runs; a name without a slash may be any word.
    return type === "folder" || (type === undefined && !word.includes("/")) ? [] : [path];
  });
}

function atHome(text: string, folder: string, home: string): string {
  return text.startsWith("~/") ? join(home, text.slice(2)) : resolve(folder, text);
}

function typeAt(path: string): "folder" | "other" | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "other";
  } catch {
    return undefined; // not there, or no path
  }
}
