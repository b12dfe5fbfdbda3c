// Finds the secret files of a workspace before the fence is made (CRED-6), so that they are simply not there inside.
// Reads names by lstat and a few bytes of the suspected; follows no link, runs nothing, writes nothing.
import {
  closeSync,
  constants,
  type Dirent,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { holdsSecret, SECRET_PROBE_BYTES, type SecretSuspicion, secretSuspicion } from "#core/paths";
import { entriesIn } from "../folder-entries.ts";
import { isLossy, oddFiles } from "./odd-names.ts";

/** What was found, and whether everything was looked at. */
export interface SecretFiles {
  /** Absolute paths of files and links, in the order of the walk. */
  readonly paths: readonly string[];
  /** Secrets that a person lets be seen (`isShown`), absolute. */
  readonly shown: readonly string[];
  /** Folders that git takes for a repository, absolute: their history may hold what the files do not. */
  readonly repositories: readonly string[];
  /** True when `maxEntries` was hit: then some secret may be seen inside, and the caller must say so or refuse. */
  readonly incomplete: boolean;
}

/** Choices of one search. */
export interface SecretSearch {
  /** Only what is below this folder, relative; paths are judged as from the root. */
  readonly below?: string;
  /** Also masked: the policy's `denyRead` and `Read(…)` denies, compiled by the caller. Gets paths relative to the root, folders too. */
  readonly alsoMasked?: (path: string, isFolder: boolean) => boolean;
  /** A person's `showSecrets`: a file that is a secret by name, and shown all the same. A deny outweighs it. */
  readonly isShown?: (path: string) => boolean;
  /** Names read at most; the default is ten times the largest repository that the benchmarks use. */
  readonly maxEntries?: number;
}

// Content-addressed or reproducible: whatever lies here came from a registry or from git itself.
const OBJECTS = /(?:^|\/)\.git\/(?:modules\/.*\/)?objects$/;
// Packages bring test keys and sample `.env` files by the hundred; a person's own secrets are not kept there.
const PACKAGES = new Set(["node_modules", "bower_components", "site-packages"]);

/** Walks `root`. Folders that cannot be read are left out: what the caller cannot read, the fence cannot show. */
export function findSecretFiles(root: string, search: SecretSearch = {}): SecretFiles {
  const paths = new Set<string>();
  const shown = new Set<string>();
  const repositories: string[] = [];
  const folders: { readonly path: string; readonly packages: boolean }[] = [
    { path: search.below ?? "", packages: false },
  ];
  const odd = new Set<string>();
  let left = search.maxEntries ?? 500_000;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = entriesIn(join(root, folder.path));
    if (isRepository(entries)) repositories.push(join(root, folder.path));
    for (const entry of entries) {
      if (left-- === 0) return { paths: [...paths], repositories, shown: [...shown], incomplete: true };
      const path = folder.path === "" ? entry.name : `${folder.path}/${entry.name}`;
      const isFolder = entry.isDirectory();
      if (isUnnamed(join(root, path))) odd.add(folder.path);
      else if (search.alsoMasked?.(path, isFolder)) paths.add(join(root, path));
      else if (isFolder) {
        const packages = folder.packages || PACKAGES.has(entry.name);
        const isWorthwhile = !packages || search.alsoMasked !== undefined;
        if (isWorthwhile && !OBJECTS.test(path)) folders.push({ path, packages });
      } else if (!folder.packages) {
        for (const file of secretsAt(root, path, entry))
          (isShown(root, [path, file], search) ? shown : paths).add(file);
      }
    }
  }
  for (const folder of odd) for (const file of oddSecrets(root, folder, search)) paths.add(file);
  return { paths: [...paths, ...otherNames(root, paths)], repositories, shown: seen(shown, paths), incomplete: false };
}

/** The same from names that were read already (`openLookout`), for a search without `alsoMasked`, which asks for every path. */
export function judgeNames(
  root: string,
  look: { readonly names: readonly string[]; readonly repositories: readonly string[] },
  search: Pick<SecretSearch, "isShown">,
): SecretFiles {
  const paths = new Set<string>();
  const shown = new Set<string>();
  const odd = new Set<string>();
  for (const path of look.names) {
    const entry = lookAt(join(root, path));
    if (entry === undefined && isLossy(path)) odd.add(namedPart(root, path));
    if (entry === undefined) continue;
    for (const file of secretsAt(root, path, entry)) (isShown(root, [path, file], search) ? shown : paths).add(file);
  }
  for (const folder of odd) for (const file of oddSecrets(root, folder, search)) paths.add(file);
  const repositories = look.repositories.map((path) => join(root, path));
  return { paths: [...paths, ...otherNames(root, paths)], repositories, shown: seen(shown, paths), incomplete: false };
}

