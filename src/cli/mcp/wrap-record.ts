// What wrapping a client's file remembers, in the state folder: how entries were spelled and the digests of the file before and after. Nothing that
// the file holds is copied: its variables and headers are secrets.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { ClientId, EntryHints } from "#core/mcp";
import { sha256 } from "../install-record.ts";

/** One wrapped file. */
export interface WrapRecord {
  readonly v: 1;
  readonly client: ClientId;
  readonly path: string;
  /** SHA-256 of the file without our words. */
  readonly before: string;
  readonly entries: readonly EntryHints[];
}

/** Where the record of a file stands. */
export function wrapRecordPath(stateDir: string, client: ClientId, path: string): string {
  return join(stateDir, "mcp/clients", `${client}-${sha256(Buffer.from(path)).slice(0, 16)}.json`);
}

/** The record, or undefined when there is none or it is not ours to understand: entries of ours are known by their words. */
export function readWrapRecord(path: string): WrapRecord | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

// The file is ours and private, so its shape is enough: what was cut short or written by another version is no record.
function isRecord(value: unknown): value is WrapRecord {
  if (typeof value !== "object" || value === null) return false;
  const { v, before, entries } = value as Readonly<Record<string, unknown>>;
  return v === 1 && typeof before === "string" && Array.isArray(entries) && entries.every(isEntry);
}

function isEntry(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { place, hints } = value as Readonly<Record<string, unknown>>;
  return Array.isArray(place) && typeof hints === "object" && hints !== null;
}

/** Keeps a record before its file is touched; none of an entry that is wrapped no more. */
export function writeWrapRecord(path: string, record: WrapRecord): Result<void, Problem> {
  try {
    if (record.entries.length === 0) return ok(rmSync(path, { force: true }));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    return ok(renameSync(`${path}.new`, path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return err({
      code: "state-folder",
      message: `what was there before cannot be kept in \`${path}\` (${code}), so nothing is written`,
      hint: "`ringfence doctor` says what is wrong with the state folder",
    });
  }
}
