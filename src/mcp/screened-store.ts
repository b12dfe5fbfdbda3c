// What screening found in a description that was screened before, so that a server which says what it always said starts without being read anew.
// One file a server, beside the person's own lock in the state folder that no fence sees: whoever can write it can write that lock as well. Findings
// hold for exactly one text, read by exactly one program; of anything else, and of a file that cannot be read, nothing is known.
import { createHash, randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, isList, isObject, type Json, member, readFindings, readJson, writeJson } from "#core/mcp";

/** Findings by the digest of what was screened. */
export interface Screened {
  /** Whether anything is known at all. */
  readonly isEmpty: boolean;
  /** What was found in it, or `undefined` where nobody knows. */
  recall(of: string): readonly Finding[] | undefined;
  /** Keeps it for the next start. That nothing can be kept is no fault: it is screened again. */
  keep(of: string, findings: readonly Finding[]): void;
}

/** An opening and the whole of it, in two eras, and one of each that is being approved. */
const KEPT_MOST = 8;
/** What is longer is screened each time: its findings are what a person has to see. */
const LONGEST = 1 << 20;
const VERSION = 1;

/** The digest of everything that findings depend on: `build` names the program with its tables, down to its sources; the engine reads its expressions. */
export function screenedDigest(build: string, what: Json): string {
  const { v8, unicode = "" } = process.versions;
  return createHash("sha256")
    .update(writeJson([build, v8, unicode, what]))
    .digest("hex");
}

/** Where they are kept beside a lock. */
export function screenedFile(lockFile: string): string {
  return `${lockFile.replace(/\.lock\.json$/, "")}.screened.json`;
}

/** Opens the file of one server; it is read when something is asked for. */
export function openScreened(file: string): Screened {
  let known: Map<string, readonly Finding[]> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const all = (): Map<string, readonly Finding[]> => (known ??= readScreened(file));
  return {
    get isEmpty(): boolean {
      return all().size === 0;
    },
    recall: (of) => all().get(of),
    keep(of, findings) {
      all().delete(of);
      all().set(of, findings);
      for (const oldest of all().keys()) {
        if (all().size <= KEPT_MOST) break;
        all().delete(oldest);
      }
      const text = textOf(all());
      if (text.length <= LONGEST) writing = writing.then(() => replace(file, text)).catch(() => undefined);
    },
  };
}

function textOf(all: ReadonlyMap<string, readonly Finding[]>): string {
  const screened = [...all].map(([of, findings]) => ({
    of,
    findings: findings.map(({ severity, kind, at, excerpt }) => ({ severity, kind, at, excerpt })),
  }));
  const said = writeJson(screened);
  return `${writeJson({ screened: VERSION, digest: digestOf(said), entries: screened })}\n`;
}

function readScreened(file: string): Map<string, readonly Finding[]> {
  const all = new Map<string, readonly Finding[]>();
  const bytes = bytesOf(file);
  if (bytes === undefined) return all;
  const read = readJson(bytes, { maxBytes: 2 * LONGEST, maxDepth: 8 });
  const entries = read.ok ? member(read.value, "entries") : undefined;
  if (!read.ok || !isList(entries) || member(read.value, "screened") !== VERSION) return all;
  // A crash may have left half of what was written.
  if (member(read.value, "digest") !== digestOf(writeJson(entries))) return all;
  for (const entry of entries) {
    const of = member(entry, "of");
    const findings = isObject(entry) ? readFindings(entry["findings"]) : undefined;
    if (typeof of === "string" && findings !== undefined) all.set(of, findings);
  }
  return all;
}

/** Undefined where there is none yet, or none that we may read. */
function bytesOf(file: string): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return fstatSync(fd).isFile() ? readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

async function replace(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const aside = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  try {
    const handle = await open(aside, flags, 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
