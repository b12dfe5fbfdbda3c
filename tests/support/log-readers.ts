// Three programs that read a log and share nothing with ours: Python with openssl, Go's sumdb packages, and sigstore's verifier.
import { spawnSync } from "node:child_process";
import { createPublicKey, hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyCheckpoint } from "@sigstore/verify/dist/tlog/checkpoint.js";
import { verifyMerkleInclusion } from "@sigstore/verify/dist/tlog/merkle.js";
import { leafHash, nodeHash, type VerifierKey } from "#core/log";

const PYTHON = fileURLToPath(new URL("../../scripts/verify_log.py", import.meta.url));
const GO = fileURLToPath(new URL("go/verify_log.go", import.meta.url));

/** `OK …`, or why not. */
export interface Reading {
  readonly ok: boolean;
  readonly said: string;
}

/** The script that ships in bundles. `what` is a log's folder, a bundle or a receipt. */
export function readByPython(what: string, vkeyFile: string): Reading {
  return run("python3", ["-I", PYTHON, what, vkeyFile]);
}

/** Go's reading of a folder: `log` as Ringfence writes it, `tlog` as C2SP's tlog-tiles. */
export function readByGo(kind: "log" | "tlog", dir: string, vkeyFile: string): Reading {
  return run(goProgram(), [kind, dir, vkeyFile]);
}

/** Proofs over random trees, as Go's tlog makes them. */
export function goVectors(count: number, seed: number): readonly unknown[] {
  const { ok, said } = run(goProgram(), ["vectors", String(count), String(seed)]);
  if (!ok) throw new Error(said);
  return said
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

/**
 * sigstore's reading: the checkpoint under the given keys, and every line by an inclusion proof. It knows neither certificates
 * nor epochs, so its keys are handed in, as a trusted root would be.
 */
export function readBySigstore(dir: string, keys: readonly VerifierKey[]): Reading {
  try {
    const lines = readdirSync(join(dir, "log"))
      .sort()
      .flatMap((name) =>
        readFileSync(join(dir, "log", name))
          .toString("latin1")
          .split("\n")
          .slice(0, -1),
      )
      .map((line) => Buffer.from(line, "latin1"));
    const envelope = readFileSync(join(dir, "checkpoint"), "utf8");
    const entry = (index: number, hashes: readonly Uint8Array[], body: Buffer): never =>
      ({
        canonicalizedBody: body,
        inclusionProof: { logIndex: String(index), hashes, checkpoint: { envelope } },
      }) as never;
    const checkpoint = verifyCheckpoint(entry(0, [], Buffer.alloc(0)), keys.map(authority) as never);
    const leaves = lines.map((line) => leafHash(sha256, line));
    // The proof is for the tree of these lines; only where it is the signed one does it lead to the signed root.
    if (checkpoint.logSize !== BigInt(lines.length)) throw new Error(`${lines.length} lines`);
    for (const [index, line] of lines.entries())
      verifyMerkleInclusion(entry(index, path(leaves, index), line), checkpoint);
    return { ok: true, said: `OK ${checkpoint.logSize} ${checkpoint.logHash.toString("base64")}` };
  } catch (error) {
    return { ok: false, said: String(error) };
  }
}

function authority(key: VerifierKey): unknown {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.publicKey]);
  return {
    baseURL: key.name,
    logID: Buffer.from(key.id, "hex"),
    publicKey: createPublicKey({ key: der, format: "der", type: "spki" }),
    validFor: { start: new Date(0), end: new Date(8.64e15) },
  };
}

/** RFC 6962 section 2.1.1, word for word. */
function path(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = splitAt(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return index < k ? [...path(left, index), root(right)] : [...path(right, index - k), root(left)];
}

/** RFC 6962 section 2.1. */
function root(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only !== undefined && leaves.length === 1) return only;
  const k = splitAt(leaves.length);
  return nodeHash(sha256, root(leaves.slice(0, k)), root(leaves.slice(k)));
}

function splitAt(length: number): number {
  return 2 ** (Math.ceil(Math.log2(length)) - 1);
}

function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

let built: string | undefined;

/** Built once a process, in a folder of its own: what stands under a known name in /tmp could be anybody's. */
function goProgram(): string {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), "ringfence-go-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "verify_log");
  const env = {
    ...process.env,
    GO111MODULE: "off",
    GOPATH: "/usr/share/gocode",
    GOCACHE: join(folder, "cache"),
    GOFLAGS: "",
    CGO_ENABLED: "0",
  };
  const done = spawnSync("go", ["build", "-o", program, GO], { env, encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  built = program;
  return program;
}

function run(program: string, args: readonly string[]): Reading {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1e8 });
  return { ok: status === 0, said: `${stdout}${stderr}` };
}
