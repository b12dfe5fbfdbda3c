// What a compressed file holds, one content after the other: streams within streams, the entries of a zip archive, the objects of a pack of git's. What ends
// in nonsense gave what it had; what cannot be read is told.
import { createReadStream, fstatSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import { type PackedKind, packedKind } from "./packed-kind.ts";

/** Takes one content; each gets its own. What it throws ends the reading. */
export type TakeContent = () => (piece: Buffer) => void;

/** Bytes that can be read again, from anywhere. */
interface Source {
  readonly size: number;
  slice(from: number, to: number): Buffer;
  stream(from: number, to: number): Readable;
}

type Inflater = "gzip" | "zlib" | "brotli" | "deflate";

/** One within the other, at most. */
const DEPTH_MOST = 5;
const PACK_MOST = 512 * 1_048_576;
/** Of one object, or of an archive within something else. */
const HELD_MOST = 256 * 1_048_576;
const ENTRIES_MOST = 200_000;
const HEAD = 16;

/** Reads everything that is in the open file. The answer names what is in it and cannot be read. */
export async function unpackFile(fd: number, kind: PackedKind, content: TakeContent): Promise<readonly string[]> {
  const source: Source = {
    size: fstatSync(fd).size,
    slice: (from, to) => readAt(fd, from, to),
    stream: (from, to) => createReadStream("", { fd, start: from, end: to - 1, autoClose: false }),
  };
  return unpack(source, kind, { content, depth: 0 });
}

interface Unpacking {
  readonly content: TakeContent;
  readonly depth: number;
}

async function unpack(source: Source, kind: PackedKind, how: Unpacking): Promise<readonly string[]> {
  if (kind === "zip") return unpackZip(source, how);
  if (kind === "git-pack") return unpackGit(source, how);
  return unpackStream(() => source.stream(0, source.size), [kind], how);
}

/** A stream, as many as stand within one another; an archive in one is held. */
async function unpackStream(
  open: () => Readable,
  outer: readonly Inflater[],
  { content, depth }: Unpacking,
): Promise<readonly string[]> {
  const kinds = [...outer];
  for (;;) {
    const inner = packedKind(await pass(open(), kinds, content()));
    if (inner === undefined) return [];
    if ("unread" in inner) return [inner.unread];
    if (depth + kinds.length >= DEPTH_MOST) return ["too deep"];
    if (inner.kind === "zip" || inner.kind === "git-pack") {
      const bytes = await held(open(), kinds);
      return bytes === undefined
        ? [`a large ${inner.kind} within another`]
        : unpack(sourceOf(bytes), inner.kind, { content, depth: depth + 1 });
    }
    kinds.push(inner.kind);
  }
}

function inflater(kind: Inflater): NodeJS.ReadWriteStream {
  switch (kind) {
    case "gzip":
      return zlib.createGunzip();
    case "zlib":
      return zlib.createInflate();
    case "brotli":
      return zlib.createBrotliDecompress();
    case "deflate":
      return zlib.createInflateRaw();
    default:
      return kind satisfies never;
  }
}

/** The first bytes of what came out. A stream that ends in nonsense ends there; what `take` throws is thrown. */
async function pass(from: Readable, kinds: readonly Inflater[], take: (piece: Buffer) => void): Promise<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  let failed: { readonly error: unknown } | undefined;
  const sink = async (pieces: AsyncIterable<Buffer>): Promise<void> => {
    for await (const piece of pieces) {
      if (head.length < HEAD) head = Buffer.concat([head, piece.subarray(0, HEAD)]);
      try {
        take(piece);
      } catch (error) {
        failed = { error };
        throw error;
      }
    }
  };
  const parts: unknown[] = [from, ...kinds.map(inflater), sink];
  await pipeline(parts as readonly NodeJS.ReadWriteStream[]).catch(() => undefined);
  if (failed !== undefined) throw failed.error;
  return head;
}

async function held(from: Readable, kinds: readonly Inflater[]): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  await pass(from, kinds, (piece) => {
    size += piece.length;
    if (size <= HELD_MOST) pieces.push(piece);
  });
  return size > HELD_MOST ? undefined : Buffer.concat(pieces);
}

function sourceOf(bytes: Buffer): Source {
  const slice = (from: number, to: number): Buffer => bytes.subarray(from, to);
  return { size: bytes.length, slice, stream: (from, to) => Readable.from([slice(from, to)]) };
}

/** By the directory at its end (APPNOTE.TXT 4.3). What is stored as it is was seen in the archive itself. */
async function unpackZip(source: Source, { content, depth }: Unpacking): Promise<readonly string[]> {
  const { size } = source;
  const tail = source.slice(Math.max(0, size - 65_557), size);
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  if (end < 0 || end + 22 > tail.length) return []; // no archive, or a part of one
  const count = tail.readUInt16LE(end + 10);
  const [length, from] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (count === 0xffff || length === 0xffffffff || from === 0xffffffff || count > ENTRIES_MOST) return ["zip64"];
  const directory = source.slice(from, Math.min(size, from + length));
  const unread = new Set<string>();
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50; ) {
    const [flags, method] = [directory.readUInt16LE(at + 8), directory.readUInt16LE(at + 10)];
    const [packed, start] = [directory.readUInt32LE(at + 20), directory.readUInt32LE(at + 42)];
    at += 46 + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    const local = source.slice(start, start + 30);
    if (packed === 0 || local.length < 30) continue;
    const begin = start + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
    const open = (): Readable => source.stream(begin, Math.min(size, begin + packed));
    const isPlain = method === 0 && packedKind(source.slice(begin, begin + HEAD)) === undefined;
    if ((flags & 1) !== 0) unread.add("an encrypted entry of a zip archive");
    else if (method !== 0 && method !== 8) unread.add(`method ${method} of a zip archive`);
    else if (!isPlain)
      for (const what of await unpackStream(open, method === 0 ? [] : ["deflate"], { content, depth: depth + 1 }))
        unread.add(what);
  }
  return [...unread];
}

/** Its objects, whole or as differences: what a difference adds stands in it (gitformat-pack(5)). */
function unpackGit({ size, slice }: Source, { content }: Unpacking): readonly string[] {
  if (size > PACK_MOST) return ["a pack of git's that is too large"];
  const pack = slice(0, size);
  const count = pack.length < 12 ? 0 : pack.readUInt32BE(8);
  let at = 12;
  for (let object = 0; object < count && at < pack.length; object += 1) {
    let byte = pack[at++] ?? 0;
    const type = (byte >> 4) & 7;
    while ((byte & 0x80) !== 0 && at < pack.length) byte = pack[at++] ?? 0;
    if (type === 7) at += 20;
    else if (type === 6) while (((pack[at++] ?? 0) & 0x80) !== 0 && at < pack.length);
    const read = inflatedAt(pack, at);
    if (read === undefined) return ["a pack of git's that does not go on"];
    content()(read.bytes);
    at += read.taken;
  }
  return [];
}

function inflatedAt(pack: Buffer, at: number): { readonly bytes: Buffer; readonly taken: number } | undefined {
  try {
    // `info` is missing in the types; the engine counts what it read.
    const made: unknown = zlib.inflateSync(pack.subarray(at), { info: true, maxOutputLength: HELD_MOST } as object);
    const { buffer, engine } = made as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    return { bytes: buffer, taken: engine.bytesWritten };
  } catch {
    return undefined;
  }
}

function readAt(fd: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let length = 0;
  for (let n = -1; n !== 0 && length < bytes.length; length += n)
    n = readSync(fd, bytes, length, bytes.length - length, from + length);
  return bytes.subarray(0, length);
}
