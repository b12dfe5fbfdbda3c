// Protected names of the workspace that are links into it, and its repositories. Looked for on the host, as it is now, by a walk that follows no
// link and leaves out what packages bring and what git stores. A `.git` file is a link to the folder that it names.
import { type Dirent, readlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDependencyFolder, leadsToProtected, protection } from "#core/paths";
import { linkEnd, type Obeyed } from "#core/review";
import { entriesIn } from "../folder-entries.ts";
import { smallText } from "./regular-file.ts";

/** A repository: its own folder and the one that its commands start in. Absolute. */
export interface RepositorySeen {
  readonly git: string;
  readonly worktree: string;
}

/** What a walk found. */
export interface ObeyedSeen {
  readonly places: readonly Obeyed[];
  readonly repositories: readonly RepositorySeen[];
}

// Many, large, and nothing in them is read as a setting.
const STORED = new Set(["objects", "refs", "logs", "lfs"]);
const LARGEST_GIT_FILE = 4_096;

/** Walks the workspace. What cannot be read is left out: it is not shown inside either. */
export function seeObeyed(root: string): ObeyedSeen {
  const places: Obeyed[] = [];
  const repositories: RepositorySeen[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const inGit = /(?:^|\/)\.git(?:\/|$)/.test(folder);
    for (const entry of entriesIn(`${root}/${folder}`)) {
      // Nearly every entry is a file that nothing is asked about.
      if (entry.isFile() && entry.name !== ".git" && !(inGit && entry.name === "config")) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const target = targetOf(root, path, entry);
      if (entry.name === ".git") repositories.push(repositoryAt(root, path, target));
      else if (inGit && entry.name === "config" && folder.includes("/modules/"))
        repositories.push({ git: join(root, folder), worktree: root });
      if (target !== undefined && (isProtected(path) || leadsToProtected(path) !== undefined))
        places.push(...placesOf(root, path, target).map((at) => ({ path: at, as: path, by: `\`${path}\`` })));
      if (entry.isDirectory() && !(inGit ? STORED.has(entry.name) : isDependencyFolder(entry.name))) folders.push(path);
    }
  }
  return { places, repositories };
}

/** Where `path` really is: each link on the way, and the end, as far as they are in the workspace. */
export function placesOf(root: string, path: string, target: string = path.split("/").at(-1) ?? ""): readonly string[] {
  const links: string[] = [];
  const readLink = (at: string): string | undefined => {
    const next = linkAt(at);
    if (next !== undefined) links.push(at);
    return next;
  };
  const end = linkEnd(path, target, { root, readLink });
  const below = (at: string): readonly string[] =>
    at === root ? [""] : at.startsWith(`${root}/`) ? [at.slice(root.length + 1)] : [];
  return [...new Set([...links, ...(end === undefined ? [] : [end])].flatMap(below))];
}

function isProtected(path: string): boolean {
  return path.split("/").at(-1) === ".git" || protection(path)?.inDependencies === false;
}

function repositoryAt(root: string, path: string, target: string | undefined): RepositorySeen {
  const worktree = dirname(join(root, path));
  const end = target === undefined ? undefined : linkEnd(path, target, { root, readLink: linkAt });
  return { git: end ?? join(root, path), worktree };
}

function targetOf(root: string, path: string, entry: Dirent): string | undefined {
  if (entry.isSymbolicLink()) return linkAt(join(root, path));
  if (entry.name !== ".git" || !entry.isFile()) return undefined;
  return /^gitdir: ([^\n\0]+)\n?$/.exec(smallText(join(root, path), LARGEST_GIT_FILE) ?? "")?.[1];
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // no link
  }
}
