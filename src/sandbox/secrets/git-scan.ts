// Which blobs of a workspace's repositories are masked (CRED-6): whatever stood at a masked path in any version that git still has, is staged there,
// or is the content of a masked file as it is now. git reads the objects inside a fence, from a repository of our own that borrows the store: the
// repository's settings, grafts and replaced objects have no say. Nothing of the host is written.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { runGit } from "../git/git-fence.ts";
import { judgeBlobs, type Suspicion } from "./judge-blobs.ts";
import {
  type BatchRecord,
  batchRecords,
  isItself,
  type KeptObjects,
  keepObjects,
  readKeptObjects,
} from "./kept-objects.ts";
import { keepWalk, readKeptWalk } from "./kept-walk.ts";
import { indexFiles, looseObjects, type ObjectStore } from "./object-stores.ts";
import { LIST } from "./scan-scripts.ts";
import { type MaskRules, rawTrees, suspicionAt, walkTrees } from "./tree-walk.ts";

/** What to look through. */
export interface ScanOptions {
  readonly root: string;
  readonly stores: readonly ObjectStore[];
  readonly rules: MaskRules;
  /** Masked files of the workspace as they stand now, absolute. */
  readonly maskedFiles: readonly string[];
  /** An empty folder of ours, for what git prints. */
  readonly scratch: string;
  /** Where what was read, judged and walked once is kept (kept-objects.ts, kept-walk.ts), and the name of the rules that a walk is of. */
  readonly cache: string;
  readonly rulesText: string;
}

/** What must not be seen. */
export interface GitSecrets {
  /** Blob names, hex, of all stores together. */
  readonly blobs: readonly string[];
  /** Masked paths that an index names, by index file; relative to that index's worktree. */
  readonly tracked: Readonly<Record<string, readonly string[]>>;
  /** Something in a store is not what its name says: what was found holds until that is put right, which no name will show. */
  readonly isForged: boolean;
}

const MOST_MS = 120_000;
const LARGEST_FILE = 16 * 1024 * 1024;
const NOTHING_KEPT: KeptObjects = { records: new Map(), verdicts: new Map() };

/** Looks through all of them, or says why that cannot be done: then nobody knows what `git show` would tell, and nothing may run. */
export async function scanStores(options: ScanOptions): Promise<Result<GitSecrets, Problem>> {
  const { root, stores } = options;
  const run = async (script: string, args: readonly string[]): Promise<Problem | undefined> => {
    const also = [{ source: options.scratch, target: "/out", writable: true as const }];
    const done = await runGit({ root, also, script, args, timeoutMs: MOST_MS });
    return done.ok ? undefined : unreadable(root, done.error);
  };
  const kept = stores.map((store) => readKeptObjects({ ...options, store }));
  for (const [at, { records }] of kept.entries())
    writeFileSync(join(options.scratch, `known.${at}`), linesOf([...records.keys()].sort()));
  const indexes = stores.flatMap(({ repository, wide }) =>
    repository === undefined ? [] : indexFiles(repository).map((index) => ({ index, wide, repository })),
  );
  const word = (kind: string, path: string, wide: boolean): string => `${kind}:${wide ? "wide" : "short"}:${path}`;
  const listed = await run(LIST, [
    ...stores.map(({ path, wide }) => word("store", path, wide)),
    ...indexes.map(({ index, wide }) => word("index", index, wide)),
  ]);
  if (listed !== undefined) return err(listed);
  const staged = readIndexes(options, indexes);
  const blobs = new Set<string>();
  let isForged = false;
  for (const [at, store] of stores.entries()) {
    const entries = staged.filter(({ repository }) => repository === store.repository);
    const found = await scanOne({ store, at, staged: entries, kept: kept[at] ?? NOTHING_KEPT, options, run });
    if (!found.ok) return found;
    for (const name of found.value.masked) blobs.add(name);
    isForged ||= found.value.isForged;
    for (const file of options.maskedFiles) addContent(file, store.wide, blobs);
  }
  const masked = new Set(options.maskedFiles.map((path) => path.slice(root.length + 1)));
  const tracked: Record<string, string[]> = {};
  for (const { index, path, name, id } of staged) {
    if (!masked.has(path)) continue;
    blobs.add(id);
    tracked[index] = [...(tracked[index] ?? []), name];
  }
  return ok({ blobs: [...blobs], tracked, isForged });
}

