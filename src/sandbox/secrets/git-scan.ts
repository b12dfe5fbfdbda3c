// Which blobs of a workspace's repositories are masked (CRED-6): whatever stood at a masked path in any version that git still has, is staged there,
// or is the content of a masked file as it is now. git reads the objects inside a fence, from a repository of our own that borrows the store: the
// repository's settings, grafts and replaced objects have no say. Nothing of the host is written.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { holdsSecret, SECRET_PROBE_BYTES, type SecretSuspicion } from "#core/paths";
import { runGit } from "../git/git-fence.ts";
import { indexFiles, looseObjects, type ObjectStore } from "./object-stores.ts";
import { type MaskRules, parseBatch, suspicionAt, walkTrees } from "./tree-walk.ts";

/** What to look through. */
export interface ScanOptions {
  readonly root: string;
  readonly stores: readonly ObjectStore[];
  readonly rules: MaskRules;
  /** Masked files of the workspace as they stand now, absolute. */
  readonly maskedFiles: readonly string[];
  /** An empty folder of ours, for what git prints. */
  readonly scratch: string;
}

/** What must not be seen. */
export interface GitSecrets {
  /** Blob names, hex, of all stores together. */
  readonly blobs: readonly string[];
  /** Masked paths that an index names, by index file; relative to that index's worktree. */
  readonly tracked: Readonly<Record<string, readonly string[]>>;
}

const MOST_MS = 120_000;
const LARGEST_BLOB = 4 * 1024 * 1024;
const LARGEST_FILE = 16 * 1024 * 1024;

// A repository of our own without settings, so that only objects are read. `ulimit -f`: half a gigabyte of trees is the most that is held in memory.
const OWN_REPOSITORY = `
ulimit -f 1048576
mkdir /g /g/refs /g/objects
echo 'ref: refs/heads/none' >/g/HEAD
own() { if [ "$1" = wide ]; then printf '[core]\\n\\trepositoryformatversion = 1\\n[extensions]\\n\\tobjectformat = sha256\\n' >/g/config; else : >/g/config; fi; }
export GIT_DIR=/g
`;

const LIST = `${OWN_REPOSITORY}
n=0
for pair; do
  own "\${pair%%:*}"
  export GIT_OBJECT_DIRECTORY="\${pair#*:}"
  git cat-file --batch-all-objects --unordered --batch-check='%(objecttype) %(objectname)' >/out/all.$n
  sed -n 's/^\\(commit\\|tree\\) //p' /out/all.$n | git cat-file --batch --buffer >/out/trees.$n
  n=$((n + 1))
done
`;

const STAGED = `${OWN_REPOSITORY}
n=0
for pair; do
  own "\${pair%%:*}"
  GIT_INDEX_FILE="\${pair#*:}" git ls-files -s -z >/out/index.$n
  n=$((n + 1))
done
`;

const BLOBS = `${OWN_REPOSITORY}
own "$1"
export GIT_OBJECT_DIRECTORY="$2"
git cat-file --batch-check='%(objectname) %(objectsize)' </out/wanted | while read -r name size; do
  if [ "$size" -le ${LARGEST_BLOB} ]; then echo "$name"; fi
done | git cat-file --batch --buffer >/out/blobs
`;

