// What stands beside a line: contents of blobs, checked against their names, and, only where it was asked for, the values of private fields.
import { hash } from "node:crypto";
import { closeSync, fstatSync, readFileSync } from "node:fs";
import { commitmentOf, type Json, type LogRecord } from "#core/log";
import { referenceOf } from "#core/log/export";
import { blobPath } from "../blobs.ts";
import { openForScan } from "../open-file.ts";
import { VaultReader } from "../vault.ts";

/** What a line's references stand for, and the digests whose content is not there or is not theirs. */
export interface Beside {
  readonly beside: ReadonlyMap<string, Json>;
  readonly lost: readonly string[];
}

/** Looks beside one record of a segment. */
export type BesideReader = (record: LogRecord, segment: string) => Beside;

/** Content longer than this is not read: it could not be sent whole anyway, and its reference says how long it is. */
const LONGEST = 67_108_864;

const NONE: Beside = { beside: new Map(), lost: [] };

/** A reader for the log in `dir`. */
export function besideReader(dir: string, options: { readonly private: boolean }): BesideReader {
  const vault = options.private ? new VaultReader(dir) : undefined;
  return (record, segment) => {
    const blobs = new Set<string>();
    collect(record.data, blobs);
    if (blobs.size === 0 && vault === undefined) return NONE;
    const beside = new Map<string, Json>();
    const lost: string[] = [];
    for (const digest of blobs) {
      const content = blobContent(dir, digest);
      if (content === "lost") lost.push(digest);
      else if (content !== "long") beside.set(digest, content.value);
    }
    for (const [key, value] of vault === undefined ? [] : Object.entries(record.data)) {
      const commitment = commitmentOf(value);
      if (commitment === undefined) continue;
      const found = vault?.open(segment, record.seq, `data.${key}`, commitment);
      if (found?.kind === "value") beside.set(commitment, found.entry.value);
    }
    return { beside, lost };
  };
}

function collect(value: Json, blobs: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, blobs);
    return;
  }
  const members = value as { readonly [key: string]: Json };
  const digest = referenceOf(members);
  if (digest === undefined) for (const member of Object.values(members)) collect(member, blobs);
  else if (members["$blob"] !== undefined) blobs.add(digest);
}

function blobContent(dir: string, digest: string): { readonly value: Json } | "lost" | "long" {
  let fd: number;
  try {
    fd = openForScan(dir, blobPath(digest));
  } catch {
    return "lost";
  }
  try {
    if (fstatSync(fd).size > LONGEST) return "long";
    const bytes = readFileSync(fd);
    if (hash("sha256", bytes, "hex") !== digest) return "lost";
    return { value: JSON.parse(bytes.toString("utf8")) as Json };
  } catch {
    return "lost";
  } finally {
    closeSync(fd);
  }
}
