// The end of a log as its writer knows it: how many records, the last leaf hash, the tree's frontier, full tiles on the way.
// A batch is framed against a state and becomes the state only when it is durable, so a failed write changes nothing.
import { type EncodedBody, encodeLine, type Frontier, HASH_LENGTH, openTree } from "#core/log";
import { sha256, sha256Hex } from "./crypto.ts";

/** `prev` of record 0. */
export const NO_PREV: string = "0".repeat(64);

/** Where a log stands. Plain and immutable. */
export interface ChainState {
  readonly size: number;
  readonly prev: string;
  readonly frontier: Frontier;
}

/** An empty log. */
export const EMPTY_CHAIN: ChainState = { size: 0, prev: NO_PREV, frontier: { size: 0, hashes: [] } };

/** A record that waits for its place. */
export interface Pending {
  readonly session: string;
  readonly wallMs: number;
  readonly mono: number;
  readonly body: EncodedBody;
}

/** Lines framed for the end of a log, and where the log stands after them. */
export interface Framed {
  readonly bytes: Uint8Array;
  readonly leaves: readonly Uint8Array[];
  readonly next: ChainState;
}

/** More than any envelope up to the body takes, line feed included. */
const ENVELOPE_ROOM = 320;

/** Gives each record its number, its `prev` and its bytes. */
export function frame(state: ChainState, batch: readonly Pending[]): Framed {
  const tree = openTree(sha256, state.frontier);
  const room = batch.reduce((sum, { body }) => sum + ENVELOPE_ROOM + Buffer.byteLength(body.text), 1);
  // All lines in one buffer, all hashes in another: a record leaves next to nothing behind for the garbage collector.
  const bytes = Buffer.allocUnsafe(room);
  const hashes = Buffer.allocUnsafe(batch.length * HASH_LENGTH);
  const leaves: Uint8Array[] = [];
  const timestamp = timestamps();
  let { size: seq, prev } = state;
  let end = 1;
  for (const { session, wallMs, mono, body } of batch) {
    const start = end;
    end += bytes.write(encodeLine({ seq, prev, ts: timestamp(wallMs), mono, session }, body), start, "utf8");
    // The byte in front of a line serves twice: as the leaf's 00 while it is hashed, then as the end of the line before.
    bytes[start - 1] = 0;
    prev = sha256Hex(bytes.subarray(start - 1, end));
    bytes[start - 1] = LINE_FEED;
    bytes[end] = LINE_FEED;
    end += 1;
    const leaf = hashes.subarray(leaves.length * HASH_LENGTH, (leaves.length + 1) * HASH_LENGTH);
    leaf.write(prev, "hex");
    leaves.push(leaf);
    tree.append(leaf);
    seq += 1;
  }
  return { bytes: bytes.subarray(1, end), leaves, next: { size: seq, prev, frontier: tree.frontier() } };
}

const LINE_FEED = 0x0a;

/** Most records of a batch share their millisecond. */
function timestamps(): (wallMs: number) => string {
  let last = Number.NaN;
  let text = "";
  return (wallMs) => {
    if (wallMs !== last) [last, text] = [wallMs, new Date(wallMs).toISOString()];
    return text;
  };
}

/** Root of the tree at a state. */
export function rootOf(state: ChainState): Uint8Array {
  return openTree(sha256, state.frontier).root();
}
