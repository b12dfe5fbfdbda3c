// The tree of RFC 6962 / RFC 9162 section 2.1 over SHA-256, which is handed in. Leaves and nodes hash with different first
// bytes, so that a node can never be shown as a leaf.

/** SHA-256 of some bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Length of a hash in bytes. */
export const HASH_LENGTH = 32;

/** H(00 ‖ data). */
export function leafHash(sha256: Sha256, data: Uint8Array): Uint8Array {
  const input = new Uint8Array(data.length + 1);
  input.set(data, 1);
  return sha256(input);
}

/** H(01 ‖ left ‖ right). */
export function nodeHash(
  sha256: Sha256,
  left: Uint8Array,
  right: Uint8Array,
  input: Uint8Array = nodeInput(),
): Uint8Array {
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + HASH_LENGTH);
  return sha256(input);
}

function nodeInput(): Uint8Array {
  return new Uint8Array(1 + 2 * HASH_LENGTH);
}

/** What has to be remembered to go on: the hashes of the perfect subtrees, left to right. */
export interface Frontier {
  readonly size: number;
  readonly hashes: readonly Uint8Array[];
}

/** A tree that grows at its right edge and keeps only its frontier. */
export interface Tree {
  /** Leaves so far. */
  readonly size: number;
  /** Adds the hash of the next leaf. */
  append(leaf: Uint8Array): void;
  /** Root over all leaves so far; of no leaves, the hash of nothing. */
  root(): Uint8Array;
  /** A copy to go on from later. */
  frontier(): Frontier;
}

/** Opens an empty tree, or one that goes on from a frontier (undefined when the frontier cannot be one). */
export function openTree(sha256: Sha256, from: Frontier = { size: 0, hashes: [] }): Tree {
  const stack = [...from.hashes];
  // One for all nodes: an array of this length is memory outside the heap.
  const input = nodeInput();
  let size = from.size;
  if (stack.length !== onesIn(size)) throw new RangeError("a frontier holds one hash for each bit of its size");
  return {
    get size(): number {
      return size;
    },
    append(leaf: Uint8Array): void {
      let hash = leaf;
      for (let n = size; n % 2 === 1; n = (n - 1) / 2) hash = nodeHash(sha256, stack.pop() as Uint8Array, hash, input);
      stack.push(hash);
      size += 1;
    },
    root(): Uint8Array {
      const last = stack.at(-1);
      if (last === undefined) return sha256(new Uint8Array(0));
      return stack.slice(0, -1).reduceRight((right, left) => nodeHash(sha256, left, right, input), last);
    },
    frontier: (): Frontier => ({ size, hashes: [...stack] }),
  };
}

/** Number of perfect subtrees in a tree of this size. */
export function onesIn(size: number): number {
  let ones = 0;
  for (let n = size; n > 0; n = Math.floor(n / 2)) ones += n % 2;
  return ones;
}