/** One file of an index. */
interface StagedFile {
  readonly index: string;
  readonly repository: string;
  /** Relative to the index's worktree, and to the root. */
  readonly name: string;
  readonly path: string;
  readonly id: string;
}

interface IndexFile {
  readonly index: string;
  readonly repository: string;
}

function readIndexes({ root, scratch }: ScanOptions, indexes: readonly IndexFile[]): readonly StagedFile[] {
  return indexes.flatMap(({ index, repository }, at) =>
    readFileSync(join(scratch, `index.${at}`), "utf8")
      .split("\0")
      .flatMap((line): readonly StagedFile[] => {
        const [, id = "", name = ""] = /^100\d+ ([0-9a-f]+) \d\t(.*)$/s.exec(line) ?? [];
        return name === "" ? [] : [{ index, repository, name, path: `${prefixOf(root, repository)}${name}`, id }];
      }),
  );
}

/** Among more blobs than these only loose ones are looked at: what `git add` left is loose until it is collected. */
const MOST_STRAYS = 200_000;

/** Blobs that may stand at no path: what `git add` left before a commit was made, a tag of a blob, a tree that is missing. Their content alone can tell. */
function strayCandidates(store: ObjectStore, blobs: ReadonlySet<string>): ReadonlySet<string> {
  return blobs.size <= MOST_STRAYS ? blobs : new Set(looseObjects(store.path).filter((name) => blobs.has(name)));
}

type Run = (script: string, args: readonly string[]) => Promise<Problem | undefined>;

async function scanOne(parts: {
  readonly store: ObjectStore;
  readonly at: number;
  readonly staged: readonly StagedFile[];
  readonly kept: KeptObjects;
  readonly options: ScanOptions;
  readonly run: Run;
}): Promise<Result<Searched, Problem>> {
  const { store, at, kept } = parts;
  const { root, rules, scratch } = parts.options;
  const fresh = batchRecords(readFileSync(join(scratch, `trees.${at}`)));
  if (fresh === undefined) return err(tooLarge(root));
  const listed = namesByType(readFileSync(join(scratch, `all.${at}`), "latin1"));
  const read = new Map(fresh.map((record) => [record.name, record]));
  for (const [name, record] of kept.records) if (listed.others.has(name) && !read.has(name)) read.set(name, record);
  // Something that neither was read now nor before would be shown unseen.
  if (![...listed.others].every((name) => read.has(name)))
    return err(unreadable(root, { code: "git-objects-unread", message: "git did not print all of them" }));
  const prefix = store.repository === undefined ? "" : prefixOf(root, store.repository);
  const place = { ...parts.options, store, prefix };
  const earlier = readKeptWalk(place, listed.others);
  const strays = strayCandidates(store, listed.blobs);
  const unwalked = [...listed.others].flatMap((name) => (earlier.covered.has(name) ? [] : (read.get(name) ?? [])));
  const tree = (name: string): Buffer | undefined => {
    const record = read.get(name);
    return record?.type === "tree" ? record.content : undefined;
  };
  const walked = { rules, prefix, wide: store.wide, candidates: strays, found: earlier.findings };
  const found = walkTrees(rawTrees(unwalked, store.wide, tree), walked);
  if (found === undefined) return err(tooLarge(root));
  // A forged object teaches nothing about the one whose name it has.
  const areSound = fresh.every((record) => isSound(record, store.wide));
  if (areSound) keepWalk(place, { covered: listed.others, findings: found });
  const suspected = new Map<string, ReadonlySet<Suspicion>>(found.suspected);
  // Staged in any index, whatever stands in its worktree now.
  for (const { path, id } of parts.staged) {
    const why = suspicionAt(path, rules);
    found.referenced.add(id);
    if (why === "name") found.masked.add(id);
    else if (why !== undefined) suspected.set(id, new Set([...(suspected.get(id) ?? []), why]));
  }
  for (const name of strays)
    if (!suspected.has(name) && !found.referenced.has(name) && !found.masked.has(name))
      suspected.set(name, new Set(["stray"]));
  const judged = await judgeBlobs({ ...{ store, kept, scratch }, run: parts.run, tooLarge: tooLarge(root) }, suspected);
  if (!judged.ok) return judged;
  for (const name of judged.value.secrets) found.masked.add(name);
  const present = [...kept.verdicts].filter(([key]) => listed.blobs.has(key.split(" ", 1)[0] ?? ""));
  if (areSound) keepObjects(place, [...read.values()], new Map(present));
  return ok({ masked: found.masked, isForged: judged.value.isForged || !areSound });
}

