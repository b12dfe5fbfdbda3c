// What stands beside a line: contents of blobs, checked against their names, and, only where it was asked for, the values of private fields.
import { hash } from "node:crypto";
import { closeSync, fstatSync, readFileSync } from "node:fs";
import type { Json, LogRecord } from "#core/log";
import { referenceOf } from "#core/log/export";
import { blobPath } from "../blobs.ts";
import { openForScan } from "../open-file.ts";
import { segmentNames } from "../segment-file.ts";

/** What a line's references stand for, and the digests whose content is not there or is not theirs. */
export interface Beside {
  readonly beside: ReadonlyMap<string, Json>;
  readonly lost: readonly string[];
}

/** Looks beside one record. */
export type BesideReader = (record: LogRecord) => Beside;

/** Content longer than this is not read: it could not be sent whole anyway, and its reference says how long it is. */
const LONGEST = 67_108_864;

const NONE: Beside = { beside: new Map(), lost: [] };

/** A reader for the log in `dir`. */
export function besideReader(dir: string, options: { readonly private: boolean }): BesideReader {
  const vault = options.private ? vaultOf(dir) : undefined;
  return (record) => {
    const blobs = new Set<string>();
    const commitments = new Set<string>();
    collect(record.data, blobs, commitments);
    if (blobs.size === 0 && commitments.size === 0) return NONE;
    const beside = new Map<string, Json>();
    const lost: string[] = [];
    for (const digest of blobs) {
      const content = blobContent(dir, digest);
      if (content === "lost") lost.push(digest);
      else if (content !== "long") beside.set(digest, content.value);
    }
    for (const commitment of commitments) {
      const value = vault?.(record.seq, commitment);
      if (value !== undefined) beside.set(commitment, value);
    }
    return { beside, lost };
  };
}

function collect(value: Json, blobs: Set<string>, commitments: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) collect(item, blobs, commitments);
    return;
  }
  const members = value as { readonly [key: string]: Json };
  const digest = referenceOf(members);
  if (digest !== undefined) (members["$blob"] === undefined ? commitments : blobs).add(digest);
  else for (const member of Object.values(members)) collect(member, blobs, commitments);
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

type Vault = (seq: number, commitment: string) => Json | undefined;

/**
 * The vault as a look-up. A value counts only when salt and value give the commitment that stands in the signed line: the vault itself is
 * signed by nobody.
 */
function vaultOf(dir: string): Vault {
  const values = new Map<string, Json>();
  for (const segment of segmentNames(dir)) {
    const name = segment.replace(/\.gz$/, "");
    for (const entry of vaultLines(dir, `vault/${name}`)) values.set(`${entry.seq} ${entry.commitment}`, entry.value);
  }
  return (seq, commitment) => values.get(`${seq} ${commitment}`);
}

function* vaultLines(
  dir: string,
  file: string,
): Generator<{ readonly seq: number; readonly commitment: string; readonly value: Json }> {
  let text: string;
  try {
    const fd = openForScan(dir, file);
    try {
      text = readFileSync(fd, "utf8");
    } finally {
      closeSync(fd);
    }
  } catch {
    return; // deleted, or never there: the fields stay commitments
  }
  for (const line of text.split("\n")) {
    const entry = parseEntry(line);
    if (entry === undefined) continue;
    const json = typeof entry.value === "string" ? entry.value : JSON.stringify(entry.value);
    const salted = Buffer.concat([entry.salt, Buffer.from(json)]);
    yield { seq: entry.seq, commitment: hash("sha256", salted, "hex"), value: entry.value };
  }
}

function parseEntry(line: string): { readonly seq: number; readonly salt: Buffer; readonly value: Json } | undefined {
  try {
    const { seq, salt, value } = JSON.parse(line) as { seq?: unknown; salt?: unknown; value?: Json };
    if (typeof seq !== "number" || typeof salt !== "string" || value === undefined) return undefined;
    return { seq, salt: Buffer.from(salt, /^[0-9a-f]{32}$/.test(salt) ? "hex" : "base64"), value };
  } catch {
    return undefined;
  }
}
