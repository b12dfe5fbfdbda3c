// The vault: the values behind a log's commitments, `vault/<segment>` with one JSON object a line, readable by its owner alone. It is durable before the
// line that commits to it; it is signed by nobody and may be deleted, whole or line by line: the log stands without it. A value counts only when
// salt and value give the commitment in the signed line.
import { closeSync, constants, existsSync, readFileSync } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { commitmentOf, type Json, type LogRecord, opensCommitment, type PrivateValue } from "#core/log";
import type { Pending } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { syncFolder } from "./files.ts";
import type { LogIo } from "./log-io.ts";
import { openForScan } from "./open-file.ts";
import type { PlacedLine } from "./search.ts";
import { segmentName } from "./segment.ts";

/** One private value of a log. */
export interface VaultEntry extends PrivateValue {
  readonly seq: number;
}

/** The vault of a log that is written. */
export interface Vault {
  /** Writes the entries. They are kept once what it answers with has resolved, which the line that commits to them waits for. */
  write(firstSeq: number, entries: readonly VaultEntry[]): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** The private values of records that will stand from `first` on. */
export function vaultEntries(first: number, batch: readonly Pending[]): readonly VaultEntry[] {
  return batch.flatMap(({ body }, at) => body.privates.map((each) => ({ seq: first + at, ...each })));
}

/** Nothing is made on disk before there is something to keep. */
export function openVault(dir: string, io: LogIo): Vault {
  let open_: { readonly name: string; readonly file: FileHandle; bytes: number } | undefined;
  const fileOf = async (name: string): Promise<NonNullable<typeof open_>> => {
    if (open_?.name === name) return open_;
    await open_?.file.close();
    await mkdir(join(dir, "vault"), { recursive: true, mode: 0o700 });
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = await open(join(dir, "vault", name), flags, 0o600);
    await syncFolder(join(dir, "vault"));
    await syncFolder(dir);
    open_ = { name, file, bytes: (await file.stat()).size };
    return open_;
  };
  return {
    async write(firstSeq: number, entries: readonly VaultEntry[]): Promise<() => Promise<void>> {
      if (entries.length === 0) return async () => undefined;
      const into = await fileOf(segmentName(firstSeq));
      const bytes = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
      for (let done = 0; done < bytes.length; ) {
        const count = await io.write(into.file.fd, bytes.subarray(done), into.bytes + done);
        if (count <= 0) throw Object.assign(new Error("the disk took no bytes"), { code: "ENOSPC" });
        done += count;
      }
      return async () => {
        await io.datasync(into.file.fd);
        into.bytes += bytes.length;
      };
    },
    async close(): Promise<void> {
      await open_?.file.close();
      open_ = undefined;
    },
  };
}

/** What became of a private value. */
export type Opened = { readonly kind: "value"; readonly entry: VaultEntry } | { readonly kind: "sealed" | "altered" };

/** The vault of a log that is read; read when the first commitment is asked for. */
export class VaultReader {
  readonly #dir: string;
  readonly #segments = new Map<string, ReadonlyMap<number, readonly VaultEntry[]>>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The value of one field; `altered` when the vault has something for it that does not fit. `segment` is the log's file. */
  open(segment: string, seq: number, path: string, commitment: string): Opened {
    const entries = (this.#of(segment).get(seq) ?? []).filter((entry) => entry.path === path);
    const entry = entries.find((each) => opensCommitment(commitment, each, sha256));
    if (entry !== undefined) return { kind: "value", entry };
    return { kind: entries.length > 0 ? "altered" : "sealed" };
  }

  /** The record with its private values in place, as far as the vault has them; the same object when it has none. */
  opened(segment: string, record: LogRecord): LogRecord {
    let { data } = record;
    for (const [key, value] of Object.entries(record.data)) {
      const commitment = commitmentOf(value);
      if (commitment === undefined) continue;
      const found = this.open(segment, record.seq, `data.${key}`, commitment);
      if (found.kind === "value") data = { ...data, [key]: found.entry.value };
      else if (found.kind === "altered") data = { ...data, [key]: { ...(value as object), altered: true } };
    }
    return data === record.data ? record : { ...record, data };
  }

  #of(segment: string): ReadonlyMap<number, readonly VaultEntry[]> {
    if (!existsSync(join(this.#dir, "vault"))) return new Map();
    const known = this.#segments.get(segment);
    if (known !== undefined) return known;
    const bySeq = new Map<number, VaultEntry[]>();
    for (const entry of entriesIn(this.#dir, segment)) bySeq.set(entry.seq, [...(bySeq.get(entry.seq) ?? []), entry]);
    this.#segments.set(segment, bySeq);
    return bySeq;
  }
}

/** Lines with private values in place of their commitments, as far as the vault has them; their text then is what the record says, not what was signed. */
export function* withPrivate(dir: string, lines: Iterable<PlacedLine>): Generator<PlacedLine> {
  const vault = new VaultReader(dir);
  for (const line of lines) {
    const { record } = line;
    const opened = record === undefined ? undefined : vault.opened(line.place.segment, record);
    yield opened === undefined || opened === record ? line : { ...line, record: opened, text: JSON.stringify(opened) };
  }
}

/**
 * Takes the values of a record out of the vault; how many there were. Their bytes are overwritten where they stand: a session that is being
 * written goes on behind them, and a crash costs no other value.
 */
export async function eraseFromVault(dir: string, segment: string, seq: number, path?: string): Promise<number> {
  const name = join(dir, "vault", plain(segment));
  if (!existsSync(name)) return 0;
  const file = await open(name, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const bytes = await file.readFile();
    let count = 0;
    for (let at = 0, end = 0; at < bytes.length; at = end + 1) {
      const found = bytes.indexOf(0x0a, at);
      end = found < 0 ? bytes.length : found;
      const entry = parseEntry(bytes.toString("utf8", at, end));
      if (entry?.seq !== seq || (path !== undefined && entry.path !== path)) continue;
      for (let done = at; done < end; )
        done += (await file.write(Buffer.alloc(end - done, 0x0a), 0, end - done, done)).bytesWritten;
      count += 1;
    }
    await file.sync();
    return count;
  } finally {
    await file.close();
  }
}

function entriesIn(dir: string, segment: string): readonly VaultEntry[] {
  let fd: number;
  try {
    fd = openForScan(dir, `vault/${plain(segment)}`);
  } catch {
    return []; // deleted, or never there: the fields stay commitments
  }
  try {
    return readFileSync(fd, "utf8")
      .split("\n")
      .flatMap((line) => parseEntry(line) ?? []);
  } finally {
    closeSync(fd);
  }
}

/** A compressed segment's values stand in a file of its old name. */
function plain(segment: string): string {
  return segment.replace(/\.gz$/, "");
}

function parseEntry(line: string): VaultEntry | undefined {
  if (line === "") return undefined;
  try {
    const { seq, path, salt, value } = JSON.parse(line) as { [key: string]: Json | undefined };
    if (typeof seq !== "number" || typeof path !== "string" || typeof salt !== "string" || value === undefined)
      return undefined;
    return { seq, path, salt, value };
  } catch {
    return undefined;
  }
}
