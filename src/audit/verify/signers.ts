// Whose keys may speak in a log: from the trusted key over the machine's epochs (`authority`) to the certificate, and from the
// certified key over the log's own epochs. Reads notes only; whether they agree with the records is judged in epochs.ts.
import {
  type Epoch,
  fromBase64,
  isLogOf,
  openCertificate,
  openEpochs,
  parseLogName,
  splitEpochNotes,
  toHex,
  type VerifierKey,
} from "#core/log";
import { sha256, verifyEd25519 } from "../crypto.ts";
import { filesIn } from "../derived.ts";
import { Finding, incomplete, tampered } from "./finding.ts";
import type { VerifyOptions } from "./report.ts";
import { textIfAny, textOf } from "./texts.ts";

const CRYPTO = { sha256, verify: verifyEd25519 };

/** Who signs what in one log. */
export interface Signers {
  /** First line of every checkpoint, and name of every key of the log. */
  readonly origin: string;
  /** Absent for a ledger. */
  readonly session?: string;
  /** The trusted key that all of this leads to. */
  readonly trusted: VerifierKey;
  /** The log's epochs, the first one included. */
  readonly epochs: readonly Epoch[];
  /** Number of the machine's epoch that certified the log; undefined when the log's own key is trusted, or for a ledger. */
  readonly certifiedBy?: number;
  /** What a reader should know about them. */
  readonly notes: readonly string[];
}

/** Finds the keys of the log in `dir`. Throws a finding when nothing trusted leads to them. */
export function findSigners(dir: string, options: VerifyOptions): Signers {
  if (options.keys.length === 0) throw incomplete("a public key to trust");
  const note = textIfAny(dir, "certificate");
  if (note === undefined) return ledgerSigners(dir, options);
  return ownKeySigners(dir, note, options.keys) ?? certifiedSigners(dir, note, options);
}

function certifiedSigners(dir: string, note: string, options: VerifyOptions): Signers {
  const signature = signatureOf(note);
  const trusted = options.keys.find(({ name }) => name === signature.name);
  if (trusted === undefined) throw untrusted("certificate", note);
  const authority = authorityOf(dir, trusted, options.machine);
  const keys = authority.map(({ key }) => key);
  const opened = openCertificate(note, keys, CRYPTO);
  if (!opened.ok) {
    if (opened.fault !== "unknown-key") throw broken("certificate");
    // A later key of this very machine: what leads to it should be here and is not.
    if (options.machine?.some(({ key }) => key.id === signature.id)) throw incomplete("authority");
    throw untrusted("certificate", note);
  }
  const { session, key, start } = opened.certificate;
  if (!isLogOf(key.name, opened.by.name, session)) throw broken("certificate");
  const certifiedBy = authority.findIndex((epoch) => epoch.key === opened.by);
  const epochs = epochsOf(dir, { key, start }, keys.slice(certifiedBy));
  const notes = datedBack(start, authority[certifiedBy]?.start ?? "");
  return { origin: key.name, session, trusted, epochs, certifiedBy, notes };
}

/** A clock that was set back does this, too: it is said, not judged. The ledger, where it is, knows which key was in use. */
function datedBack(start: string, began: string): string[] {
  return start < began ? [`the certificate says ${start}, but the machine's key that signed it began ${began}`] : [];
}

/** A person may trust the log's own key itself instead of the machine's. */
function ownKeySigners(dir: string, note: string, keys: readonly VerifierKey[]): Signers | undefined {
  const [session, start] = [/^session (\S+)$/m.exec(note)?.[1], /^start (\S+)$/m.exec(note)?.[1]];
  const name = /^key ([^\s+]+)\+/m.exec(note)?.[1] ?? "";
  const key = keys.find((one) => one.name === name && parseLogName(name)?.session === session);
  if (session === undefined || key === undefined) return undefined;
  return { origin: key.name, session, trusted: key, epochs: epochsOf(dir, { key, start: start ?? "" }, []), notes: [] };
}

function ledgerSigners(dir: string, options: VerifyOptions): Signers {
  const note = textOf(dir, "checkpoint");
  const origin = note.split("\n", 1)[0] ?? "";
  if (options.remembered?.ledger !== undefined || origin.includes("/")) throw incomplete("certificate");
  const trusted = options.keys.find(({ name }) => name === origin);
  if (trusted === undefined) throw untrusted("checkpoint", note);
  return { origin, trusted, epochs: epochsOf(dir, { key: trusted, start: "" }, []), notes: [] };
}

/** The machine's epochs that a copied folder carries with it; they must be a beginning of what the ledger shows. */
function authorityOf(dir: string, trusted: VerifierKey, machine: readonly Epoch[] | undefined): readonly Epoch[] {
  const notes = splitEpochNotes(textIfAny(dir, "authority") ?? "");
  if (notes === undefined) throw broken("authority");
  const opened = openEpochs(notes, { key: trusted, start: "" }, { crypto: CRYPTO });
  if (!opened.ok) throw tampered("epoch", { seq: 0, file: "authority" });
  const differs = opened.epochs.some(
    ({ key, from }, n) => machine !== undefined && (machine[n]?.from !== from || !sameKey(machine[n].key, key)),
  );
  if (differs) throw tampered("epoch", { seq: 0, file: "authority" });
  return opened.epochs;
}

/** The log's own epochs: the notes `epochs/1`, `epochs/2`, …, none missing. */
function epochsOf(
  dir: string,
  genesis: { readonly key: VerifierKey; readonly start: string },
  authority: readonly VerifierKey[],
): readonly Epoch[] {
  const files = filesIn(dir, "epochs");
  const odd = files.find((file) => !/^epochs\/[1-9]\d{0,8}$/.test(file));
  if (odd !== undefined) throw tampered("framing", { seq: 0, file: odd });
  const notes = files.map((_, index) => {
    const file = `epochs/${index + 1}`;
    if (!files.includes(file)) throw incomplete(file);
    return textOf(dir, file);
  });
  const trust = { crypto: CRYPTO, authority };
  const opened = openEpochs(notes, genesis, trust);
  if (opened.ok) return opened.epochs;
  const before = openEpochs(notes.slice(0, opened.epoch - 1), genesis, trust);
  const seq = before.ok ? (before.epochs.at(-1)?.from ?? 0) : 0;
  throw tampered("epoch", { seq, file: `epochs/${opened.epoch}` });
}

/** Name and id of the first signature line, as far as there is one. */
export function signatureOf(note: string): { readonly name: string; readonly id: string } {
  const match = /^\u2014 (\S+) (\S+)$/m.exec(note);
  const bytes = fromBase64(match?.[2] ?? "");
  return { name: match?.[1] ?? "none", id: toHex((bytes ?? new Uint8Array(4)).slice(0, 4)) };
}

/** Signed, but by nobody who is trusted. */
export function untrusted(file: string, note: string): Finding {
  return new Finding({ word: "UNTRUSTED_KEY", key: signatureOf(note).name, file });
}

function broken(file: string): Finding {
  return tampered("sig", { seq: 0, file });
}

/** True when both are the same key under the same name. */
export function sameKey(a: VerifierKey, b: VerifierKey): boolean {
  return a.name === b.name && toHex(a.publicKey) === toHex(b.publicKey);
}
