// The end of a log as its last writer left it, so that the next one need not read everything. Derived: it counts only when a
// signed checkpoint says the same, and without it the log itself is read.
import { fromHex, openTree, toHex } from "#core/log";
import type { ChainState } from "./chain.ts";
import { sha256 } from "./crypto.ts";
import { publishFile, readSmall } from "./files.ts";

import type { Scan } from "./scan.ts";
import type { ResumeAt } from "./writer.ts";

/** A size and root that somebody signed, root in hexadecimal. */
export interface Mark {
  readonly size: number;
  readonly root: string;
}

/** Writes the shortcut. */
export async function saveShortcut(path: string, at: { state: ChainState } & ResumeAt): Promise<void> {
  const { size, prev, frontier } = at.state;
  const json = { size, prev, frontier: frontier.hashes.map(toHex), firstSeq: at.firstSeq, bytes: at.bytes };
  await publishFile(path, `${JSON.stringify(json)}\n`);
}

/** The shortcut, when its root is what one of the marks says. */
export async function loadShortcut(path: string, marks: readonly Mark[]): Promise<Omit<Scan, "fault"> | undefined> {
  const text = await readSmall(path);
  if (text === undefined) return undefined;
  try {
    const json = JSON.parse(text) as { [key: string]: unknown };
    const { size, prev, frontier, firstSeq, bytes } = json;
    if (!Array.isArray(frontier) || typeof prev !== "string" || fromHex(prev)?.length !== 32) return undefined;
    const hashes = frontier.map((hash) => fromHex(String(hash)) ?? new Uint8Array(0));
    if (!isCount(size) || !isCount(firstSeq) || !isCount(bytes)) return undefined;
    const root = toHex(openTree(sha256, { size, hashes }).root());
    if (!marks.some((mark) => mark.size === size && mark.root === root)) return undefined;
    return { size, prev, frontier: { size, hashes }, end: { firstSeq, bytes } };
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
