// What a compressed file holds, one content after the other: streams within streams, the entries of a zip archive, the objects of a pack of git's. What ends
// in nonsense gave what it had; what cannot be read is told.
import { fstatSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import zlib from "node:zlib";
import type { PackedMark } from "./marks.ts";
import { ENTRY_HEAD, gzipMember, zipEntry } from "./packed-head.ts";
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
const PIECE = 65_536;
// No more than what stands behind the bytes of a gzip member: what follows it breaks another crumb.
const CRUMB = 8;
const CRUMBS_MOST = 262_144;
const AT_ONCE = { flush: zlib.constants.Z_SYNC_FLUSH };

/** Reads everything that is in the open file: by what it is, and where a mark stands in it. The answer names what is in it and cannot be read. */
export async function unpackFile(
  fd: number,
  { kind, marks }: { readonly kind: PackedKind | undefined; readonly marks: readonly PackedMark[] },
  content: TakeContent,
): Promise<readonly string[]> {
  const source: Source = {
    size: fstatSync(fd).size,
    slice: (from, to) => readAt(fd, from, to),
    // no stream of a descriptor: one that is ended closes it
    stream: (from, to) => Readable.from(piecesOf(fd, from, to)),
  };
  const how = { content, depth: 0 };
  // What has a directory is read by it; a gzip stream is a mark like others, and there may be several.
  if (kind === "git-pack" || (kind === "zip" && hasDirectory(source))) return unpack(source, kind, how);
  const unread = new Set(
    kind === undefined || kind === "gzip" || kind === "zip" ? [] : await unpack(source, kind, how),
  );
  for (const mark of marks) for (const what of await unpackAt(source, mark, how)) unread.add(what);
  return [...unread];
}

/** What begins at a mark. One that chance wrote holds nothing. */
async function unpackAt(source: Source, { at, kind }: PackedMark, how: Unpacking): Promise<readonly string[]> {
  if (kind === "xz" || kind === "bzip2") return [kind];
  const head = source.slice(at, at + ENTRY_HEAD);
  const entry = kind === "gzip" ? gzipMember(head) : zipEntry(head);
  if (entry === undefined) return [];
  if ("unread" in entry) return [entry.unread];
  if (at + entry.begin >= source.size) return [];
  return unpackStream(() => source.stream(at + entry.begin, source.size), ["deflate"], {
    ...how,
    depth: how.depth + 1,
    isChance: at > 0,
  });
}

interface Unpacking {
  readonly content: TakeContent;
  readonly depth: number;
  /** Its beginning may be chance: that it breaks off says nothing. */
  readonly isChance?: boolean;
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
  { content, depth, isChance = false }: Unpacking,
): Promise<readonly string[]> {
  const kinds = [...outer];
  for (;;) {
    const { head, isBroken } = await pass(open(), kinds, content());
    const inner = packedKind(head);
    // What broke has lost its last piece on the way here: in small ones that is nearly nothing.
    if (isBroken) await pass(open(), kinds, content(), [crumbs]);
    if (isBroken && !isChance && kinds.includes("gzip")) return ["a compressed stream in another that breaks off"];
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

async function* crumbs(from: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const piece of from) {
    for (let at = 0; at < piece.length; at += CRUMB) yield piece.subarray(at, at + CRUMB);
    size += piece.length;
    if (size > CRUMBS_MOST) return;
  }
}

function* piecesOf(fd: number, from: number, to: number): Generator<Buffer> {
  for (let at = from; at < to; ) {
    const piece = readAt(fd, at, Math.min(to, at + PIECE));
    if (piece.length === 0) return;
    at += piece.length;
    yield piece;
  }
}

function inflater(kind: Inflater): NodeJS.ReadWriteStream {
  switch (kind) {
    case "gzip":
      return zlib.createGunzip(AT_ONCE);
    case "zlib":
      return zlib.createInflate(AT_ONCE);
    case "brotli":
      return zlib.createBrotliDecompress();
    case "deflate":
      return zlib.createInflateRaw(AT_ONCE);
    default:
      return kind satisfies never;
  }
}

/** The first bytes of what came out. A stream that ends in nonsense ends there; what `take` throws is thrown. */
async function pass(
  from: Readable,
  kinds: readonly Inflater[],
  take: (piece: Buffer) => void,
  before: readonly unknown[] = [],
): Promise<{ readonly head: Buffer; readonly isBroken: boolean }> {
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
  const parts: unknown[] = [from, ...kinds.flatMap((kind) => [...before, inflater(kind)]), sink];
  let isBroken = false;
  await pipeline(parts as readonly NodeJS.ReadWriteStream[]).catch((error: NodeJS.ErrnoException) => {
    isBroken = error.code?.startsWith("Z_") === true;
  });
  if (failed !== undefined) throw failed.error;
  return { head, isBroken };
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

function endOfZip({ size, slice }: Source): { readonly tail: Buffer; readonly end: number } {
  const tail = slice(Math.max(0, size - 65_557), size);
  const end = tail.lastIndexOf("PK\x05\x06", undefined, "latin1");
  return { tail, end: end + 22 > tail.length ? -1 : end };
}

function hasDirectory(source: Source): boolean {
  return endOfZip(source).end >= 0;
}

/** By the directory at its end (APPNOTE.TXT 4.3). What is stored as it is was seen in the archive itself. */
async function unpackZip(source: Source, { content, depth }: Unpacking): Promise<readonly string[]> {
  const { size } = source;
  const { end, tail } = endOfZip(source);
  if (end < 0) return ["a zip archive without its end"];
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
