// Takes the stand-ins of masked blobs out of a session's layer before anything of it is judged (CRED-6): a `git gc` inside packs them, `git
// unpack-objects` makes them loose, a checkout writes them as files. The host has the real objects; none of these may stand before them there.
import { chmodSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { entriesIn } from "../folder-entries.ts";
import { readPackIndex } from "../workspace/git-pack.ts";
import { changeIndex } from "./git-index.ts";
import { repack } from "./git-view.ts";
import { entries, looseObjects, packsOf } from "./object-stores.ts";
import { STAND_IN } from "./stand-in.ts";

/** What a session was shown, as far as taking it back needs. */
export interface ShownGit {
  /** Masked blobs, hex. */
  readonly blobs: readonly string[];
  /** Object stores that were replaced in part, relative to the workspace. */
  readonly stores: readonly string[];
  /** Masked paths by index file, both relative: the file to the workspace, the paths to its worktree. */
  readonly tracked: Readonly<Record<string, readonly string[]>>;
}

/** Where to look. */
export interface RestorePlace {
  readonly upper: string;
  /** What stands below: the workspace, or the private copy. */
  readonly lower: string;
  /** A folder of the session. */
  readonly scratch: string;
  readonly user: { readonly uid: number; readonly gid: number };
}

/** Takes them out; idempotent. Answers the files of the layer that are stand-ins, relative: nobody's work, never to be applied. */
export async function takeBack(shown: ShownGit, place: RestorePlace): Promise<Result<readonly string[], Problem>> {
  if (shown.blobs.length === 0) return ok([]);
  const scratch = mkdtempSync(join(place.scratch, "restore-"));
  try {
    const masked = new Set(shown.blobs);
    for (const store of shown.stores) {
      const folder = join(place.upper, store);
      for (const name of isPlain(place.upper, store) ? looseObjects(folder) : []) {
        const fan = `${store}/${name.slice(0, 2)}`;
        if (masked.has(name) && isPlain(place.upper, fan))
          rmSync(join(place.upper, fan, name.slice(2)), { force: true });
      }
      if (!isPlain(place.upper, `${store}/pack`)) continue;
      for (const base of packsOf(folder)) {
        const failed = await cleanPack(base, { folder, masked, scratch });
        if (failed !== undefined) return err(failed);
      }
      // Made inside, about packs as they were inside.
      for (const name of entries(join(folder, "pack"))) {
        const path = join(folder, "pack", name);
        if (name.startsWith("multi-pack-index") && lstatSync(path).isFile()) rmSync(path);
      }
    }
    for (const [index, paths] of Object.entries(shown.tracked)) {
      const file = join(place.upper, index);
      if (!isPlain(place.upper, dirname(index))) continue;
      if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) continue;
      const wide = (shown.blobs[0]?.length ?? 40) === 64;
      const worktree = dirname(dirname(join(place.lower, index)));
      const common = { index: file, worktree, wide, paths, scratch, user: place.user };
      if (!(await changeIndex({ ...common, bit: "no-skip-worktree", to: file }))) rmSync(file);
    }
    return ok(standInFiles(place.upper));
  } catch (error) {
    return err(failed((error as Error).message));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** True when every step down is a real folder of the layer: what the agent put there may be a link to the host's own repository. */
function isPlain(upper: string, path: string): boolean {
  const parts = path.split("/");
  return parts.every((_, at) => {
    const folder = join(upper, ...parts.slice(0, at + 1));
    return lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  });
}

async function cleanPack(
  base: string,
  parts: { readonly folder: string; readonly masked: ReadonlySet<string>; readonly scratch: string },
): Promise<Problem | undefined> {
  const { folder, masked, scratch } = parts;
  const index = readPackIndex(base);
  if (index === undefined) return undefined; // no pack that git would read; the gate sees it as any file
  const names = Array.from({ length: index.count }, (_, at) => index.nameAt(at));
  const kept = names.filter((name) => !masked.has(name));
  if (kept.length === names.length) return undefined;
  if (kept.length > 0) {
    const wide = names[0]?.length === 64;
    const made = await repack({ root: folder, store: { path: folder, wide }, names: kept, scratch });
    if (!made.ok) return failed(made.error.message);
    const name = /-([0-9a-f]{40,64})$/.exec(made.value)?.[1];
    if (name === undefined) return failed("git made no pack");
    for (const end of ["pack", "idx"]) {
      chmodSync(`${made.value}.${end}`, 0o444);
      renameSync(`${made.value}.${end}`, join(folder, "pack", `pack-${name}.${end}`));
    }
    if (name === basename(base).slice(5)) return undefined;
  }
  // The index goes first: without it git knows no pack, whatever is left by a crash.
  for (const end of ["idx", "pack", "rev", "bitmap", "mtimes"]) {
    if (existsSync(`${base}.${end}`)) rmSync(`${base}.${end}`);
  }
  return undefined;
}

const SIZE = Buffer.byteLength(STAND_IN);

/** Files of the layer with exactly the words of a stand-in. */
function standInFiles(upper: string): readonly string[] {
  const found: string[] = [];
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of entriesIn(join(upper, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && entry.name !== ".git") folders.push(path);
      else if (entry.isFile() && sizeOf(join(upper, path)) === SIZE && isStandIn(join(upper, path))) found.push(path);
    }
  }
  return found;
}

/** None for a name that is not UTF-8: no path of ours names that file. The comparison holds it. */
function sizeOf(file: string): number | undefined {
  return lstatSync(file, { throwIfNoEntry: false })?.size;
}

function isStandIn(file: string): boolean {
  return readFileSync(file, "utf8") === STAND_IN;
}

function failed(why: string): Problem {
  return {
    code: "git-restore-failed",
    message: `what the session stored in git cannot be freed of masked objects: ${why}`,
    hint: "nothing was applied; `ringfence review` tries again",
  };
}
