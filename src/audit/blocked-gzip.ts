// A compressed segment: gzip in blocks of at most 64 KiB, each a member of its own that says how long it is, and an empty one at the
// end (BGZF, SAM specification section 4.1). Every gunzip reads it; we can read from the middle, know the length without unpacking,
// and never hold more than a block. One spelling of the header only, so a byte that is changed is a block that is not read.
import { readSync } from "node:fs";
import { constants, gunzipSync, gzipSync } from "node:zlib";

/** Bytes of text in one block: what cannot be compressed still fits in 64 KiB. */
export const BLOCK_TEXT = 65_280;

const HEAD: Buffer = Buffer.from("1f8b08040000000000ff060042430200", "hex");

/** Head, and the block's length less one. */
const HEAD_LENGTH = HEAD.length + 2;

/** Checksum and length of the text. */
const TRAILER_LENGTH = 8;

/** Stands at the end of every file: without it something was cut off. */
export const LAST_BLOCK: Buffer = blockOf(Buffer.from([0x03, 0x00]), Buffer.alloc(TRAILER_LENGTH));

/** The block of a text of 1 to `BLOCK_TEXT` bytes. */
export function packBlock(text: Uint8Array): Buffer {
  const packed = pack(text, constants.Z_DEFAULT_COMPRESSION);
  return packed.length <= 65_536 ? packed : pack(text, constants.Z_NO_COMPRESSION);
}

function pack(text: Uint8Array, level: number): Buffer {
  const member = gzipSync(text, { level });
  // Node's head has ten bytes and says nothing that we need.
  return blockOf(member.subarray(10, -TRAILER_LENGTH), member.subarray(-TRAILER_LENGTH));
}

function blockOf(deflated: Uint8Array, trailer: Uint8Array): Buffer {
  const length = Buffer.alloc(2);
  const total = HEAD_LENGTH + deflated.length + trailer.length;
  length.writeUInt16LE((total - 1) & 0xffff);
  return Buffer.concat([HEAD, length, deflated, trailer], total);
}

/** Where a block stands, and where its text begins. */
export interface Block {
  readonly at: number;
  readonly length: number;
  readonly start: number;
  readonly text: number;
}

/** The blocks of a file, from the first on. */
export interface BlockIndex {
  readonly blocks: readonly Block[];
  /** Length of the text. */
  readonly size: number;
  /** True when it ends as it should: with the last block, and nothing behind it. */
  readonly whole: boolean;
}

/** True when the file is one of ours, however damaged: other programs' gzip has no extra field in its head. */
export function isBlocked(fd: number): boolean {
  const head = Buffer.alloc(4);
  readSync(fd, head, 0, head.length, 0);
  return head.equals(HEAD.subarray(0, head.length));
}

/** Walks over the blocks' heads up to the first that is none. */
export function indexBlocks(fd: number, fileSize: number): BlockIndex {
  const blocks: Block[] = [];
  const head = Buffer.alloc(HEAD_LENGTH);
  const trailer = Buffer.alloc(4);
  let at = 0;
  let start = 0;
  for (;;) {
    if (readSync(fd, head, 0, head.length, at) < head.length) break;
    const length = head.readUInt16LE(HEAD.length) + 1;
    if (!head.subarray(0, HEAD.length).equals(HEAD) || length < LAST_BLOCK.length || at + length > fileSize) break;
    readSync(fd, trailer, 0, 4, at + length - 4);
    const text = trailer.readUInt32LE(0);
    if (text === 0) return { blocks, size: start, whole: at + length === fileSize && isLast(fd, at, length) };
    if (text > BLOCK_TEXT) break;
    blocks.push({ at, length, start, text });
    at += length;
    start += text;
  }
  return { blocks, size: start, whole: false };
}

function isLast(fd: number, at: number, length: number): boolean {
  const block = Buffer.alloc(length);
  return readSync(fd, block, 0, length, at) === length && block.equals(LAST_BLOCK);
}

/** The text of a block; undefined when it is damaged. */
export function unpackBlock(fd: number, { at, length, text }: Block): Buffer | undefined {
  const packed = Buffer.allocUnsafe(length);
  if (readSync(fd, packed, 0, length, at) < length) return undefined;
  try {
    const bytes = gunzipSync(packed, { maxOutputLength: text });
    return bytes.length === text ? bytes : undefined;
  } catch {
    // Whatever zlib says of it (a checksum, a code, a length): it is not what was written.
    return undefined;
  }
}
