// Proofs that another implementation published, good ones and bad ones (tests/cases/log/published-proofs.jsonl): ours comes to the same verdict on each.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { consistencyProof, extendsTree, type HashAt, includes, inclusionProof, leafHash, nodeHash } from "#core/log";

interface Case {
  readonly kind: "inclusion" | "consistency";
  readonly name: string;
  readonly holds: boolean;
  /** Leaf and size, or both sizes. */
  readonly numbers: readonly [number, number];
  /** Leaf and root, or both roots. */
  readonly hashes: readonly [number, number];
  readonly proof: readonly number[];
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const file = new URL("../../cases/log/published-proofs.jsonl", import.meta.url);
const [first = "", ...rest] = readFileSync(file, "utf8").trim().split("\n");
const known = (JSON.parse(first) as { hashes: string[] }).hashes.map((text) => Buffer.from(text, "base64"));
const cases = rest.map((line) => JSON.parse(line) as Case);
const hashOf = (place: number): Uint8Array => known[place] as Buffer;

describe.each(["inclusion", "consistency"] as const)("published proofs of %s", (kind) => {
  it.each(cases.filter((each) => each.kind === kind))("$name", ({ holds, numbers, hashes, proof }) => {
    const [a, b] = numbers;
    const [one, two] = [hashOf(hashes[0]), hashOf(hashes[1])];
    const steps = proof.map(hashOf);
    const answer =
      kind === "inclusion"
        ? includes(sha256, { index: a, size: b, leaf: one, root: two, proof: steps })
        : extendsTree(sha256, { size: a, root: one }, { size: b, root: two }, steps);
    expect(answer).toBe(holds);
  });
});

it("are those that we make of the same trees", () => {
  // The eight leaves of these trees are the ones that certificate-transparency's own tests began with.
  const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
  const at: HashAt = (level, index) =>
    level === 0
      ? leafHash(sha256, Buffer.from(leaves[index] ?? "", "hex"))
      : nodeHash(sha256, at(level - 1, 2 * index), at(level - 1, 2 * index + 1));
  const valid = cases.filter(({ holds, numbers: [, size] }) => holds && size > 1);
  expect(valid.length).toBeGreaterThanOrEqual(8);
  for (const { kind, name, numbers, proof } of valid) {
    const [a, b] = numbers;
    const made = kind === "inclusion" ? inclusionProof(sha256, at, a, b) : consistencyProof(sha256, at, a, b);
    expect(
      made.map((hash) => Buffer.from(hash).toString("base64")),
      `${kind} ${name}`,
    ).toEqual(proof.map((place) => Buffer.from(hashOf(place)).toString("base64")));
  }
});
