// A consistency proof in a file: that a log of now still holds, unchanged, everything an older checkpoint of it spoke of. Behind
// two lines of ours stands the body of C2SP's `add-checkpoint`, so that `tail -n +3` of it can be sent to any witness.
import { fromBase64, toBase64, toHex } from "./base64.ts";
import { parseCheckpoint } from "./checkpoint.ts";
import { ownerOf } from "./epoch.ts";
import { openNote, splitNote, type VerifierKey } from "./note.ts";
import { extendsTree } from "./proof.ts";
import { type KnownLog, openProvenance, type Provenance, provenanceFrom } from "./provenance.ts";
import type { NoteCrypto } from "./statement.ts";
import type { LogVerdict, TamperKind } from "./verdict.ts";
import { type AddCheckpoint, formatAddCheckpoint, parseAddCheckpoint } from "./witness.ts";

/** First line of the file. */
export const EXTENSION_HEAD = "ringfence/log-extension v1";

/** The file taken apart; nothing in it is believed yet. */
export interface Extension extends AddCheckpoint {
  /** The older checkpoint, signed. */
  readonly from: string;
  readonly provenance: Provenance;
}

/** The proof as text. */
export function formatExtension(extension: Extension): string {
  const extra = toBase64(new TextEncoder().encode(extraText(extension)));
  return `${EXTENSION_HEAD}\nextra ${extra}\n${formatAddCheckpoint(extension)}`;
}

function extraText({ from, provenance }: Pick<Extension, "from" | "provenance">): string {
  const { certificate, authority, epochs } = provenance;
  return JSON.stringify({ from, ...(certificate === undefined ? {} : { certificate }), authority, epochs });
}

/** Reads the file; undefined when it is not exactly what `formatExtension` writes. */
export function parseExtension(text: string): Extension | undefined {
  const match = /^([^\n]+)\nextra ([A-Za-z0-9+/=]+)\n/.exec(text);
  const bytes = match?.[1] === EXTENSION_HEAD ? fromBase64(match[2] ?? "") : undefined;
  const body = parseAddCheckpoint(text.slice(match?.[0].length ?? 0));
  if (bytes === undefined || body === undefined) return undefined;
  try {
    const json = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const fields = JSON.parse(json) as { [field: string]: unknown };
    const { from } = fields;
    const provenance = provenanceFrom(fields);
    if (typeof from !== "string" || provenance === undefined) return undefined;
    return extraText({ from, provenance }) === json ? { ...body, from, provenance } : undefined;
  } catch {
    return undefined;
  }
}

/** What the file shows, or why it shows nothing. */
export interface ExtensionReport {
  readonly verdict: LogVerdict;
  readonly origin?: string;
  readonly from?: number;
  readonly to?: number;
  readonly signedBy?: string;
}

/** Checks the file with trusted keys; with `anchor`, the older checkpoint must also be the one that was kept. Total. */
export function checkExtension(
  text: string,
  trust: { readonly keys: readonly VerifierKey[]; readonly anchor?: string; readonly crypto: NoteCrypto },
): ExtensionReport {
  if (trust.keys.length === 0) return { verdict: { word: "INCOMPLETE", what: "a public key to trust" } };
  const extension = parseExtension(text);
  if (extension === undefined) return bad("framing", 0);
  const opened = openProvenance(extension.provenance, trust.keys, trust.crypto);
  if (!opened.ok) {
    if (opened.fault !== "foreign") return bad(opened.fault, 0);
    const key = splitNote(extension.note)?.signatures[0]?.name ?? "none";
    return { verdict: { word: "UNTRUSTED_KEY", key, file: "proof" } };
  }
  const [older, newer] = [extension.from, extension.note].map((note) => signedTree(note, opened.log, trust.crypto));
  if (older === undefined || newer === undefined || older.size !== extension.old) return bad("sig", 0);
  if (trust.anchor !== undefined) {
    const kept = signedTree(trust.anchor, opened.log, trust.crypto);
    if (kept === undefined) return bad("sig", 0);
    if (kept.size !== older.size || toHex(kept.root) !== toHex(older.root)) return bad("fork", kept.size);
  }
  if (!extendsTree(trust.crypto.sha256, older, newer, extension.proof)) return bad("fork", older.size);
  const { origin, root } = opened.log;
  return { verdict: { word: "OK" }, origin, from: older.size, to: newer.size, signedBy: root.name };
}

/** A checkpoint of this log, signed by the epoch that owns its size; undefined when it is not one. */
export function signedTree(
  note: string,
  log: KnownLog,
  crypto: NoteCrypto,
): { readonly size: number; readonly root: Uint8Array } | undefined {
  const claimed = parseCheckpoint(splitNote(note)?.text ?? "");
  const epoch = claimed === undefined ? undefined : ownerOf(log.epochs, claimed.size);
  if (claimed?.origin !== log.origin || epoch === undefined) return undefined;
  return openNote(note, [epoch.key], crypto.verify).ok ? claimed : undefined;
}

function bad(kind: TamperKind, seq: number): ExtensionReport {
  return { verdict: { word: "TAMPERED", kind, seq, file: "proof" } };
}
