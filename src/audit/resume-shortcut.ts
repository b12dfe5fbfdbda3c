// The end of a log as its last writer left it, so that the next one need not read everything. Derived: it counts only when a
// signed checkpoint says the same and the log's own last line stands there; without it the log itself is read.
import { closeSync, readSync } from "node:fs";
import { fromHex, leafHash, MAX_LINE, openTree, readLeaf, toHex } from "#core/log";
import type { ChainState } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { publishFile, readSmall } from "./files.ts";
import { openForScan } from "./open-file.ts";
import type { LogPlaces } from "./places.ts";
import type { Scan } from "./scan.ts";
import { segmentName } from "./segment.ts";
import type { ResumeAt } from "./writer.ts";

/** A size and root that somebody signed, root in hexadecimal. */
export interface Mark {
  readonly size: number;
  readonly root: string;
}

/** Writes the shortcut. */
export async function saveShortcut(path: string, at: { state: ChainState } & ResumeAt): Promise<void> {
  const { size, frontier } = at.state;
  const json = { size, frontier: frontier.hashes.map(toHex), firstSeq: at.firstSeq, bytes: at.bytes };
  await publishFile(path, `${JSON.stringify(json)}\n`);
}

/** The shortcut, when its root is what one of the marks says and the last record is where it says. */
export async function loadShortcut(
  { resume, dir }: LogPlaces,
  marks: readonly Mark[],
): Promise<Omit<Scan, "fault"> | undefined> {
  const text = await readSmall(resume);
  if (text === undefined) return undefined;
  try {
    const json = JSON.parse(text) as { [key: string]: unknown };
    const { size, frontier, firstSeq, bytes } = json;
    if (!Array.isArray(frontier) || !isCount(size) || !isCount(firstSeq) || !isCount(bytes)) return undefined;
    const hashes = frontier.map((hash) => fromHex(String(hash)) ?? new Uint8Array(0));
    const root = toHex(openTree(sha256, { size, hashes }).root());
    if (!marks.some((mark) => mark.size === size && mark.root === root)) return undefined;
    const end = { firstSeq, bytes };
    const prev = leafBefore(dir, end, size - 1);
    return prev === undefined ? undefined : { size, prev, frontier: { size, hashes }, end };
  } catch {
    return undefined;
  }
}

/** Leaf hash of the line that ends there, read from the log: what the next record has to follow. Undefined when it is another record, or none. */
function leafBefore(dir: string, { firstSeq, bytes }: ResumeAt, seq: number): string | undefined {
  const fd = openForScan(dir, `log/${segmentName(firstSeq)}`);
  try {
    const tail = Buffer.alloc(Math.min(bytes, MAX_LINE + 2));
    if (readSync(fd, tail, 0, tail.length, bytes - tail.length) < tail.length || tail.at(-1) !== LINE_FEED)
      return undefined;
    const line = tail.subarray(tail.lastIndexOf(LINE_FEED, -2) + 1, -1);
    return readLeaf(line)?.seq === seq ? toHex(leafHash(sha256, line)) : undefined;
  } finally {
    closeSync(fd);
  }
}

const LINE_FEED = 0x0a;

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