/** Looks through all of them, or says why that cannot be done: then nobody knows what `git show` would tell, and nothing may run. */
export async function scanStores(options: ScanOptions): Promise<Result<GitSecrets, Problem>> {
  const { root, stores } = options;
  const run = async (script: string, args: readonly string[]): Promise<Problem | undefined> => {
    const also = [{ source: options.scratch, target: "/out", writable: true as const }];
    const done = await runGit({ root, also, script, args, timeoutMs: MOST_MS });
    return done.ok ? undefined : unreadable(root, done.error);
  };
  const listed = await run(
    LIST,
    stores.map(({ path, wide }) => `${wide ? "wide" : "short"}:${path}`),
  );
  if (listed !== undefined) return err(listed);
  const staged = await readIndexes(options, run);
  if (!staged.ok) return staged;
  const blobs = new Set<string>();
  for (const [at, store] of stores.entries()) {
    const entries = staged.value.filter(({ repository }) => repository === store.repository);
    const found = await scanOne({ store, at, staged: entries, options, run });
    if (!found.ok) return found;
    for (const name of found.value) blobs.add(name);
    for (const file of options.maskedFiles) addContent(file, store.wide, blobs);
  }
  const masked = new Set(options.maskedFiles.map((path) => path.slice(root.length + 1)));
  const tracked: Record<string, string[]> = {};
  for (const { index, path, name, id } of staged.value) {
    if (!masked.has(path)) continue;
    blobs.add(id);
    tracked[index] = [...(tracked[index] ?? []), name];
  }
  return ok({ blobs: [...blobs], tracked });
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

async function readIndexes({ root, stores, scratch }: ScanOptions, run: Run): Promise<Result<StagedFile[], Problem>> {
  const indexes = stores.flatMap(({ repository, wide }) =>
    repository === undefined ? [] : indexFiles(repository).map((index) => ({ index, wide, repository })),
  );
  const failed = await run(
    STAGED,
    indexes.map(({ index, wide }) => `${wide ? "wide" : "short"}:${index}`),
  );
  if (failed !== undefined) return err(failed);
  const staged = indexes.flatMap(({ index, repository }, at) =>
    readFileSync(join(scratch, `index.${at}`), "utf8")
      .split("\0")
      .flatMap((line): readonly StagedFile[] => {
        const [, id = "", name = ""] = /^100\d+ ([0-9a-f]+) \d\t(.*)$/s.exec(line) ?? [];
        return name === "" ? [] : [{ index, repository, name, path: `${prefixOf(root, repository)}${name}`, id }];
      }),
  );
  return ok(staged);
}

/** Among more blobs than these only loose ones are looked at: what `git add` left is loose until it is collected. */
const MOST_STRAYS = 200_000;

/** Blobs that may stand at no path: what `git add` left before a commit was made, a tag of a blob, a tree that is missing. Their content alone can tell. */
function strayCandidates(store: ObjectStore, listed: string): ReadonlySet<string> {
  const blobs = new Set<string>();
  for (const line of listed.split("\n")) if (line.startsWith("blob ")) blobs.add(line.slice(5));
  return blobs.size <= MOST_STRAYS ? blobs : new Set(looseObjects(store.path).filter((name) => blobs.has(name)));
}

type Run = (script: string, args: readonly string[]) => Promise<Problem | undefined>;

async function scanOne(parts: {
  readonly store: ObjectStore;
  readonly at: number;
  readonly staged: readonly StagedFile[];
  readonly options: ScanOptions;
  readonly run: Run;
}): Promise<Result<ReadonlySet<string>, Problem>> {
  const { store, at, run } = parts;
  const { root, rules, scratch } = parts.options;
  const raw = parseBatch(readFileSync(join(scratch, `trees.${at}`)), store.wide);
  if (raw === undefined) return err(tooLarge(root));
  const prefix = store.repository === undefined ? "" : prefixOf(root, store.repository);
  const strays = strayCandidates(store, readFileSync(join(scratch, `all.${at}`), "latin1"));
  const found = walkTrees(raw, { rules, prefix, wide: store.wide, candidates: strays });
  if (found === undefined) return err(tooLarge(root));
  const suspected = new Map<string, ReadonlySet<SecretSuspicion>>(found.suspected);
  // Staged in any index, whatever stands in its worktree now.
  for (const { path, id } of parts.staged) {
    const why = suspicionAt(path, rules);
    found.referenced.add(id);
    if (why === "name") found.masked.add(id);
    else if (why !== undefined) suspected.set(id, new Set([...(suspected.get(id) ?? []), why]));
  }
  for (const name of strays)
    if (!suspected.has(name) && !found.referenced.has(name) && !found.masked.has(name)) suspected.set(name, STRAY);
  if (suspected.size > 0) {
    writeFileSync(join(scratch, "wanted"), [...suspected.keys()].map((name) => `${name}\n`).join(""));
    const failed = await run(BLOBS, [store.wide ? "wide" : "short", store.path]);
    if (failed !== undefined) return err(failed);
    eachBlob(readFileSync(join(scratch, "blobs")), (name, head) => {
      const why = suspected.get(name) ?? STRAY;
      if (why === STRAY ? isStraySecret(head) : [...why].some((suspicion) => holdsSecret(suspicion, head)))
        found.masked.add(name);
    });
  }
  return ok(found.masked);
}

const STRAY: ReadonlySet<SecretSuspicion> = new Set();

/** Without a name only the plainest are taken for secrets: a key alone, or a file of nothing but settings, one of which is a secret. */
function isStraySecret(head: string): boolean {
  if (/^\s*-----BEGIN [A-Z ]*PRIVATE KEY/.test(head)) return true;
  const lines = head.split("\n").filter((line) => line.trim() !== "");
  return lines.every((line) => /^\s*(?:[#;[]|(?:export\s+)?[\w.:/@-]+\s*=)/.test(line)) && holdsSecret("token", head);
}

function eachBlob(bytes: Buffer, act: (name: string, head: string) => void): void {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return;
    const [name = "", type = "", size = ""] = bytes.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (type === "missing") continue;
    act(name, bytes.toString("latin1", at, at + Math.min(Number(size), SECRET_PROBE_BYTES)));
    at += Number(size) + 1;
  }
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
