// Adds stand-ins to a pack and writes its index anew (gitformat-pack, version 2). The pack was made by git a moment ago, in a fence; its index is
// read for names, checksums and offsets alone. Both files are written whole before anybody uses them.
import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { packedStandIn } from "./stand-in.ts";

interface Entry {
  readonly name: string;
  readonly crc: number;
  readonly offset: number;
}

const CHUNK = 1 << 20;

/** Appends one stand-in for each name (hex) to `base.pack`; `base.idx` then knows them too. Throws on a file that is no pack of git's. */
export function appendStandIns(base: string, names: readonly string[], wide: boolean): void {
  const algorithm = wide ? "sha256" : "sha1";
  const width = wide ? 32 : 20;
  const old = readIndex(readFileSync(`${base}.idx`), width);
  const fd = openSync(`${base}.pack`, "r+");
  try {
    const entry = packedStandIn();
    const crc = crc32(entry);
    const head = Buffer.alloc(12);
    readSync(fd, head, 0, 12, 0);
    if (head.toString("latin1", 0, 4) !== "PACK" || head.readUInt32BE(8) !== old.entries.length)
      throw new Error("a pack without its index");
    head.writeUInt32BE(old.entries.length + names.length, 8);
    writeSync(fd, head, 0, 12, 0);
    let end = old.end(fd);
    const added = names.map((name): Entry => {
      const offset = end;
      writeSync(fd, entry, 0, entry.length, offset);
      end += entry.length;
      return { name, crc, offset };
    });
    ftruncateSync(fd, end);
    const checksum = digest(fd, end, algorithm);
    writeSync(fd, checksum, 0, width, end);
    writeFileSync(`${base}.idx`, index([...old.entries, ...added], checksum, algorithm));
  } finally {
    closeSync(fd);
  }
}

/** A pack of nothing but its head and its checksum, for a pack whose objects are all masked. */
export function writeEmptyPack(base: string, wide: boolean): void {
  const algorithm = wide ? "sha256" : "sha1";
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  const checksum = createHash(algorithm).update(head).digest();
  writeFileSync(`${base}.pack`, Buffer.concat([head, checksum]));
  writeFileSync(`${base}.idx`, index([], checksum, algorithm));
}

const MAGIC = 0xff744f63;
const NAMES_AT = 8 + 256 * 4;

function readIndex(bytes: Buffer, width: number): { entries: readonly Entry[]; end(fd: number): number } {
  if (bytes.readUInt32BE(0) !== MAGIC || bytes.readUInt32BE(4) !== 2) throw new Error("an index of another version");
  const count = bytes.readUInt32BE(NAMES_AT - 4);
  const crcs = NAMES_AT + count * width;
  const offsets = crcs + count * 4;
  const large = offsets + count * 4;
  const entries = Array.from({ length: count }, (_, at): Entry => {
    const short = bytes.readUInt32BE(offsets + at * 4);
    const offset = short < 0x80000000 ? short : Number(bytes.readBigUInt64BE(large + (short - 0x80000000) * 8));
    const name = bytes.toString("hex", NAMES_AT + at * width, NAMES_AT + (at + 1) * width);
    return { name, crc: bytes.readUInt32BE(crcs + at * 4), offset };
  });
  return {
    entries,
    // The checksum is what the pack ends with.
    end(fd) {
      const tail = Buffer.alloc(width);
      const trailer = bytes.subarray(bytes.length - 2 * width, bytes.length - width);
      const size = sizeOf(fd);
      readSync(fd, tail, 0, width, size - width);
      if (!tail.equals(trailer)) throw new Error("a pack of another index");
      return size - width;
    },
  };
}

function sizeOf(fd: number): number {
  return fstatSync(fd).size;
}

function digest(fd: number, end: number, algorithm: string): Buffer {
  const hash = createHash(algorithm);
  const chunk = Buffer.alloc(CHUNK);
  for (let at = 0; at < end; ) {
    const read = readSync(fd, chunk, 0, Math.min(CHUNK, end - at), at);
    if (read === 0) throw new Error("a pack that shrinks");
    hash.update(chunk.subarray(0, read));
    at += read;
  }
  return hash.digest();
}

function index(unsorted: readonly Entry[], checksum: Buffer, algorithm: string): Buffer {
  const entries = [...unsorted].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const fan = Buffer.alloc(256 * 4);
  let upTo = 0;
  for (let first = 0; first < 256; first += 1) {
    while (Number.parseInt(entries[upTo]?.name.slice(0, 2) ?? "100", 16) <= first) upTo += 1;
    fan.writeUInt32BE(upTo, first * 4);
  }
  const head = Buffer.alloc(8);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(2, 4);
  const crcs = Buffer.alloc(entries.length * 4);
  const offsets = Buffer.alloc(entries.length * 4);
  const large: Buffer[] = [];
  entries.forEach(({ crc, offset }, at) => {
    crcs.writeUInt32BE(crc, at * 4);
    if (offset < 0x80000000) offsets.writeUInt32BE(offset, at * 4);
    else {
      offsets.writeUInt32BE(0x80000000 + large.length, at * 4);
      const wide = Buffer.alloc(8);
      wide.writeBigUInt64BE(BigInt(offset));
      large.push(wide);
    }
  });
  const names = Buffer.from(entries.map(({ name }) => name).join(""), "hex");
  const body = Buffer.concat([head, fan, names, crcs, offsets, ...large, checksum]);
  return Buffer.concat([body, createHash(algorithm).update(body).digest()]);
}

const CRC_TABLE: readonly number[] = Array.from({ length: 256 }, (_, at) => {
  let value = at;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Buffer): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (value >>> 8) ^ (CRC_TABLE[(value ^ byte) & 255] ?? 0);
  return (value ^ 0xffffffff) >>> 0;
}
