// The end of a log as its writer knows it: how many records, the last leaf hash, the tree's frontier, full tiles on the way.
// A batch is framed against a state and becomes the state only when it is durable, so a failed write changes nothing.
import { type EncodedBody, encodeLine, type Frontier, openTree, toHex } from "#core/log";
import { sha256 } from "./crypto.ts";

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

/** Gives each record its number, its `prev` and its bytes. */
export function frame(state: ChainState, batch: readonly Pending[]): Framed {
  const tree = openTree(sha256, state.frontier);
  const lines: Buffer[] = [];
  const leaves: Uint8Array[] = [];
  let { size: seq, prev } = state;
  for (const { session, wallMs, mono, body } of batch) {
    const envelope = { seq, prev, ts: new Date(wallMs).toISOString(), mono, session };
    // One buffer serves both: a zero in front makes it the leaf's hash input, a line feed behind makes it the line.
    const buffer = Buffer.from(`\0${encodeLine(envelope, body)}\n`, "utf8");
    const leaf = sha256(buffer.subarray(0, -1));
    lines.push(buffer.subarray(1));
    leaves.push(leaf);
    tree.append(leaf);
    prev = toHex(leaf);
    seq += 1;
  }
  return { bytes: Buffer.concat(lines), leaves, next: { size: seq, prev, frontier: tree.frontier() } };
}

/** Root of the tree at a state. */
export function rootOf(state: ChainState): Uint8Array {
  return openTree(sha256, state.frontier).root();
}
