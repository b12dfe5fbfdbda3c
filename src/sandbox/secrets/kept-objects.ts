// What a search of git's objects read and judged once, so that the next one, after a commit, reads only what is new. Both are known by the objects'
// own names, and only of objects whose content has the digest that the name says.
import { createHash } from "node:crypto";
import { readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** One object as `git cat-file --batch` prints it; `missing` has no content. */
export interface BatchRecord {
  readonly name: string;
  readonly type: string;
  readonly content: Buffer;
}

/** What is kept of one store. */
export interface KeptObjects {
  /** Commits and trees by name. */
  readonly records: ReadonlyMap<string, BatchRecord>;
  /** Whether a blob's content is a secret, by its name and what it is suspected of. Grows while a search judges. */
  readonly verdicts: Map<string, boolean>;
}

/** Where it is kept. */
export interface KeptPlace {
  /** A folder of the state folder, private to the person. */
  readonly cache: string;
  /** An empty folder on the same disk, for what is being written. */
  readonly scratch: string;
  readonly store: { readonly path: string; readonly wide: boolean };
}

/** Another number where other content would be a secret: verdicts are of the rules that made them. */
const VERSION = 1;
const MOST_BYTES = 256 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

/** Reads what was kept; nothing where there is nothing, or where it is damaged. */
export function readKeptObjects(place: KeptPlace): KeptObjects {
  const all = batchRecords(readKept(fileOf(place, "trees"))) ?? [];
  const records = new Map(all.map((record) => [record.name, record]));
  return { records, verdicts: readVerdicts(fileOf(place, "verdicts")) };
}

/** Keeps these records, each itself, and these verdicts in the place of what was kept. Of a store that goes with its session, nothing. */
export function keepObjects(
  place: KeptPlace,
  records: readonly BatchRecord[],
  verdicts: KeptObjects["verdicts"],
): void {
  if (isTransient(place)) return;
  const bytes = Buffer.concat(
    records.flatMap(({ name, type, content }) =>
      type === "missing" ? [] : [Buffer.from(`${name} ${type} ${content.length}\n`), content, Buffer.from("\n")],
    ),
  );
  if (bytes.length <= MOST_BYTES) writeKept(place, fileOf(place, "trees"), bytes);
  writeKept(place, fileOf(place, "verdicts"), Buffer.from(JSON.stringify([...verdicts])));
}

/** True for a store below the state folder: it goes with its session. */
export function isTransient({ store, cache }: KeptPlace): boolean {
  return store.path.startsWith(`${dirname(cache)}/`);
}

/** True when the content has the digest that its name says. */
export function isItself({ name, type, content }: BatchRecord, wide: boolean): boolean {
  const hash = createHash(wide ? "sha256" : "sha1").update(`${type} ${content.length}\0`);
  return hash.update(content).digest("hex") === name;
}

/** The records of what `cat-file --batch` printed. `undefined` when it is cut short. */
export function batchRecords(bytes: Buffer): readonly BatchRecord[] | undefined {
  const records: BatchRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(10, at);
    if (end < 0) return undefined;
    const [name = "", type = "", size = ""] = bytes.toString("latin1", at, end).split(" ");
    at = end + 1;
    if (type === "missing") {
      records.push({ name, type, content: NOTHING });
      continue;
    }
    const count = Number(size);
    if (!Number.isSafeInteger(count) || at + count + 1 > bytes.length) return undefined;
    records.push({ name, type, content: bytes.subarray(at, at + count) });
    at += count + 1;
  }
  return records;
}

function fileOf({ cache, store }: KeptPlace, kind: string): string {
  const id = createHash("sha256")
    .update(JSON.stringify([VERSION, store.path, store.wide]))
    .digest("hex");
  return join(cache, `${kind}-${id.slice(0, 40)}`);
}

function readVerdicts(file: string): Map<string, boolean> {
  try {
    const pairs: unknown = JSON.parse(readKept(file).toString());
    return new Map(Array.isArray(pairs) ? pairs.filter(isVerdict) : []);
  } catch {
    return new Map(); // nothing yet, or damaged
  }
}

function isVerdict(pair: unknown): pair is [string, boolean] {
  return Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "boolean";
}

/** Writes a kept file whole, under a digest of what is in it. */
export function writeKept({ scratch }: KeptPlace, file: string, content: Buffer): void {
  const fresh = join(scratch, "kept");
  writeFileSync(fresh, Buffer.concat([Buffer.from(digestOf(content)), content]), { mode: 0o600 });
  renameSync(fresh, file);
}

/** What a kept file holds, which is in use from now on; nothing where there is none, or where it is damaged. */
export function readKept(file: string): Buffer {
  try {
    const bytes = readFileSync(file);
    const content = bytes.subarray(DIGEST_LENGTH);
    if (bytes.toString("latin1", 0, DIGEST_LENGTH) !== digestOf(content)) return NOTHING;
    const now = new Date();
    utimesSync(file, now, now);
    return content;
  } catch {
    return NOTHING;
  }
}

const DIGEST_LENGTH = 64;

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
