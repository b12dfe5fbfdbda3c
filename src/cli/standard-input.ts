// Standard input for whoever reads all of it: Node's own takes a file in pieces of 64 KiB, each a trip to another thread and back.
import { createReadStream, fstatSync } from "node:fs";
import type { Readable } from "node:stream";

const PIECE = 1_048_576;

/** Opens it. Whoever reads no more destroys it. */
export function openInput(): Readable {
  if (!fstatSync(0).isFile()) return process.stdin;
  return createReadStream("", { fd: 0, autoClose: false, highWaterMark: PIECE });
}
