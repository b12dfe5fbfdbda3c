// The filtered view of a workspace's git objects (CRED-6): for each pack and loose object that holds a masked blob a stand-in to be shown at the same
// path. Made once for each state of the objects and kept in the state folder, private to the person; a run that finds its state there does no more
// than list names.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { runGit } from "../git/git-fence.ts";
import { readPackIndex } from "../workspace/git-pack.ts";
import { scanStores } from "./git-scan.ts";
import { entries, indexFiles, looseObjects, type ObjectStore, objectStores, packsOf } from "./object-stores.ts";
import { appendStandIns, writeEmptyPack } from "./pack-append.ts";
import { looseStandIn } from "./stand-in.ts";
import type { MaskRules } from "./tree-walk.ts";

/** What is shown instead of what. Paths on the host's side of the workspace. */
export interface GitView {
  /** The masked blobs, hex. */
  readonly blobs: readonly string[];
  /** A file to be shown in place of another, read-only. */
  readonly instead: readonly { readonly path: string; readonly source: string }[];
  /** Files that would contradict a replaced pack: not there inside. git makes do without them. */
  readonly hidden: readonly string[];
  /** Masked paths that an index names, by index file; relative to that index's worktree. */
  readonly tracked: Readonly<Record<string, readonly string[]>>;
}

/** What it is made from. */
export interface GitViewOptions {
  /** The folder that is shown. */
  readonly root: string;
  /** Repository folders below it, absolute. */
  readonly repositories: readonly string[];
  readonly rules: MaskRules;
  /** Names everything in `rules`: another text, another view. */
  readonly rulesText: string;
  readonly maskedFiles: readonly string[];
  /** A folder of the state folder, private to the person. */
  readonly cache: string;
}

const VERSION = 4;
const EMPTY: GitView = { blobs: [], instead: [], hidden: [], tracked: {} };
const UNUSED_MS = 30 * 24 * 3_600_000;
const MOST_MS = 180_000;