/** By the name that was found, or by that of the file that it leads to. */
function isShown(root: string, [path, file]: readonly [string, string], search: SecretSearch): boolean {
  return search.isShown?.(path) === true || search.isShown?.(file.slice(root.length + 1)) === true;
}

/** What is hidden for another of its names is not seen. */
function seen(shown: ReadonlySet<string>, masked: ReadonlySet<string>): readonly string[] {
  return [...shown].filter((path) => !masked.has(path));
}

/** Whether it is there only under bytes that no text names (odd-names.ts). */
export function isUnnamed(path: string): boolean {
  return isLossy(path) && lookAt(path) === undefined;
}

/** The folders at the start of the path that can be named. */
function namedPart(root: string, path: string): string {
  const parts = path.split("/");
  const count = parts.findIndex((_, at) => isUnnamed(join(root, ...parts.slice(0, at + 1))));
  return parts.slice(0, count).join("/");
}

function oddSecrets(root: string, folder: string, search: SecretSearch): readonly string[] {
  return oddFiles(join(root, folder)).flatMap(({ path, bytes }) => {
    const full = join(folder, path);
    if (search.alsoMasked?.(full, false) === true) return [join(root, full)];
    const suspicion = search.isShown?.(full) === true ? undefined : secretSuspicion(full);
    return suspicion !== undefined && isSecret(bytes, suspicion) ? [join(root, full)] : [];
  });
}

/** gitrepository-layout(5), by names alone: whatever git could take for one. */
function isRepository(entries: readonly Dirent[]): boolean {
  const has = (name: string): boolean => entries.some((entry) => entry.name === name);
  return has("HEAD") && has("objects");
}

/** Hard links: other names of the same files, whatever they are called. Looked for only where a found file has any. */
function otherNames(root: string, paths: ReadonlySet<string>): readonly string[] {
  const linked = new Set<string>();
  for (const path of paths) {
    const file = lookAt(path);
    if (file?.isFile() && file.nlink > 1) linked.add(`${file.dev}:${file.ino}`);
  }
  return namesOf(root, linked).filter((path) => !paths.has(path));
}

/** What stands there. Nothing, when it is gone, or can no longer be reached: others are at work on either side while it is looked at. */
export function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** What a file is, whatever it is called; `undefined` when it is no plain file. */
export function identityOf(path: string): string | undefined {
  const file = lookAt(path);
  return file?.isFile() === true ? `${file.dev}:${file.ino}` : undefined;
}

/** All names below the root of these files. Looks at every file, so not without a reason. */
export function namesOf(root: string, identities: ReadonlySet<string>): readonly string[] {
  const found: string[] = [];
  const folders = identities.size === 0 ? [] : [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = entriesIn(folder);
    if (entries.some(({ name }) => isUnnamed(join(folder, name))))
      for (const { path, identity } of oddFiles(folder)) if (identities.has(identity)) found.push(join(folder, path));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && identities.has(identityOf(path) ?? "")) found.push(path);
    }
  }
  return found;
}

/** The secret files that one path of the workspace is or leads to; none when it is no secret, or gone. */
export function secretsOf(root: string, path: string, search: SecretSearch = {}): readonly string[] {
  const file = lookAt(join(root, path));
  if (file === undefined) return isLossy(path) && secretSuspicion(path) === "name" ? [join(root, path)] : [];
  if (search.alsoMasked?.(path, file.isDirectory()) === true) return [join(root, path)];
  if (path.split("/").some((part) => PACKAGES.has(part)) || search.isShown?.(path) === true) return [];
  return secretsAt(root, path, file);
}

/** The file itself; for a link with a secret's name the file of this workspace that it leads to. */
function secretsAt(root: string, path: string, entry: Pick<Dirent, "isSymbolicLink" | "isFile">): readonly string[] {
  const suspicion = secretSuspicion(path);
  if (suspicion === undefined) return [];
  const file = join(root, path);
  if (entry.isSymbolicLink()) {
    // What a link names outside the workspace is not inside anyway.
    const target = realFile(file);
    return target?.startsWith(`${root}/`) && isSecret(target, suspicion) ? [target] : [];
  }
  return entry.isFile() && isSecret(file, suspicion) ? [file] : [];
}

function isSecret(file: string | Buffer, suspicion: SecretSuspicion): boolean {
  return suspicion === "name" || holdsSecret(suspicion, head(file, suspicion));
}

function realFile(link: string): string | undefined {
  try {
    const target = realpathSync(link);
    return statSync(target).isFile() ? target : undefined;
  } catch {
    return undefined; // dangling here, dangling inside
  }
}

/** The first bytes as latin-1. A file that cannot be read is taken for what its name says. */
function head(file: string | Buffer, suspicion: SecretSuspicion): string {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(SECRET_PROBE_BYTES);
    return buffer.toString("latin1", 0, readSync(fd, buffer, 0, buffer.length, 0));
  } catch {
    return suspicion === "key" ? "PRIVATE KEY-----" : "password=unreadable";
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
