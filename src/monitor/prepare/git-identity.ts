// The person's name for commits made inside: asked of git's own reading of the person's own configuration, from `/`,
// so that no repository's configuration is ever read (it is an attacker's word).
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Text of the fence's /etc/gitconfig: identity, default branch, and trust in the workspace (its owner is another number inside). `live`: objects of
 * the person's own repository are shown as stand-ins, and git must not pack these unasked.
 */
export function gitConfiguration(home: string, root: string, live: boolean): string {
  const values = new Map(personal(home));
  const line = (key: string, name: string): string => {
    const value = values.get(key);
    return value === undefined ? "" : `\t${name} = ${quote(value)}\n`;
  };
  return [
    `[user]\n${line("user.name", "name")}${line("user.email", "email")}`,
    `[init]\n${line("init.defaultbranch", "defaultBranch")}`,
    `[safe]\n\tdirectory = ${quote(root)}\n\tdirectory = ${quote(`${root}/*`)}\n`,
    // Housekeeping in the background would outlive the command that the agent waits for.
    "[gc]\n\tautoDetach = false\n",
    live ? "[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n" : "",
  ].join("");
}

function personal(home: string): readonly (readonly [string, string])[] {
  // The only two files that git would read with this environment: without them the answer is known, and a start is a process cheaper.
  if (![".gitconfig", ".config/git/config"].some((file) => existsSync(join(home, file)))) return [];
  try {
    const listed = execFileSync(
      "/usr/bin/git",
      ["config", "--global", "-z", "--get-regexp", "^(user\\.(name|email)|init\\.defaultbranch)$"],
      {
        cwd: "/",
        env: { HOME: home, PATH: "/usr/bin:/bin", LC_ALL: "C" },
        stdio: ["ignore", "pipe", "ignore"],
        encoding: "utf8",
      },
    );
    return listed
      .split("\0")
      .filter((entry) => entry.includes("\n"))
      .map((entry) => [entry.slice(0, entry.indexOf("\n")), entry.slice(entry.indexOf("\n") + 1)] as const);
  } catch {
    return []; // no git, or nothing configured: commits inside then ask for an identity, as they would outside
  }
}

function quote(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}
