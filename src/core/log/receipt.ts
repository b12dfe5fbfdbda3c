// A receipt: one file that shows, with a public key alone, that a record stands in a log at its place. It is a C2SP
// tlog-proof@v1; its `extra` line carries what the proof speaks of (the record's line) and why its signature is believed.
import { fromBase64, toBase64 } from "./base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { type Epoch, ownerOf, reopenedNotes } from "./epoch.ts";
import { type LogRecord, readLeaf } from "./leaf.ts";
import { HASH_LENGTH, leafHash } from "./merkle.ts";
import { openNote, splitNote, type VerifierKey } from "./note.ts";
import { includes } from "./proof.ts";
import { openProvenance, type Provenance, provenanceFrom } from "./provenance.ts";
import type { NoteCrypto } from "./statement.ts";
import type { LogVerdict, TamperKind } from "./verdict.ts";

/** First line of a receipt. */
export const RECEIPT_HEAD = "c2sp.org/tlog-proof@v1";

/** A receipt taken apart; nothing in it is believed yet. */
export interface Receipt {
  /** The record's exact line. */
  readonly line: string;
  readonly provenance: Provenance;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint. */
  readonly checkpoint: string;
}

/** The receipt as text. */
export function formatReceipt({ line, provenance, index, proof, checkpoint }: Receipt): string {
  const extra = toBase64(new TextEncoder().encode(extraText(line, provenance)));
  const hashes = proof.map((hash) => `${toBase64(hash)}\n`).join("");
  return `${RECEIPT_HEAD}\nextra ${extra}\nindex ${index}\n${hashes}\n${checkpoint}`;
}

function extraText(line: string, { certificate, authority, epochs }: Provenance): string {
  return JSON.stringify({ line, ...(certificate === undefined ? {} : { certificate }), authority, epochs });
}

/** Reads a receipt; undefined when it is not exactly what `formatReceipt` writes. */
export function parseReceipt(text: string): Receipt | undefined {
  const cut = text.indexOf("\n\n");
  const [head, extra = "", place = "", ...lines] = text.slice(0, Math.max(0, cut)).split("\n");
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(place)?.[1];
  if (cut < 0 || head !== RECEIPT_HEAD || !extra.startsWith("extra ") || index === undefined) return undefined;
  const content = parseExtra(extra.slice(6));
  const proof: Uint8Array[] = [];
  for (const each of lines) {
    const hash = fromBase64(each);
    if (hash?.length !== HASH_LENGTH) return undefined;
    proof.push(hash);
  }
  if (content === undefined || proof.length > 64 || !Number.isSafeInteger(Number(index))) return undefined;
  return { ...content, index: Number(index), proof, checkpoint: text.slice(cut + 2) };
}

function parseExtra(base64: string): { line: string; provenance: Provenance } | undefined {
  const bytes = fromBase64(base64);
  if (bytes === undefined) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const fields = JSON.parse(text) as { [field: string]: unknown };
    const { line } = fields;
    const provenance = provenanceFrom(fields);
    if (typeof line !== "string" || provenance === undefined) return undefined;
    // One spelling only: a second one could show two readers two records.
    return extraText(line, provenance) === text ? { line, provenance } : undefined;
  } catch {
    return undefined;
  }
}

/** What a receipt shows, or why it shows nothing. */
export interface ReceiptReport {
  readonly verdict: LogVerdict;
  /** Present exactly when the verdict is OK. */
  readonly record?: LogRecord;
  readonly origin?: string;
  /** Size of the log that the checkpoint speaks of. */
  readonly size?: number;
  readonly epoch?: Epoch;
  readonly signedBy?: string;
  /** What a reader should know: a session is never gone on with, but a receipt alone cannot tell that its log is one. */
  readonly notes?: readonly string[];
}

/** Checks a receipt with trusted keys and nothing else. Total. */
export function checkReceipt(text: string, trusted: readonly VerifierKey[], crypto: NoteCrypto): ReceiptReport {
  if (trusted.length === 0) return { verdict: { word: "INCOMPLETE", what: "a public key to trust" } };
  const receipt = parseReceipt(text);
  if (receipt === undefined) return bad("framing", 0);
  const { index } = receipt;
  const opened = openProvenance(receipt.provenance, trusted, crypto);
  if (!opened.ok) {
    if (opened.fault !== "foreign") return bad(opened.fault, index);
    return { verdict: { word: "UNTRUSTED_KEY", key: signerOf(receipt), file: "receipt" } };
  }
  const { log } = opened;
  const claimed = parseCheckpoint(splitNote(receipt.checkpoint)?.text ?? "");
  if (claimed?.origin !== log.origin) return bad("sig", index);
  const epoch = ownerOf(log.epochs, claimed.size);
  const signed = epoch === undefined ? undefined : openNote(receipt.checkpoint, [epoch.key], crypto.verify);
  if (epoch === undefined || signed?.ok !== true) {
    const others = log.epochs.map(({ key }) => key);
    return bad(openNote(receipt.checkpoint, others, crypto.verify).ok ? "epoch" : "sig", index);
  }
  const leaf = new TextEncoder().encode(receipt.line);
  const { size, root } = claimed;
  const claim = { leaf: leafHash(crypto.sha256, leaf), index, size, root, proof: receipt.proof };
  if (!includes(crypto.sha256, claim)) return bad("root", index);
  const record = readLeaf(leaf);
  if (record === undefined) return bad("framing", index);
  if (record.seq !== index) return bad("reorder", index);
  if (log.session !== undefined && record.session !== log.session) return bad("fork", index);
  const notes = reopenedNotes(log.epochs);
  return { verdict: { word: "OK" }, record, origin: log.origin, size, epoch, signedBy: log.root.name, notes };
}

function bad(kind: TamperKind, seq: number): ReceiptReport {
  return { verdict: { word: "TAMPERED", kind, seq, file: "receipt" } };
}

function signerOf({ provenance, checkpoint }: Receipt): string {
  return splitNote(provenance.certificate ?? checkpoint)?.signatures[0]?.name ?? "none";
}
