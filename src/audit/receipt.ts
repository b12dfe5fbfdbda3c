// Receipts and consistency proofs from a log's folder. What is handed out was checked as its reader will check it, so a damaged
// tile or a changed line gives a problem here and never a proof that fails elsewhere.
import { err, ok, type Problem, type Result } from "#core";
import {
  checkExtension,
  checkReceipt,
  consistencyProof,
  formatExtension,
  formatReceipt,
  inclusionProof,
  type KnownLog,
  openProvenance,
  type Provenance,
  signedTree,
  type VerifierKey,
} from "#core/log";
import { sha256, verifyEd25519 } from "./crypto.ts";
import { filesBelow, readWhole } from "./derived.ts";
import { linesAt } from "./lookup.ts";
import { Unreadable } from "./open-file.ts";
import { hashesOnDisk } from "./receipt-tiles.ts";

const CRYPTO = { sha256, verify: verifyEd25519 } as const;

/** A log's folder whose keys and newest checkpoint are believed. */
export interface SignedLog {
  readonly dir: string;
  readonly provenance: Provenance;
  readonly log: KnownLog;
  /** The newest checkpoint, signed. */
  readonly checkpoint: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** Opens a log's folder far enough to prove something from it; reads no records. */
export function openSigned(dir: string, trusted: readonly VerifierKey[]): Result<SignedLog, Problem> {
  return readingLog(dir, () => {
    const provenance = provenanceIn(dir);
    const opened = openProvenance(provenance, trusted, CRYPTO);
    if (!opened.ok)
      return err(opened.fault === "foreign" ? foreign(dir) : damaged(dir, `\`${opened.file}\` does not verify`));
    const checkpoint = textOf(dir, "checkpoint");
    const tree = signedTree(checkpoint, opened.log, CRYPTO);
    if (tree === undefined) return err(damaged(dir, "its checkpoint does not verify"));
    return ok({ dir, provenance, log: opened.log, checkpoint, size: tree.size, root: tree.root });
  });
}

/** The receipt of record `seq`. */
export function makeReceipt(signed: SignedLog, seq: number): Result<string, Problem> {
  const { dir, size } = signed;
  if (seq >= size) return err(unsigned(signed, seq));
  return readingLog(dir, () => {
    const line = new TextDecoder("utf-8", { ignoreBOM: true }).decode(linesAt(dir, seq, 1)[0]);
    const proof = inclusionProof(sha256, hashesOnDisk(dir, size), seq, size);
    const { provenance, checkpoint } = signed;
    const text = formatReceipt({ line, provenance, index: seq, proof, checkpoint });
    const { verdict } = checkReceipt(text, [signed.log.root], CRYPTO);
    return verdict.word === "OK" ? ok(text) : err(damaged(dir, `record ${seq} does not lead to its checkpoint`));
  });
}

/** The proof that this log holds all that an older checkpoint of it (a signed note) spoke of. */
export function makeExtension(signed: SignedLog, older: string): Result<string, Problem> {
  const { dir, provenance, checkpoint, size } = signed;
  const from = signedTree(older, signed.log, CRYPTO);
  if (from === undefined || from.size === 0) return err(notOurs(signed));
  if (from.size > size)
    return err(damaged(dir, `it is signed up to ${size} records, that checkpoint speaks of ${from.size}`));
  return readingLog(dir, () => {
    const proof = consistencyProof(sha256, hashesOnDisk(dir, size), from.size, size);
    const text = formatExtension({ old: from.size, proof, note: checkpoint, from: older, provenance });
    const { verdict } = checkExtension(text, { keys: [signed.log.root], crypto: CRYPTO });
    return verdict.word === "OK" ? ok(text) : err(damaged(dir, "it does not hold what that checkpoint speaks of"));
  });
}

/** The notes beside a log. Throws `Unreadable`. */
function provenanceIn(dir: string): Provenance {
  const certificate = textIfAny(dir, "certificate");
  const epochs = filesBelow(dir, "epochs")
    .map((file) => ({ file, number: Number(file.slice("epochs/".length)) }))
    .sort((a, b) => a.number - b.number)
    .map(({ file }) => textOf(dir, file))
    .join("");
  const authority = textIfAny(dir, "authority") ?? "";
  return { ...(certificate === undefined ? {} : { certificate }), authority, epochs };
}

function textOf(dir: string, file: string): string {
  // What is not UTF-8 gets a replacement character, and then no signature fits.
  return readWhole(dir, file).toString("utf8");
}

function textIfAny(dir: string, file: string): string | undefined {
  try {
    return textOf(dir, file);
  } catch (error) {
    if (error instanceof Unreadable && error.reason === "absent") return undefined;
    throw error;
  }
}

function readingLog<T>(dir: string, read: () => Result<T, Problem>): Result<T, Problem> {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable)
      return err(damaged(dir, `\`${error.path}\` ${error.reason === "absent" ? "is missing" : error.message}`));
    // A tile of the wrong width, a hash that no tile holds.
    if (error instanceof RangeError) return err(damaged(dir, error.message));
    throw error;
  }
}

function damaged(dir: string, why: string): Problem {
  return {
    code: "log-damaged",
    message: `nothing can be proved from the log in \`${dir}\`: ${why}`,
    hint: `ringfence log verify ${dir}`,
  };
}

function foreign(dir: string): Problem {
  const message = `the log in \`${dir}\` is signed by another key than the trusted one`;
  return { code: "log-foreign", message, hint: "name its machine's public key with `--key FILE`" };
}

function unsigned({ size }: SignedLog, seq: number): Problem {
  const message = `record ${seq} is not signed (yet): the newest checkpoint covers ${size} records`;
  return {
    code: "log-unsigned",
    message,
    hint: "a running session signs within half a second; `ringfence log show` tells which records there are",
  };
}

function notOurs({ log }: SignedLog): Problem {
  return {
    code: "log-anchor",
    message: `that checkpoint is none of \`${log.origin}\``,
    hint: "ringfence log checkpoint",
  };
}
