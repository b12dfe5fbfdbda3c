// `.git/config` is private to the fence; what a branch needs to know of its remote comes back, and nothing that git would run (DESIGN 8).
// git's own parser reads both files, as plain files: from `/`, without includes, without a repository.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** What was taken over, and which changed keys wait for a person. */
export interface MergedConfig {
  readonly merged: readonly string[];
  readonly held: readonly string[];
}

type Settings = ReadonlyMap<string, readonly string[]>;

const GIT = "/usr/bin/git";
const ENVIRONMENT = {
  PATH: "/usr/bin:/bin",
  HOME: "/nonexistent",
  GIT_DIR: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  LC_ALL: "C",
};

// A remote's address is only ever dialled: https, ssh, git, or scp form. `ext::`, `file:`, paths and options could run or read something.
const URL =
  /^(?:https?|ssh|git):\/\/[A-Za-z0-9][^\s;|&$`\\]*$|^(?:[A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*:(?!:)[A-Za-z0-9~._/+-]+$/;
const REFSPEC = /^\+?refs\/[A-Za-z0-9._/*-]+:refs\/[A-Za-z0-9._/*-]+$/;
const ALLOWED: readonly (readonly [key: RegExp, value: RegExp])[] = [
  [/^branch\..+\.remote$/, /^[A-Za-z0-9._][A-Za-z0-9._/-]*$/],
  [/^branch\..+\.merge$/, /^refs\/[A-Za-z0-9._/-]+$/],
  [/^branch\..+\.(?:rebase|description)$/, /^[^\0]*$/],
  [/^remote\.[A-Za-z0-9._-]+\.url$/, URL],
  [/^remote\.[A-Za-z0-9._-]+\.fetch$/, REFSPEC],
];
// What `git init` and `git clone` write about the disk.
const ABOUT_THE_DISK: readonly (readonly [RegExp, RegExp])[] = [
  [/^core\.repositoryformatversion$/, /^0$/],
  [/^core\.(?:filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks)$/, /^(?:true|false|always)$/],
];

/** Carries the harmless differences from the fence's file to the host's. Throws when one of them cannot be read. */
export function mergeGitConfig(files: { readonly host: string; readonly inside: string }): MergedConfig {
  const isNew = !existsSync(files.host);
  const before = isNew ? new Map<string, readonly string[]>() : read(files.host);
  const after = read(files.inside);
  const merged: string[] = [];
  const held: string[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old = [], now = []] = [before.get(key), after.get(key)];
    if (old.join("\0") === now.join("\0")) continue;
    if (isHarmless(key, now, isNew)) {
      write(files.host, key, now);
      merged.push(key);
    } else held.push(key);
  }
  return { merged, held };
}

function isHarmless(key: string, values: readonly string[], isNew: boolean): boolean {
  const rules = isNew ? [...ALLOWED, ...ABOUT_THE_DISK] : ALLOWED;
  // A removed key of a branch or remote is as harmless as a changed one.
  return rules.some(
    ([name, value]) => name.test(key) && values.every((text) => value.test(text) && !text.startsWith("-")),
  );
}

function read(file: string): Settings {
  const text = git(["config", "--file", file, "--no-includes", "-z", "--list"]);
  const settings = new Map<string, string[]>();
  for (const entry of text.split("\0").filter((part) => part !== "")) {
    const line = entry.indexOf("\n");
    const [key, value] = line < 0 ? [entry, "true"] : [entry.slice(0, line), entry.slice(line + 1)];
    settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

function write(file: string, key: string, values: readonly string[]): void {
  if (existsSync(file)) {
    try {
      git(["config", "--file", file, "--unset-all", key]);
    } catch {
      // 5: it was not there
    }
  }
  for (const value of values) git(["config", "--file", file, "--add", key, value]);
}

function git(args: readonly string[]): string {
  return execFileSync(GIT, args, {
    cwd: "/",
    env: ENVIRONMENT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 20_000,
  });
}
