// Which settings of a repository come back from a session (DESIGN 8): what a branch needs to know of its remote, and a remote that the host
// did not have. Git has hundreds of keys that name a program, a file or another place, and gets more: everything not named here waits. Pure.

/** A configuration as git lists it: section and key in lower case, every value in order. */
export type GitSettings = ReadonlyMap<string, readonly string[]>;

/** One key and all its values afterwards; none: the key goes. */
export interface GitSetting {
  readonly key: string;
  readonly values: readonly string[];
}

/** What may be written to the host's file, and the changed keys that wait. */
export interface GitSettingsVerdict {
  readonly merge: readonly GitSetting[];
  readonly held: readonly string[];
}

// A remote's address is only ever dialled: https, ssh, git, or scp form. `ext::`, `file:`, paths and options could run or read something.
const URL =
  /^(?:https?|ssh|git):\/\/[A-Za-z0-9][^\s\p{Cc}\p{Cf};|&$`\\'"]*$|^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?![-:]|\/\/)[A-Za-z0-9~._/+-]+$/u;
// What is fetched goes below the remote's own name: anywhere else the next fetch (an editor's own, too) would move the person's branches.
const REFSPEC = /^\+?refs\/[A-Za-z0-9._/*-]+:refs\/remotes\/([A-Za-z0-9._-]+)\/[A-Za-z0-9._/*-]+$/;
const REF = /^refs\/[A-Za-z0-9._/@#+-]+$/;
const REMOTE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
// Text that only a person reads, without anything that moves a cursor.
const WORDS = /^[^\p{Cc}\p{Cf}]*$/u;
const FLAG = /^(?:true|false)$/;

// What `git init` and `git clone` write about the disk, in a repository that the host did not have.
const ABOUT_THE_DISK: ReadonlyMap<string, RegExp> = new Map([
  ["core.repositoryformatversion", /^0$/],
  ["core.bare", /^false$/],
  ["core.filemode", FLAG],
  ["core.ignorecase", FLAG],
  ["core.precomposeunicode", FLAG],
  ["core.symlinks", FLAG],
  ["core.logallrefupdates", /^(?:true|false|always)$/],
  ["submodule.active", /^\.$/],
]);

const MOST_KEYS = 2_000;
const LONGEST = 2_000;

/**
 * Compares the session's settings with the host's (`undefined`: the repository is new there). `gitFolder` is the repository's folder
 * relative to the workspace, as in `.git/modules/lib`.
 */
export function judgeGitSettings(
  before: GitSettings | undefined,
  after: GitSettings,
  gitFolder: string,
): GitSettingsVerdict {
  const keys = [...new Set([...(before?.keys() ?? []), ...after.keys()])];
  const changed = keys.filter((key) => !isSame(before?.get(key) ?? [], after.get(key) ?? []));
  if (changed.length > MOST_KEYS) return { merge: [], held: changed };
  const merge: GitSetting[] = [];
  const held: string[] = [];
  for (const key of changed) {
    const values = after.get(key) ?? [];
    const isSafe = values.every((text) => text.length <= LONGEST && !text.startsWith("-"));
    if (isSafe && mayMerge(key, values, { before, after, gitFolder })) merge.push({ key, values });
    else held.push(key);
  }
  return { merge, held };
}

interface Sides {
  readonly before: GitSettings | undefined;
  readonly after: GitSettings;
  readonly gitFolder: string;
}

function mayMerge(key: string, values: readonly string[], sides: Sides): boolean {
  const { before, after, gitFolder } = sides;
  const [, section = "", name = "", variable = ""] = /^([^.]+)\.(?:(.+)\.)?([^.]+)$/s.exec(key) ?? [];
  const all = (pattern: RegExp): boolean => values.every((text) => pattern.test(text));
  const isGone = values.length === 0;
  switch (name === "" ? key : `${section}.*.${variable}`) {
    case "branch.*.merge":
      return all(REF);
    case "branch.*.rebase":
      return all(/^(?:true|false|merges|interactive)$/);
    case "branch.*.description":
      return all(WORDS);
    // Where a branch is pushed to is said once. On a host that has the repository, only by the name of a remote that it has.
    case "branch.*.remote":
    case "branch.*.pushremote": {
      const isKnown = (text: string): boolean => text === "." || isRemote(text, before, after);
      return isGone || (before?.has(key) !== true && values.every(isKnown));
    }
    case "remote.*.url":
      return !isGone && isNewRemote(name, before, after);
    case "remote.*.fetch":
      return !isGone && isNewRemote(name, before, after) && values.every((text) => REFSPEC.exec(text)?.[1] === name);
    case "submodule.*.url":
      return !isGone && !hasSection(before, `submodule.${name}.`) && all(URL);
    case "submodule.*.active":
      return !isGone && !hasSection(before, `submodule.${name}.`) && all(FLAG);
    case "core.worktree":
      return before === undefined && values.length === 1 && isOwnWorktree(values[0] ?? "", gitFolder);
    default:
      return before === undefined && (ABOUT_THE_DISK.get(key)?.test(values.join("\n")) ?? false);
  }
}

/** A name that is no remote is taken for a path. In a repository that the host has, only its own remotes count. */
function isRemote(name: string, before: GitSettings | undefined, after: GitSettings): boolean {
  return before === undefined
    ? isNewRemote(name, before, after)
    : REMOTE_NAME.test(name) && before.has(`remote.${name}.url`);
}

/** A remote that the host does not have, with addresses that are only dialled. */
function isNewRemote(name: string, before: GitSettings | undefined, after: GitSettings): boolean {
  const urls = after.get(`remote.${name}.url`) ?? [];
  return (
    REMOTE_NAME.test(name) &&
    !hasSection(before, `remote.${name}.`) &&
    urls.length > 0 &&
    urls.every((text) => URL.test(text) && text.length <= LONGEST)
  );
}

function hasSection(settings: GitSettings | undefined, prefix: string): boolean {
  return settings !== undefined && [...settings.keys()].some((key) => key.startsWith(prefix));
}

/** A submodule's git folder says where its files are: as many steps up as it lies deep, then down by plain names. */
function isOwnWorktree(value: string, gitFolder: string): boolean {
  const parts = gitFolder.split("/");
  const at = parts.indexOf(".git");
  if (at < 0 || parts[at + 1] !== "modules") return false;
  const up = "../".repeat(parts.length - at);
  const down = value.slice(up.length).split("/");
  return value.startsWith(up) && down.every((part) => part !== "" && part !== "." && part !== ".." && part !== ".git");
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
