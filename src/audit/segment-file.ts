// Reading a segment, whether it stands there as lines or compressed: the same bytes at the same places either way, so nobody who
// reads lines has to know. While a segment is being compressed both are there; then the lines count.
import { closeSync, fstatSync, lstatSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type Block, type BlockIndex, indexBlocks, isBlocked, unpackBlock } from "./blocked-gzip.ts";
import { openForScan, Unreadable, unreadable } from "./open-file.ts";

/** The bytes of one segment. */
export interface SegmentFile {
  /** Path below the log's folder. */
  readonly file: string;
  /** Bytes of its lines as of now. */
  readonly size: number;
  /** Reads like `readSync`; fewer bytes than asked for are no end, none is. Throws `DamagedSegment` where compressed bytes are damaged. */
  read(into: Buffer, at: number, length: number, position: number): number;
  close(): void;
}

/** Thrown where a compressed segment is not what was written. */
export class DamagedSegment extends Unreadable {
  constructor(file: string) {
    super(file, "system", "its compressed bytes are damaged");
  }
}

/** No segment's lines are longer: one is full at 64 MiB, and a batch of the longest lines may follow. */
export const LONGEST_SEGMENT: number = 67_108_864 + 4096 * 65_536;

/** Names of the segments in order, as they are called uncompressed. Throws `Unreadable` for anything else in the folder. */
export function segmentNames(dir: string): string[] {
  const folder = join(dir, "log");
  try {
    if (!lstatSync(folder).isDirectory()) throw new Unreadable("log", "alien", "is not a folder");
    const names = readdirSync(folder).sort();
    const odd = names.find((name) => !/^\d{12}\.jsonl(?:\.gz)?$/.test(name));
    if (odd !== undefined) throw new Unreadable(`log/${odd}`, "alien", "does not belong to a log");
    if (names.length === 0) throw new Unreadable("log", "absent", "holds no records");
    return [...new Set(names.map((name) => name.replace(/\.gz$/, "")))];
  } catch (error) {
    throw unreadable("log", error);
  }
}

/** Opens a segment by the name that it has uncompressed. Throws what opening says. */
export function openSegmentFile(dir: string, name: string): SegmentFile {
  const file = `log/${name}`;
  try {
    return plainFile(openForScan(dir, file), file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    if (lstatSync(join(dir, `${file}.gz`), { throwIfNoEntry: false }) === undefined) throw error;
    return openCompressed(dir, `${file}.gz`);
  }
}

function plainFile(fd: number, file: string): SegmentFile {
  return {
    file,
    get size(): number {
      return fstatSync(fd).size;
    },
    read: (into, at, length, position) => readSync(fd, into, at, length, position),
    close: () => closeSync(fd),
  };
}

/** Opens a compressed segment, by its path below the log's folder. */
export function openCompressed(dir: string, file: string): SegmentFile {
  const fd = openForScan(dir, file);
  try {
    if (!isBlocked(fd)) return wholeFile(fd, file);
    return new BlockedFile(fd, file);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Lines in blocks. One block is held, and the order that readers read in makes that enough. */
class BlockedFile implements SegmentFile {
  readonly file: string;
  readonly #fd: number;
  readonly #index: BlockIndex;
  #held: HeldBlock | undefined;

  constructor(fd: number, file: string) {
    this.#fd = fd;
    this.file = file;
    this.#index = indexBlocks(fd, fstatSync(fd).size);
  }

  get size(): number {
    return this.#index.size;
  }

  read(into: Buffer, at: number, length: number, position: number): number {
    let done = 0;
    while (done < length && position + done < this.size) {
      const held = this.#blockAt(position + done);
      // What stands before the damage is read; who comes to it hears of it.
      if (held === undefined) break;
      const from = position + done - held.start;
      done += held.text.copy(into, at + done, from, from + length - done);
    }
    const isEnd = position + done >= this.size && this.#index.whole;
    if (done === 0 && length > 0 && !isEnd) throw new DamagedSegment(this.file);
    return done;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #blockAt(position: number): HeldBlock | undefined {
    const { blocks } = this.#index;
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((blocks[middle] as Block).start <= position) low = middle;
      else high = middle - 1;
    }
    const block = blocks[low] as Block;
    if (this.#held?.start === block.start) return this.#held;
    const text = unpackBlock(this.#fd, block);
    if (text === undefined) return undefined;
    this.#held = { start: block.start, text };
    return this.#held;
  }
}

interface HeldBlock {
  readonly start: number;
  readonly text: Buffer;
}

/** What another gzip made: unpacked at once, as far as a segment can be long. */
function wholeFile(fd: number, file: string): SegmentFile {
  const { size } = fstatSync(fd);
  if (size > LONGEST_SEGMENT) throw new DamagedSegment(file);
  const packed = Buffer.allocUnsafe(size);
  for (let done = 0, count = -1; done < size && count !== 0; done += count)
    count = readSync(fd, packed, done, size - done, done);
  const text = unpacked(packed, file);
  return {
    file,
    size: text.length,
    read: (into, at, length, position) => text.copy(into, at, position, Math.min(text.length, position + length)),
    close: () => closeSync(fd),
  };
}

function unpacked(packed: Buffer, file: string): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: LONGEST_SEGMENT });
  } catch {
    throw new DamagedSegment(file);
  }
}
