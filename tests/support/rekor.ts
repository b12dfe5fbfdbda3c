// A stub of a Rekor transparency log on loopback (API 0.0.1): the messages and signatures are the real protocol's, tree and key are the test's. It takes
// `hashedrekord` entries of the right shape, and counts RFC 6962 hashes by itself, in the plainest way.
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A running log. */
export interface Rekor {
  readonly url: string;
  readonly publicKey: KeyObject;
  /** What it was asked to enter. */
  readonly proposals: readonly string[];
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

/** Starts it with so many entries of others; it ends with the test. `spoil` makes another answer out of the honest one. */
export async function openRekor(
  others: number,
  spoil: (answer: string) => string = (answer) => answer,
): Promise<Rekor> {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const logID = sha256(publicKey.export({ format: "der", type: "spki" }));
  const leaves = Array.from({ length: others }, (_, n) => leaf(Buffer.from(`somebody's ${n}`)));
  const proposals: string[] = [];
  const answer = (proposal: string): string | undefined => {
    const body = Buffer.from(proposal);
    if (!signatureHolds(proposal)) return undefined;
    leaves.push(leaf(body));
    const place = leaves.length - 1;
    const root = rootOf(leaves);
    const head = `rekor.test - 42\n${leaves.length}\n${root.toString("base64")}\nTimestamp: 1\n`;
    const mark = Buffer.concat([logID.subarray(0, 4), sign("sha256", Buffer.from(head), privateKey)]);
    const fields = {
      body: body.toString("base64"),
      integratedTime: Math.floor(Date.now() / 1000),
      logID: logID.toString("hex"),
      logIndex: 1_000_000 + place, // it counts on behind older trees
    };
    const inclusionProof = {
      checkpoint: `${head}\n\u2014 rekor.test ${mark.toString("base64")}\n`,
      hashes: pathOf(leaves, place).map((hash) => hash.toString("hex")),
      ...{ logIndex: place, rootHash: root.toString("hex"), treeSize: leaves.length },
    };
    const signedEntryTimestamp = sign("sha256", Buffer.from(JSON.stringify(fields)), privateKey).toString("base64");
    return JSON.stringify({
      ["24".padEnd(80, "0")]: { ...fields, verification: { inclusionProof, signedEntryTimestamp } },
    });
  };
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const proposal = Buffer.concat(pieces).toString();
      proposals.push(proposal);
      const said = request.url === "/api/v1/log/entries" ? answer(proposal) : undefined;
      response.writeHead(said === undefined ? 400 : 201, { "content-type": "application/json" });
      response.end(said === undefined ? '{"code":400}' : spoil(said));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, publicKey, proposals };
}

/** Rekor checks the signature over the digest it is given, which node:crypto cannot without the content: only the shapes are looked at here. */
function signatureHolds(proposal: string): boolean {
  const { data, signature } = JSON.parse(proposal).spec;
  const key = createPublicKey(Buffer.from(signature.publicKey.content, "base64"));
  const digest = Buffer.from(data.hash.value, "hex");
  return digest.length === 32 && key.asymmetricKeyType === "ec" && Buffer.from(signature.content, "base64").length > 60;
}

function leaf(bytes: Uint8Array): Buffer {
  return sha256(Buffer.from([0]), bytes);
}

/** RFC 6962 section 2.1, as it is written there. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return only;
  const cut = split(leaves.length);
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, cut)), rootOf(leaves.slice(cut)));
}

/** RFC 6962 section 2.1.1. */
function pathOf(leaves: readonly Buffer[], place: number): readonly Buffer[] {
  if (leaves.length === 1) return [];
  const cut = split(leaves.length);
  return place < cut
    ? [...pathOf(leaves.slice(0, cut), place), rootOf(leaves.slice(cut))]
    : [...pathOf(leaves.slice(cut), place - cut), rootOf(leaves.slice(0, cut))];
}

function split(count: number): number {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}
