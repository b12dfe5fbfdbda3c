// What HEAD and the branches of a session's repository name: read as files through the session's two layers, without git, because everything in
// that folder is the agent's word. Only names and object ids that are exactly that come out.
import { lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import { smallText } from "../workspace/regular-file.ts";

/** The layers of one git folder: what the agent wrote lies over what it started from. */
export interface GitLayers {
  /** Real folders; `upper` may be absent. */
  readonly upper: string;
  readonly base: string;
}

/** A branch, without `refs/heads/`, and the commit that it names. */
export interface SessionBranch {
  readonly name: string;
  readonly commit: string;
}

/** HEAD's commit, and every branch. */
export interface SessionRefs {
  readonly head?: string;
  readonly branches: readonly SessionBranch[];
}

const OID = /^([0-9a-f]{40}(?:[0-9a-f]{24})?)\n?$/;
// git-check-ref-format(1), and narrower: a name that every shell and every program takes for one word.
const NAME =
  /^(?!.*(?:\.\.|\/\/|\.lock(?:\/|$)|\.(?:\/|$)|\/$))[A-Za-z0-9_][A-Za-z0-9._+-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._+-]*)*$/;
const LONGEST_NAME = 200;
const MOST_BRANCHES = 2_000;
const LARGEST = 16 * 1024 * 1024;
const DEEPEST = 16;

/** Reads them. What cannot be read, or is no plain file, names nothing. */
export function readSessionRefs(layers: GitLayers): SessionRefs {
  const found = new Map(packedBranches(layers));
  const loose = looseBranches(layers, "refs/heads", 0);
  for (const [name, commit] of loose) found.set(name, commit);
  const branches = [...found]
    .filter(([name]) => NAME.test(name) && name.length <= LONGEST_NAME && !isBelowAnother(name, found))
    .slice(0, MOST_BRANCHES)
    .map(([name, commit]) => ({ name, commit }));
  const text = textOf(layers, "HEAD") ?? "";
  const name = /^ref: refs\/heads\/([^\n]+)\n?$/.exec(text)?.[1];
  const head = name === undefined ? OID.exec(text)?.[1] : found.get(name);
  return { ...(head === undefined ? {} : { head }), branches };
}

/** No repository holds `a` and `a/b`, but a forged list of packed branches names both. */
function isBelowAnother(name: string, branches: ReadonlyMap<string, string>): boolean {
  for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1))
    if (branches.has(name.slice(0, at))) return true;
  return false;
}

function packedBranches(layers: GitLayers): readonly (readonly [string, string])[] {
  const text = textOf(layers, "packed-refs") ?? "";
  return [...text.matchAll(/^([0-9a-f]{40}(?:[0-9a-f]{24})?) refs\/heads\/(\S+)$/gm)].map(
    ([, commit = "", name = ""]) => [name, commit] as const,
  );
}

function looseBranches(layers: GitLayers, folder: string, depth: number): readonly (readonly [string, string])[] {
  if (depth > DEEPEST) return [];
  const names = new Set([layers.base, layers.upper].flatMap((layer) => namesIn(join(layer, folder))));
  return [...names].slice(0, MOST_BRANCHES).flatMap((name) => {
    const path = `${folder}/${name}`;
    if (standing(layers, path)?.isDirectory === true) return looseBranches(layers, path, depth + 1);
    const commit = OID.exec(textOf(layers, path) ?? "")?.[1];
    return commit === undefined ? [] : [[path.slice("refs/heads/".length), commit] as const];
  });
}

/** What the agent saw at a path: the upper layer's entry if there is one (a whiteout is nothing), else the base's, unless a folder on the way is gone. */
function standing(
  layers: GitLayers,
  path: string,
): { readonly file: string; readonly isDirectory: boolean } | undefined {
  const parts = path.split("/");
  for (let at = 1; at <= parts.length; at++) {
    const file = join(layers.upper, ...parts.slice(0, at));
    const entry = entryAt(file);
    if (entry === undefined) break;
    if (at === parts.length && (entry.isFile() || entry.isDirectory()))
      return { file, isDirectory: entry.isDirectory() };
    if (!entry.isDirectory()) return undefined; // gone, or a link, which git would follow and we do not
  }
  const below = join(layers.base, path);
  const entry = entryAt(below);
  return entry?.isFile() || entry?.isDirectory() ? { file: below, isDirectory: entry.isDirectory() } : undefined;
}

/** `undefined` also where something that is no folder is in the way. */
function entryAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function textOf(layers: GitLayers, path: string): string | undefined {
  const file = standing(layers, path)?.file;
  return file === undefined ? undefined : smallText(file, LARGEST);
}

function namesIn(folder: string): readonly string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch {
    return []; // not in this layer
  }
}
