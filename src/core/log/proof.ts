// Inclusion and consistency proofs (RFC 9162 sections 2.1.3 and 2.1.4): made from stored hashes, checked with nothing but roots.
import { HASH_LENGTH, nodeHash, type Sha256 } from "./merkle.ts";

/** The hash of the perfect subtree over leaves [index·2^level, (index+1)·2^level). */
export type HashAt = (level: number, index: number) => Uint8Array;

/** The audit path of leaf `index` in the tree of the first `size` leaves. */
export function inclusionProof(sha256: Sha256, at: HashAt, index: number, size: number): readonly Uint8Array[] {
  if (!(index >= 0 && index < size)) throw new RangeError("the leaf is not in the tree");
  return path(sha256, at, { index, low: 0, high: size });
}

function path(sha256: Sha256, at: HashAt, part: { index: number; low: number; high: number }): Uint8Array[] {
  const { index, low, high } = part;
  if (high - low === 1) return [];
  const middle = low + split(high - low);
  return index < middle
    ? [...path(sha256, at, { index, low, high: middle }), range(sha256, at, middle, high)]
    : [...path(sha256, at, { index, low: middle, high }), range(sha256, at, low, middle)];
}

/** True when `leaf` is at `index` of the tree with this size and root. Total: wrong proofs are false, never a throw. */
export function includes(
  sha256: Sha256,
  claim: { leaf: Uint8Array; index: number; size: number; root: Uint8Array; proof: readonly Uint8Array[] },
): boolean {
  const { index, size } = claim;
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false;
  if (claim.leaf.length !== HASH_LENGTH || claim.root.length !== HASH_LENGTH) return false;
  let node = index;
  let last = size - 1;
  let hash = claim.leaf;
  for (const step of claim.proof) {
    if (last === 0 || step.length !== HASH_LENGTH) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, step, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = half(last);
      }
    } else hash = nodeHash(sha256, hash, step);
    node = half(node);
    last = half(last);
  }
  return last === 0 && same(hash, claim.root);
}

/** The proof that the tree of `first` leaves is a beginning of the tree of `second` leaves. */
export function consistencyProof(sha256: Sha256, at: HashAt, first: number, second: number): readonly Uint8Array[] {
  if (!(first > 0 && first <= second))
    throw new RangeError("the first tree must not be empty nor larger than the second");
  return first === second ? [] : subproof(sha256, at, { first, low: 0, high: second, whole: true });
}

function subproof(
  sha256: Sha256,
  at: HashAt,
  part: { first: number; low: number; high: number; whole: boolean },
): Uint8Array[] {
  const { first, low, high, whole } = part;
  if (first === high) return whole ? [] : [range(sha256, at, low, high)];
  const middle = low + split(high - low);
  return first <= middle
    ? [...subproof(sha256, at, { first, low, high: middle, whole }), range(sha256, at, middle, high)]
    : [...subproof(sha256, at, { first, low: middle, high, whole: false }), range(sha256, at, low, middle)];
}

/** True when `second` extends `first` without changing it. Total. */
export function extendsTree(
  sha256: Sha256,
  first: { size: number; root: Uint8Array },
  second: { size: number; root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(first.size) || !Number.isSafeInteger(second.size)) return false;
  if (first.size <= 0 || first.size > second.size || proof.some((step) => step.length !== HASH_LENGTH)) return false;
  if (first.size === second.size) return proof.length === 0 && same(first.root, second.root);
  // RFC 9162 2.1.4.2: a first size that is a power of two is its own first step.
  const steps = isPowerOfTwo(first.size) ? [first.root, ...proof] : [...proof];
  const start = steps.shift();
  if (start === undefined) return false;
  let node = first.size - 1;
  let last = second.size - 1;
  while (node % 2 === 1) {
    node = half(node);
    last = half(last);
  }
  let old = start;
  let grown = start;
  for (const step of steps) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sha256, step, old);
      grown = nodeHash(sha256, step, grown);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = half(last);
      }
    } else grown = nodeHash(sha256, grown, step);
    node = half(node);
    last = half(last);
  }
  return last === 0 && same(old, first.root) && same(grown, second.root);
}

/** Hash of leaves [low, high): one stored hash where they are a perfect subtree, else its two halves. */
function range(sha256: Sha256, at: HashAt, low: number, high: number): Uint8Array {
  const length = high - low;
  if (isPowerOfTwo(length) && low % length === 0) return at(Math.log2(length), low / length);
  const middle = low + split(length);
  return nodeHash(sha256, range(sha256, at, low, middle), range(sha256, at, middle, high));
}

/** The largest power of two below `length`. */
function split(length: number): number {
  let k = 1;
  while (k * 2 < length) k *= 2;
  return k;
}

function half(n: number): number {
  return Math.floor(n / 2);
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(Math.log2(n));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