/** What one store's search gave. */
interface Searched {
  readonly masked: Iterable<string>;
  readonly isForged: boolean;
}

function isSound(record: BatchRecord, wide: boolean): boolean {
  return record.type === "missing" || isItself(record, wide);
}

/** Blobs, and whatever else was listed that is to be read. */
function namesByType(listed: string): { readonly blobs: ReadonlySet<string>; readonly others: ReadonlySet<string> } {
  const blobs = new Set<string>();
  const others = new Set<string>();
  for (const line of listed.split("\n")) {
    const [type = "", name = ""] = line.split(" ");
    if (type === "blob") blobs.add(name);
    if (type === "commit" || type === "tree") others.add(name);
  }
  return { blobs, others };
}

function linesOf(names: readonly string[]): string {
  return names.map((name) => `${name}\n`).join("");
}

/** The blob that `git add` of the file makes: staged or not, committed or not, it is the same secret. */
function addContent(file: string, wide: boolean, to: Set<string>): void {
  const name = blobOf(file, wide);
  if (name !== undefined) to.add(name);
}

/** The name that git would give the file's content; `undefined` when it is no plain file of bearable size. */
export function blobOf(file: string, wide: boolean): string | undefined {
  try {
    const content = readFileSync(file);
    if (content.length > LARGEST_FILE || content.length === 0) return undefined;
    return createHash(wide ? "sha256" : "sha1")
      .update(`blob ${content.length}\0`)
      .update(content)
      .digest("hex");
  } catch {
    return undefined; // a folder, or not readable
  }
}

/** Where the files of a repository stand, relative to the workspace: beside its `.git`, for a submodule's by its name; a bare one is taken for the top. */
function prefixOf(root: string, repository: string): string {
  const place = repository.slice(root.length + 1);
  const submodule = /(?:^|\/)\.git\/modules\/(.+)$/.exec(place)?.[1];
  if (submodule !== undefined) return `${submodule}/`;
  return place.endsWith("/.git") ? place.slice(0, -4) : "";
}

function unreadable(root: string, cause: Problem): Problem {
  // A machine that can make no fence is not mended by showing secrets.
  if (cause.code === "read-fence") return cause;
  return {
    code: "git-objects-unreadable",
    message: `the repositories of \`${root}\` cannot be searched for secrets that their history holds: ${cause.message}`,
    hint: "mend it (`git fsck` says what is wrong), or show the history as it is, secrets included: `--show-secret .git`",
  };
}

function tooLarge(root: string): Problem {
  return {
    code: "git-objects-too-many",
    message: `the history in \`${root}\` is too large to be searched for secrets`,
    hint: "work in a shallow clone (`git clone --depth 100`), or show the history as it is, secrets included: `--show-secret .git`",
  };
}
