// The object names in a pack's index (gitformat-pack, version 2), to tell whether what is deleted stands somewhere else. Reads bytes, runs no git:
// both files may be an attacker's. Whether each object's content is what its name says is git's own check (`git fsck`).
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** The sorted names of one pack. */
export interface PackIndex {
  readonly count: number;
  /** The name at a place, hex. */
  nameAt(place: number): string;
  has(name: string): boolean;
}

const MAGIC = 0xff744f63;
const FAN = 8;
const NAMES = FAN + 256 * 4;
// An index of forty million objects.
const LARGEST = 1024 * 1024 * 1024;

/** Reads `base.idx` and checks that `base.pack` belongs to it. `undefined` when either is not what it should be. */
export function readPackIndex(base: string): PackIndex | undefined {
  const bytes = readAll(`${base}.idx`);
  const width = base.length - base.lastIndexOf("-") - 1 === 64 ? 32 : 20;
  if (bytes === undefined || bytes.length < NAMES + 2 * width) return undefined;
  if (bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(4) !== 2) return undefined;
  const count = bytes.readUInt32BE(FAN + 255 * 4);
  if (bytes.length < NAMES + count * (width + 8) + 2 * width) return undefined;
  const trailer = bytes.subarray(bytes.length - 2 * width, bytes.length - width);
  if (!isPackOf(`${base}.pack`, { count, trailer })) return undefined;
  const at = (place: number): Buffer => bytes.subarray(NAMES + place * width, NAMES + (place + 1) * width);
  return {
    count,
    nameAt: (place) => at(place).toString("hex"),
    has(name) {
      const wanted = Buffer.from(name, "hex");
      const first = wanted[0] ?? 0;
      let low = first === 0 ? 0 : Math.min(count, bytes.readUInt32BE(FAN + (first - 1) * 4));
      let high = Math.min(count, bytes.readUInt32BE(FAN + first * 4));
      while (low < high) {
        const middle = (low + high) >>> 1;
        const order = Buffer.compare(at(middle), wanted);
        if (order === 0) return true;
        if (order < 0) low = middle + 1;
        else high = middle;
      }
      return false;
    },
  };
}

/** True when the pack holds one of these objects, or cannot be read well enough to say. */
export function packHolds(base: string, names: ReadonlySet<string>): boolean {
  const index = readPackIndex(base);
  return index === undefined || [...names].some((name) => index.has(name));
}

/** The pack says `PACK`, a version, this many objects, and ends with the checksum that the index names. */
function isPackOf(file: string, want: { readonly count: number; readonly trailer: Buffer }): boolean {
  return (
    withFile(file, (fd, size) => {
      const head = Buffer.alloc(12);
      const tail = Buffer.alloc(want.trailer.length);
      if (size < head.length + tail.length) return false;
      readSync(fd, head, 0, head.length, 0);
      readSync(fd, tail, 0, tail.length, size - tail.length);
      return (
        head.toString("latin1", 0, 4) === "PACK" && head.readUInt32BE(8) === want.count && tail.equals(want.trailer)
      );
    }) ?? false
  );
}

function readAll(file: string): Buffer | undefined {
  return withFile(file, (fd, size) => {
    if (size > LARGEST) return undefined;
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; ) {
      const read = readSync(fd, bytes, at, size - at, at);
      if (read === 0) return undefined;
      at += read;
    }
    return bytes;
  });
}

function withFile<T>(file: string, act: (fd: number, size: number) => T): T | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(fd);
    return stats.isFile() ? act(fd, stats.size) : undefined;
  } catch {
    return undefined; // not there or not readable: then nothing is kept in it
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
