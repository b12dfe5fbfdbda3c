// Segments that nobody writes to any more, compressed where they stand: the leaves are the lines as before. Each is read back and
// compared before the lines go, and a crash leaves the one, the other, or both.
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { BLOCK_TEXT, LAST_BLOCK, packBlock } from "./blocked-gzip.ts";
import { openCompressed, openSegmentFile, type SegmentFile, segmentNames } from "./segment-file.ts";

/** What compressing a log brought. */
export interface Compressed {
  readonly segments: number;
  /** Bytes that these took before, and take now. */
  readonly before: number;
  readonly after: number;
}

/** In the log's folder: a name that no reader takes for a part of it. */
const ASIDE = ".tmp-segment";

/**
 * Compresses the segments of a log; `ended` says that nothing is ever appended, otherwise its last one stays. The caller holds the
 * log's lock and has verified it. Throws what the disk says, and then has lost nothing.
 */
export function compressLog(dir: string, { ended }: { readonly ended: boolean }): Compressed {
  const names = segmentNames(dir);
  const done = (ended ? names : names.slice(0, -1))
    .filter((name) => lstatSync(join(dir, "log", name), { throwIfNoEntry: false }) !== undefined)
    .map((name) => compressSegment(dir, name));
  const sum = (key: "before" | "after"): number => done.reduce((all, each) => all + each[key], 0);
  return { segments: done.length, before: sum("before"), after: sum("after") };
}

function compressSegment(dir: string, name: string): { readonly before: number; readonly after: number } {
  const aside = join(dir, ASIDE);
  const source = openSegmentFile(dir, name);
  try {
    const after = writePacked(source, aside);
    const packed = openCompressed(dir, ASIDE);
    try {
      if (!sameBytes(source, packed)) throw new Error(`\`log/${name}\` is not the same when it is unpacked`);
    } finally {
      packed.close();
    }
    renameSync(aside, join(dir, "log", `${name}.gz`));
    syncFolderNow(join(dir, "log"));
    rmSync(join(dir, "log", name));
    syncFolderNow(join(dir, "log"));
    return { before: source.size, after };
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  } finally {
    source.close();
  }
}

function writePacked(source: SegmentFile, path: string): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const fd = openSync(path, flags, 0o600);
  try {
    const text = Buffer.alloc(BLOCK_TEXT);
    let written = 0;
    for (let at = 0; ; ) {
      const count = fill(source, text, at);
      const block = count === 0 ? LAST_BLOCK : packBlock(text.subarray(0, count));
      for (let done = 0; done < block.length; ) done += writeSync(fd, block, done);
      at += count;
      written += block.length;
      if (count === 0) break;
    }
    fsyncSync(fd);
    return written;
  } finally {
    closeSync(fd);
  }
}

/** As many bytes as fit, or as there are. */
function fill(source: SegmentFile, into: Buffer, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = source.read(into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function sameBytes(a: SegmentFile, b: SegmentFile): boolean {
  if (a.size !== b.size) return false;
  const [mine, theirs] = [Buffer.alloc(BLOCK_TEXT), Buffer.alloc(BLOCK_TEXT)];
  for (let at = 0; ; ) {
    const count = fill(a, mine, at);
    if (fill(b, theirs, at) !== count || !mine.subarray(0, count).equals(theirs.subarray(0, count))) return false;
    if (count === 0) return true;
    at += count;
  }
}

/** A segment that stands there twice, when its two forms differ: no crash leaves that. */
export function differingTwin(dir: string): string | undefined {
  const names = readdirSync(join(dir, "log"));
  return names
    .filter((name) => name.endsWith(".gz") && names.includes(name.slice(0, -3)))
    .map((name) => `log/${name}`)
    .find((file) => {
      const plain = openSegmentFile(dir, file.slice(4, -3));
      try {
        const packed = openCompressed(dir, file);
        try {
          return !sameBytes(plain, packed);
        } finally {
          packed.close();
        }
      } catch {
        return true;
      } finally {
        plain.close();
      }
    });
}

function syncFolderNow(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
