// RFC 6962 and 9162 against another implementation: Go's tlog makes trees and proofs of random sizes, ours must make the same
// hashes, accept its proofs, and refuse them with anything else in their place.
import { hash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  consistencyProof,
  extendsTree,
  HASH_LENGTH,
  hashesFromTiles,
  includes,
  inclusionProof,
  leafHash,
  perfectRoot,
  TILE_WIDTH,
} from "#core/log";
import { goVectors } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";

const MOST = 70_000;
const sha256 = (bytes: Uint8Array): Uint8Array => hash("sha256", bytes, "buffer");

interface Vector {
  readonly size: number;
  readonly index: number;
  readonly root: string;
  readonly proof: readonly string[] | null;
  readonly old: number;
  readonly oldRoot: string;
  readonly tree: readonly string[] | null;
}

/** Tiles of a tree of 70,000 leaves, each level made of the one below. */
function levels(): Buffer[] {
  const leaves = Buffer.alloc(MOST * HASH_LENGTH);
  for (let n = 0; n < MOST; n++) leaves.set(leafHash(sha256, Buffer.from(`leaf ${n}`)), n * HASH_LENGTH);
  const all = [leaves];
  const span = TILE_WIDTH * HASH_LENGTH;
  for (let below = leaves; below.length >= span; below = all.at(-1) ?? leaves) {
    const roots: Uint8Array[] = [];
    for (let at = 0; at + span <= below.length; at += span)
      roots.push(perfectRoot(sha256, below.subarray(at, at + span)));
    all.push(Buffer.concat(roots));
  }
  return all;
}

const bytes = (texts: readonly string[] | null): Uint8Array[] =>
  (texts ?? []).map((text) => Buffer.from(text, "base64"));
const texts = (hashes: readonly Uint8Array[]): string[] => hashes.map((each) => Buffer.from(each).toString("base64"));

test("Go's proofs and ours are the same, over random trees", (ctx) => {
  needs(ctx, "go-sumdb");
  const seed = fc.readConfigureGlobal().seed ?? 1;
  const vectors = goVectors(400, seed) as readonly Vector[];
  expect(vectors).toHaveLength(400);
  const all = levels();
  let reads = 0;
  for (const { size, index, root, proof, old, oldRoot, tree } of vectors) {
    reads = 0;
    const at = hashesFromTiles(sha256, size, (level, tile, width) => {
      reads += 1;
      const from = tile * TILE_WIDTH * HASH_LENGTH;
      return (all[level] ?? Buffer.alloc(0)).subarray(from, from + width * HASH_LENGTH);
    });
    expect(texts(inclusionProof(sha256, at, index, size))).toEqual(proof ?? []);
    // One tile a level on the way up, and one a level along the right edge.
    expect(reads).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size + 1) / 8));
    expect(texts(consistencyProof(sha256, at, old, size))).toEqual(tree ?? []);
    const leaf = leafHash(sha256, Buffer.from(`leaf ${index}`));
    const claim = { leaf, index, size, root: Buffer.from(root, "base64"), proof: bytes(proof) };
    expect(includes(sha256, claim)).toBe(true);
    const first = { size: old, root: Buffer.from(oldRoot, "base64") };
    const second = { size, root: claim.root };
    expect(extendsTree(sha256, first, second, bytes(tree))).toBe(true);
    refuseEverythingElse(claim, first, bytes(tree));
  }
});

type Claim = Parameters<typeof includes>[1];

function refuseEverythingElse(claim: Claim, first: { size: number; root: Uint8Array }, tree: Uint8Array[]): void {
  const { size, root } = claim;
  const flipped = (hashBytes: Uint8Array): Uint8Array =>
    Uint8Array.from(hashBytes, (byte, i) => (i === 7 ? byte ^ 4 : byte));
  for (const [i, step] of claim.proof.entries()) {
    expect(includes(sha256, { ...claim, proof: claim.proof.with(i, flipped(step)) })).toBe(false);
    expect(includes(sha256, { ...claim, proof: claim.proof.toSpliced(i, 1) })).toBe(false);
    expect(includes(sha256, { ...claim, proof: claim.proof.toSpliced(i, 0, step) })).toBe(false);
  }
  expect(includes(sha256, { ...claim, leaf: flipped(claim.leaf) })).toBe(false);
  expect(includes(sha256, { ...claim, index: claim.index + 1 })).toBe(false);
  const second = { size, root };
  for (const [i, step] of tree.entries()) {
    expect(extendsTree(sha256, first, second, tree.with(i, flipped(step)))).toBe(false);
    expect(extendsTree(sha256, first, second, tree.toSpliced(i, 1))).toBe(false);
    expect(extendsTree(sha256, first, second, tree.toSpliced(i, 0, step))).toBe(false);
  }
  expect(extendsTree(sha256, { ...first, root: flipped(first.root) }, second, tree)).toBe(false);
  expect(extendsTree(sha256, first, { size, root: flipped(root) }, tree)).toBe(false);
}
