// An entry of a Rekor transparency log (github.com/sigstore/rekor, API 0.0.1): that a public log holds the digest of some bytes, at a place in a tree
// whose head the log signed, since a time that it signed. Read and checked offline, with the log's public key.
import { type KeyObject, verify } from "node:crypto";
import { err, ok, type Result } from "#core";
import { fromBase64, fromHex, includes, leafHash, parseCheckpoint, splitNote, toHex } from "#core/log";
import { sha256, sha256Hex } from "../crypto.ts";

/** The last second that a date can name. */
const LATEST = 8.64e12;

/** What a good entry says. */
export interface RekorWord {
  /** The log's clock. */
  readonly time: Date;
  /** The name that the log signs its heads with; an adversary's text until the entry is believed. */
  readonly log: string;
  /** Where it stands in the whole log, for people who look it up. */
  readonly index: number;
}

interface Entry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly proof: {
    readonly checkpoint: string;
    readonly hashes: readonly string[];
    readonly logIndex: number;
    readonly rootHash: string;
    readonly treeSize: number;
  };
  readonly signedEntryTimestamp: string;
}

/** Checks a log's answer over `anchored`. `key`: the log's public key, ECDSA or Ed25519. The error says why in words. */
export function checkRekorEntry(answer: string, anchored: Uint8Array, key: KeyObject): Result<RekorWord, string> {
  const entry = readEntry(answer);
  if (entry === undefined) return err("it is no answer of a Rekor log");
  const { body, integratedTime, logID, logIndex, proof } = entry;
  const bytes = fromBase64(body);
  if (bytes === undefined || digestIn(bytes) !== sha256Hex(anchored)) return err("its entry is of something else");
  if (logID !== sha256Hex(spki(key))) return err("it is of another log than the one with this key");
  // The members in the order of RFC 8785; none of them holds a character that has two spellings.
  const said = JSON.stringify({ body, integratedTime, logID, logIndex });
  if (!signed(said, fromBase64(entry.signedEntryTimestamp), key)) return err("the log did not sign this time");
  const head = headOf(proof.checkpoint, key);
  if (head === undefined) return err("the log did not sign this head");
  const hashes = proof.hashes.map((hash) => fromHex(hash));
  const root = fromHex(proof.rootHash);
  if (root === undefined || hashes.includes(undefined)) return err("its proof is no proof");
  if (head.size !== proof.treeSize || toHex(head.root) !== proof.rootHash)
    return err("its proof leads to another head");
  const path = hashes.filter((hash) => hash !== undefined);
  const claim = { index: proof.logIndex, size: proof.treeSize, root, leaf: leafHash(sha256, bytes), proof: path };
  if (!includes(sha256, claim)) return err("its proof does not lead to the head");
  return ok({ time: new Date(integratedTime * 1000), log: head.name, index: logIndex });
}

/** The log's answer: one entry under its own name. */
function readEntry(answer: string): Entry | undefined {
  const parsed = json(answer);
  const [entry, second] = Object.values(record(parsed) ?? {});
  const { body, integratedTime, logID, logIndex, verification } = record(entry) ?? {};
  const { inclusionProof, signedEntryTimestamp } = record(verification) ?? {};
  const { checkpoint, hashes, logIndex: index, rootHash, treeSize } = record(inclusionProof) ?? {};
  const texts = [body, logID, signedEntryTimestamp, checkpoint, rootHash];
  const counts = [integratedTime, logIndex, index, treeSize];
  if (second !== undefined || !Array.isArray(hashes) || hashes.length > 64) return undefined;
  if (![...texts, ...hashes].every((text) => typeof text === "string")) return undefined;
  if (!counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0)) return undefined;
  const [at, from, place, size] = counts.map(Number) as [number, number, number, number];
  if (at > LATEST) return undefined;
  const [content, id, stamp, note, root] = texts.map(String) as [string, string, string, string, string];
  return {
    ...{ body: content, integratedTime: at, logID: id, logIndex: from, signedEntryTimestamp: stamp },
    proof: { checkpoint: note, hashes: hashes.map(String), logIndex: place, rootHash: root, treeSize: size },
  };
}

/** The SHA-256 that an entry is about; `undefined` for any other kind than `hashedrekord`. */
function digestIn(body: Uint8Array): string | undefined {
  const { kind, spec } = record(json(Buffer.from(body).toString("utf8"))) ?? {};
  const { algorithm, value } = record(record(record(spec)?.["data"])?.["hash"]) ?? {};
  return kind === "hashedrekord" && algorithm === "sha256" && typeof value === "string" ? value : undefined;
}

/** A signed tree head, as a note (c2sp.org/tlog-checkpoint) with a signature of a kind of its own: the key's id is the beginning of its digest. */
function headOf(
  note: string,
  key: KeyObject,
): { readonly size: number; readonly root: Uint8Array; readonly name: string } | undefined {
  const parts = splitNote(note);
  const id = sha256Hex(spki(key)).slice(0, 8);
  const own = parts?.signatures.find((one) => one.id === id && signed(parts.text, one.signature, key));
  // behind the three lines of a head, this log has others of its own
  const tree = parts === undefined ? undefined : parseCheckpoint(parts.text.split("\n", 3).join("\n").concat("\n"));
  return own === undefined || tree === undefined ? undefined : { size: tree.size, root: tree.root, name: own.name };
}

function signed(text: string, signature: Uint8Array | undefined, key: KeyObject): boolean {
  const algorithm = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return signature !== undefined && verify(algorithm, Buffer.from(text, "utf8"), key, signature);
}

function spki(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