/** Makes it, or says why it cannot be made: then nothing may run, for nobody knows what `git show` would tell. */
export async function makeGitView(options: GitViewOptions): Promise<Result<GitView, Problem>> {
  const stores = objectStores(options.root, options.repositories);
  if (stores.length === 0) return ok(EMPTY);
  const linked = stores.find(({ path }) => hasLinks(path));
  if (linked !== undefined) return err(failed(options.root, `symbolic links stand in \`${linked.path}\``));
  mkdirSync(options.cache, { recursive: true, mode: 0o700 });
  const file = join(options.cache, `${stateOf(options, stores)}.json`);
  const kept = readKept(file);
  if (kept !== undefined) return ok(kept);
  const scratch = mkdtempSync(join(options.cache, "making-"));
  try {
    const secrets = await scanStores({ ...options, stores, scratch });
    if (!secrets.ok) return secrets;
    const view = await standIns(options, stores, {
      blobs: secrets.value.blobs,
      tracked: secrets.value.tracked,
      scratch,
    });
    if (!view.ok || secrets.value.isForged) return view;
    writeFileSync(join(scratch, "view"), JSON.stringify(view.value), { mode: 0o600 });
    renameSync(join(scratch, "view"), file);
    dropUnused(options.cache);
    return view;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** What a link in a store leads to would be seen at its own place, too. git makes none. */
function hasLinks(store: string): boolean {
  const links = (folder: string): boolean =>
    existsSync(folder) && readdirSync(folder, { withFileTypes: true }).some((entry) => entry.isSymbolicLink());
  return links(store) || links(join(store, "pack"));
}

/** A name for everything that the view depends on. Packs never change under their name; loose objects are known by theirs. */
function stateOf(options: GitViewOptions, stores: readonly ObjectStore[]): string {
  const hash = createHash("sha256").update(JSON.stringify([VERSION, options.root, options.rulesText]));
  const stat = (path: string): string => {
    const found = statSync(path, { throwIfNoEntry: false });
    return found === undefined ? "-" : `${found.size} ${found.mtimeMs} ${found.ino}`;
  };
  for (const path of options.maskedFiles) hash.update(JSON.stringify([path, stat(path)]));
  for (const { path, repository, wide } of stores) {
    const packs = entries(join(path, "pack")).map((name) => [name, stat(join(path, "pack", name))]);
    const indexes = repository === undefined ? [] : indexFiles(repository).map((index) => [index, stat(index)]);
    hash.update(JSON.stringify([path, wide, packs, indexes, looseObjects(path)]));
  }
  return hash.digest("hex").slice(0, 40);
}

function readKept(file: string): GitView | undefined {
  try {
    const view: GitView = JSON.parse(readFileSync(file, "utf8"));
    if (!view.instead.every(({ source }) => existsSync(source))) return undefined;
    const now = new Date();
    for (const used of [file, ...new Set(view.instead.map(({ source }) => source))]) utimesSync(used, now, now);
    return view;
  } catch {
    return undefined; // not made yet
  }
}

type Found = Pick<GitView, "blobs" | "tracked"> & { readonly scratch: string };

async function standIns(
  { root, cache }: GitViewOptions,
  stores: readonly ObjectStore[],
  found: Found,
): Promise<Result<GitView, Problem>> {
  const { blobs, tracked } = found;
  const masked = new Set(blobs);
  const instead: { path: string; source: string }[] = [];
  const hidden: string[] = [];
  if (masked.size === 0) return ok({ blobs, instead, hidden, tracked });
  const loose = join(cache, `loose-${VERSION}`);
  if (!existsSync(loose)) writeFileSync(loose, looseStandIn(), { mode: 0o444 });
  for (const store of stores) {
    for (const name of looseObjects(store.path)) {
      if (masked.has(name)) instead.push({ path: join(store.path, name.slice(0, 2), name.slice(2)), source: loose });
    }
    let isReplaced = false;
    for (const base of packsOf(store.path)) {
      const index = readPackIndex(base);
      // A pack that git cannot use either shows nothing by git; by hand, it could.
      const inside = index === undefined ? undefined : blobs.filter((name) => index.has(name));
      if (inside?.length === 0) continue;
      isReplaced = true;
      const also = beside(base);
      hidden.push(...also);
      if (inside === undefined || index === undefined) {
        hidden.push(`${base}.pack`, `${base}.idx`);
        continue;
      }
      const names = Array.from({ length: index.count }, (_, at) => index.nameAt(at));
      const made = await replacement({ root, cache, store, base, names, masked, scratch: found.scratch });
      if (!made.ok) return made;
      instead.push(...["pack", "idx"].map((end) => ({ path: `${base}.${end}`, source: `${made.value}.${end}` })));
    }
    // It knows where each object stands in the packs as they are outside.
    if (isReplaced)
      hidden.push(
        ...entries(join(store.path, "pack"))
          .filter((name) => name.startsWith("multi-pack-index"))
          .map((name) => join(store.path, "pack", name)),
      );
  }
  return ok({ blobs, instead, hidden, tracked });
}

/** Files that say where the objects of this pack stand in it. */
function beside(base: string): readonly string[] {
  return ["rev", "bitmap"].map((end) => `${base}.${end}`).filter((path) => existsSync(path));
}

// `--window=0`: no search for better deltas; what stood on a masked blob is stored whole. git writes where its own objects are, so these are ours and
// the store is borrowed.
const REPACK = `
mkdir -p /out/g/refs /out/g/objects/pack /out/g/objects/info
echo 'ref: refs/heads/none' >/out/g/HEAD
if [ "$1" = wide ]; then printf '[core]\\n\\trepositoryformatversion = 1\\n[extensions]\\n\\tobjectformat = sha256\\n' >/out/g/config; fi
echo /run/store >/out/g/objects/info/alternates
export GIT_DIR=/out/g
git pack-objects -q --window=0 --delta-base-offset /out/made </out/names >/out/said
`;

/** The base path of the replaced pack in the cache. */
async function replacement(parts: {
  readonly root: string;
  readonly cache: string;
  readonly store: ObjectStore;
  readonly base: string;
  readonly names: readonly string[];
  readonly masked: ReadonlySet<string>;
  readonly scratch: string;
}): Promise<Result<string, Problem>> {
  const { root, cache, store, base, scratch } = parts;
  const inside = parts.names.filter((name) => parts.masked.has(name));
  const id = createHash("sha256")
    .update(JSON.stringify([VERSION, basename(base), statSync(`${base}.pack`).size, inside]))
    .digest("hex");
  const kept = join(cache, `pack-${id.slice(0, 40)}`);
  if (existsSync(`${kept}.pack`) && existsSync(`${kept}.idx`)) return ok(kept);
  try {
    const shown = parts.names.filter((name) => !parts.masked.has(name));
    const made = await repack({ root, store, names: shown, scratch });
    if (!made.ok) return made;
    for (const end of ["pack", "idx"]) chmodSync(`${made.value}.${end}`, 0o600);
    appendStandIns(made.value, inside, store.wide);
    for (const end of ["pack", "idx"]) {
      chmodSync(`${made.value}.${end}`, 0o444);
      renameSync(`${made.value}.${end}`, `${kept}.${end}`);
    }
    return ok(kept);
  } catch (error) {
    return err(failed(root, (error as Error).message));
  }
}

/** A pack of exactly these objects, below `scratch`. */
export async function repack(parts: {
  readonly root: string;
  readonly store: Pick<ObjectStore, "path" | "wide">;
  readonly names: readonly string[];
  readonly scratch: string;
}): Promise<Result<string, Problem>> {
  const { root, store, names, scratch } = parts;
  const out = mkdtempSync(join(scratch, "pack-"));
  if (names.length === 0) {
    writeEmptyPack(join(out, "made"), store.wide);
    return ok(join(out, "made"));
  }
  writeFileSync(join(out, "names"), names.map((name) => `${name}\n`).join(""));
  const done = await runGit({
    root,
    also: [
      { source: out, target: "/out", writable: true },
      { source: store.path, target: "/run/store" },
    ],
    script: REPACK,
    args: [store.wide ? "wide" : "short"],
    timeoutMs: MOST_MS,
  });
  const pack = readdirSync(out).find((name) => name.endsWith(".pack"));
  if (!done.ok || pack === undefined) return err(failed(root, done.ok ? "git made no pack" : done.error.message));
  return ok(join(out, pack.slice(0, -5)));
}

function dropUnused(cache: string): void {
  const old = Date.now() - UNUSED_MS;
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? old) < old)
      rmSync(path, { recursive: true, force: true });
  }
}

function failed(root: string, why: string): Problem {
  return {
    code: "git-view-failed",
    message: `the history in \`${root}\` holds secrets and cannot be shown without them: ${why}`,
    hint: "mend it (`git fsck` says what is wrong), or show the history as it is, secrets included: `--show-secret .git`",
  };
}
