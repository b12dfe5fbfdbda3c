// What a search of git's objects read and judged once, so that the next one, after a commit, reads only what is new. Both are known by the objects'
// own names: a record or a verdict counts only where the content has the digest that the name says, so that a forged object teaches nothing.
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
  const { wide } = place.store;
  const records = new Map<string, BatchRecord>();
  for (const record of batchRecords(bytesOf(fileOf(place, "trees"))) ?? [])
    if (isItself(record, wide)) records.set(record.name, record);
  return { records, verdicts: readVerdicts(fileOf(place, "verdicts")) };
}

/** Keeps these records and verdicts in the place of what was kept. Of a store that goes with its session, nothing. */
export function keepObjects(
  place: KeptPlace,
  records: readonly BatchRecord[],
  verdicts: KeptObjects["verdicts"],
): void {
  if (place.store.path.startsWith(`${dirname(place.cache)}/`)) return;
  const bytes = Buffer.concat(
    records.flatMap(({ name, type, content }) =>
      type === "missing" ? [] : [Buffer.from(`${name} ${type} ${content.length}\n`), content, Buffer.from("\n")],
    ),
  );
  const write = (kind: string, content: string | Buffer): void => {
    const fresh = join(place.scratch, kind);
    writeFileSync(fresh, content, { mode: 0o600 });
    renameSync(fresh, fileOf(place, kind));
  };
  if (bytes.length <= MOST_BYTES) write("trees", bytes);
  write("verdicts", JSON.stringify([...verdicts]));
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
    const pairs: unknown = JSON.parse(bytesOf(file).toString());
    return new Map(Array.isArray(pairs) ? pairs.filter(isVerdict) : []);
  } catch {
    return new Map(); // nothing yet, or damaged
  }
}

function isVerdict(pair: unknown): pair is [string, boolean] {
  return Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "boolean";
}

function bytesOf(file: string): Buffer {
  try {
    const bytes = readFileSync(file);
    const now = new Date();
    utimesSync(file, now, now); // it is in use
    return bytes;
  } catch {
    return NOTHING;
  }
}
