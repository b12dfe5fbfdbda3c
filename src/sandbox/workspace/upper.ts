// The raw list of an overlay's upper folder, as the native helper writes it: bytes in, records out. Nothing is judged here.
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";

/** One entry of the upper folder. */
export interface UpperEntry {
  /** `file` `folder` `link` `fifo` `socket` `device`, `whiteout` (deleted), or `deep` (a folder that was not entered). */
  readonly type: "file" | "folder" | "link" | "fifo" | "socket" | "device" | "whiteout" | "deep";
  /** A folder that hides everything of the same folder below it. */
  readonly opaque: boolean;
  readonly mode: number;
  readonly size: number;
  /** Milliseconds since 1970 of the last change of content or metadata. */
  readonly changedMs: number;
  /** Relative path, raw bytes. */
  readonly path: Buffer;
  /** A link's target, raw bytes; empty for everything else. */
  readonly target: Buffer;
}

const TYPES: Readonly<Record<string, UpperEntry["type"]>> = {
  f: "file",
  d: "folder",
  l: "link",
  p: "fifo",
  s: "socket",
  c: "device",
  b: "device",
  w: "whiteout",
  x: "deep",
};

const FIELDS = 10;
// Far above any real change set; a fence that made more is not read half.
const MOST_BYTES = 512 * 1024 * 1024;

/** Runs `helper changes UPPER`. A cut-off or strange list is a Problem, never a shorter list. */
export async function readUpper(helper: string, upper: string): Promise<Result<readonly UpperEntry[], Problem>> {
  if (isEmpty(upper)) return ok([]);
  const child = spawn(helper, ["changes", upper], { stdio: ["ignore", "pipe", "pipe"], env: {}, cwd: "/" });
  const out: Buffer[] = [];
  const complaint: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > MOST_BYTES) child.kill("SIGKILL");
    else out.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => complaint.push(chunk));
  const failure = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `the helper ended with ${signal ?? code}`));
  });
  if (size > MOST_BYTES) return unreadable("there are more changes than can be listed");
  if (failure !== undefined) return unreadable(Buffer.concat(complaint).toString().trim() || failure);
  return parseUpper(Buffer.concat(out));
}

/** Most sessions that only look change nothing: no process for them. What cannot be listed here is the helper's to explain. */
function isEmpty(upper: string): boolean {
  try {
    return readdirSync(upper).length === 0;
  } catch {
    return false;
  }
}

/** The helper's records (native/changes.h). Exported for its tests. */
export function parseUpper(bytes: Buffer): Result<readonly UpperEntry[], Problem> {
  const entries: UpperEntry[] = [];
  const fields: Buffer[] = [];
  let isWhole = false;
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(0, at);
    if (end < 0) break;
    fields.push(bytes.subarray(at, end));
    at = end + 1;
    if (fields.length < FIELDS) continue;
    const record = fields.splice(0, FIELDS);
    if (record[0]?.toString("latin1") === ".") {
      isWhole = at === bytes.length;
      break;
    }
    const entry = parseEntry(record);
    if (entry === undefined) return unreadable("the helper wrote a record that is not known");
    entries.push(entry);
  }
  return isWhole ? ok(entries) : unreadable("the list of changes is cut short");
}

function parseEntry(record: readonly Buffer[]): UpperEntry | undefined {
  const [type, flags, mode, size, , changed, , , path, target] = record;
  const known = TYPES[type?.toString("latin1") ?? ""];
  const flag = flags?.toString("latin1");
  // `r`: overlayfs would take the content from elsewhere. The fence never mounts so that this can happen.
  if (known === undefined || path === undefined || target === undefined || (flag !== "" && flag !== "o"))
    return undefined;
  return {
    type: known,
    opaque: flag === "o",
    mode: Number.parseInt(mode?.toString("latin1") ?? "", 8),
    size: Number(size?.toString("latin1")),
    changedMs: Number(changed?.toString("latin1")) / 1e6,
    path,
    target,
  };
}

function unreadable(why: string): { readonly ok: false; readonly error: Problem } {
  return err({
    code: "changes-unreadable",
    message: `the session's changes cannot be read: ${why}`,
    hint: "nothing was applied; `ringfence sessions show` names the folder that holds the changes",
  });
}
