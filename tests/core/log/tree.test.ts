// RFC 6962 trees and proofs: the vectors that every implementation shares, and the laws.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  consistencyProof,
  extendsTree,
  type HashAt,
  includes,
  inclusionProof,
  leafHash,
  nodeHash,
  openTree,
  toHex,
} from "#core/log";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

// The eight leaves of certificate-transparency's own tests, and the roots of their first n.
const LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/** A tree of n leaves with every perfect subtree's hash. */
function treeOf(count: number): { root: Uint8Array; leaves: Uint8Array[]; at: HashAt } {
  const leaves = Array.from({ length: count }, (_, n) => leafHash(sha256, new TextEncoder().encode(`leaf ${n}`)));
  const tree = openTree(sha256);
  for (const leaf of leaves) tree.append(leaf);
  const at: HashAt = (level, index) => {
    if (level === 0) return leaves[index] ?? new Uint8Array();
    return nodeHash(sha256, at(level - 1, 2 * index), at(level - 1, 2 * index + 1));
  };
  return { root: tree.root(), leaves, at };
}

describe("trees", () => {
  it("have the roots that RFC 6962's implementations share", () => {
    const tree = openTree(sha256);
    expect(toHex(tree.root())).toBe(ROOTS[0]);
    LEAVES.forEach((hex, n) => {
      tree.append(leafHash(sha256, Buffer.from(hex, "hex")));
      expect(toHex(tree.root())).toBe(ROOTS[n + 1]);
    });
  });

  it("prove every leaf, and no leaf elsewhere, in another size, or with a flipped bit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), fc.nat(), (size, i, j) => {
        const { root, leaves, at } = treeOf(size);
        const index = i % size;
        const leaf = leaves[index] ?? new Uint8Array();
        const proof = inclusionProof(sha256, at, index, size);
        expect(includes(sha256, { leaf, index, size, root, proof })).toBe(true);
        const other = j % size;
        if (other !== index) expect(includes(sha256, { leaf, index: other, size, root, proof })).toBe(false);
        const bad = Uint8Array.from(root);
        bad[j % 32] = (bad[j % 32] ?? 0) ^ (1 << (j % 8));
        expect(includes(sha256, { leaf, index, size, root: bad, proof })).toBe(false);
      }),
    );
  });

  it("prove that they only grew", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 40 }), fc.nat(), (first, more, j) => {
        const before = treeOf(first);
        const after = treeOf(first + more);
        const proof = consistencyProof(sha256, after.at, first, first + more);
        const claim = { first: { size: first, root: before.root }, second: { size: first + more, root: after.root } };
        expect(extendsTree(sha256, claim.first, claim.second, proof)).toBe(true);
        const bad = Uint8Array.from(before.root);
        bad[j % 32] = (bad[j % 32] ?? 0) ^ (1 << (j % 8));
        expect(extendsTree(sha256, { size: first, root: bad }, claim.second, proof)).toBe(false);
      }),
    );
  });
});
