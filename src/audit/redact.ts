// Late redaction: what should not have been kept is taken out of the vault or of the blobs, and the machine's ledger says, signed, what went, when and
// why. The ledger comes first: a value that is gone without a word would look like damage. Chain and tree stand: a line only ever named a hash.
import { constants, existsSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { commitmentOf, type Json, type LogRecord, readLeaf } from "#core/log";
import { blobPath } from "./blobs.ts";
import { syncFolder } from "./files.ts";
import { appendToLedger, type LedgerOptions } from "./ledger.ts";
import { linesAt } from "./lookup.ts";
import { Unreadable } from "./open-file.ts";
import { sessionPlaces } from "./places.ts";
import { systemProblem } from "./problem.ts";
import { segmentNames } from "./segment-file.ts";
import { eraseFromVault } from "./vault.ts";

/** A value that stands beside a line. */
export interface BesideValue {
  /** `data.output`. */
  readonly path: string;
  readonly kind: "private" | "blob";
  readonly digest: string;
}

/** A record and where it is. */
export interface FoundRecord {
  readonly record: LogRecord;
  readonly line: Uint8Array;
  /** File of its segment. */
  readonly segment: string;
}

/** Finds a record by its number; judges nothing. */
export function recordAt(dir: string, seq: number): Result<FoundRecord, Problem> {
  try {
    const [line] = linesAt(dir, seq, 1);
    const segment = segmentNames(dir).findLast((name) => Number(name.slice(0, 12)) <= seq);
    const record = line === undefined ? undefined : readLeaf(line);
    if (line === undefined || record === undefined || segment === undefined) return err(noRecord(seq));
    return ok({ record, line, segment });
  } catch (error) {
    if (error instanceof Unreadable) return err(noRecord(seq));
    throw error;
  }
}

/** Everything of a record that stands beside its line. */
export function valuesBeside({ data }: LogRecord): readonly BesideValue[] {
  const found: BesideValue[] = [];
  const walk = (value: Json, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    const members = value as { readonly [key: string]: Json };
    const commitment = commitmentOf(value);
    const blob = members["$blob"];
    if (commitment !== undefined) found.push({ path, kind: "private", digest: commitment });
    else if (typeof blob === "string" && /^[0-9a-f]{64}$/.test(blob)) found.push({ path, kind: "blob", digest: blob });
    else for (const [key, inner] of Object.entries(members)) walk(inner, `${path}.${key}`);
  };
  walk(data, "data");
  return found;
}

/** What is to go. */
export interface RedactRequest {
  readonly session: string;
  readonly seq: number;
  /** One field; all of the record when absent. */
  readonly path?: string;
  readonly reason: string;
}

/** Redacts; resolves with what went once the ledger has it and it is gone. */
export async function redactRecord(
  options: LedgerOptions,
  { session, seq, path, reason }: RedactRequest,
): Promise<Result<readonly BesideValue[], Problem>> {
  const { dir } = sessionPlaces(options.stateDir, session);
  const found = recordAt(dir, seq);
  if (!found.ok) return found;
  const { record, segment } = found.value;
  const values = valuesBeside(record).filter((value) => path === undefined || value.path === path);
  if (values.length === 0) return err(nothingBeside(record, path));
  const data = {
    ...{ seq, paths: values.map((value) => value.path), reason },
    blobs: values.flatMap(({ kind, digest }) => (kind === "blob" ? [digest] : [])),
  };
  const told = await appendToLedger(options, session, [{ type: "redaction", origin: "observed", data }]);
  if (!told.ok) return told;
  try {
    for (const value of values) {
      if (value.kind === "private") await eraseFromVault(dir, segment, seq, value.path);
      else await eraseBlob(join(dir, blobPath(value.digest)));
    }
    return ok(values);
  } catch (error) {
    return err(systemProblem("log-failed", error, dir));
  }
}

/** Overwritten and unlinked: copies that a disk or a file system made on its own cannot be reached from here. */
async function eraseBlob(path: string): Promise<void> {
  if (!existsSync(path)) return;
  const file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  try {
    const { size } = await file.stat();
    const zeros = Buffer.alloc(Math.min(size, 1_048_576));
    for (let at = 0; at < size; at += zeros.length) await file.write(zeros, 0, Math.min(zeros.length, size - at), at);
    await file.sync();
  } finally {
    await file.close();
  }
  rmSync(path);
  await syncFolder(dirname(path));
}

function noRecord(seq: number): Problem {
  return {
    code: "log-no-record",
    message: `there is no whole record ${seq}`,
    hint: "`ringfence log show` prints the numbers",
  };
}

function nothingBeside({ seq, data }: LogRecord, path: string | undefined): Problem {
  const names = valuesBeside({ data } as LogRecord).map((value) => `\`${value.path}\``);
  const which = path === undefined ? "no value" : `no value \`${path}\``;
  return {
    code: "log-nothing-beside",
    message: `record ${seq} keeps ${which} in the vault or as a blob: what stands in the signed line itself stays`,
    hint: names.length > 0 ? `it keeps ${names.join(", ")}` : "`ringfence log prune` removes a whole session's records",
  };
}
