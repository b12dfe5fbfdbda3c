// The machine's word for a session's key: a note signed by the machine key, kept in the log's folder so that the folder
// verifies anywhere with the machine's vkey alone. The session key itself lives in memory only, so nobody can go on with it.
import type { Sha256 } from "./merkle.ts";
import {
  formatVerifierKey,
  type NoteFault,
  type NoteSigner,
  openNote,
  parseVerifierKey,
  signNote,
  type VerifierKey,
  type VerifyEd25519,
} from "./note.ts";

/** What the machine certifies. */
export interface Certificate {
  readonly session: string;
  readonly key: VerifierKey;
  /** RFC 3339, UTC, milliseconds. */
  readonly start: string;
}

/** A certificate somebody known signed, or why it is not believed. */
export type OpenedCertificate =
  | { readonly ok: true; readonly certificate: Certificate; readonly by: VerifierKey }
  | { readonly ok: false; readonly fault: NoteFault };

const FIRST = "ringfence/session-key/v1";

/** Signs a certificate. */
export function signCertificate(certificate: Certificate, signer: NoteSigner): string {
  const { session, key, start } = certificate;
  return signNote(`${FIRST}\nsession ${session}\nkey ${formatVerifierKey(key)}\nstart ${start}\n`, signer);
}

/** Opens a certificate against known machine keys. */
export function openCertificate(
  note: string,
  keys: readonly VerifierKey[],
  crypto: { readonly sha256: Sha256; readonly verify: VerifyEd25519 },
): OpenedCertificate {
  const opened = openNote(note, keys, crypto.verify);
  if (!opened.ok) return opened;
  const match = /^ringfence\/session-key\/v1\nsession (\S+)\nkey (\S+)\nstart (\S+)\n$/.exec(opened.text);
  const [session, vkey, start] = [match?.[1], match?.[2], match?.[3]];
  const key = vkey === undefined ? undefined : parseVerifierKey(crypto.sha256, vkey);
  const by = opened.keys[0];
  if (session === undefined || start === undefined || key === undefined || by === undefined)
    return { ok: false, fault: "malformed" };
  return { ok: true, certificate: { session, key, start }, by };
}
