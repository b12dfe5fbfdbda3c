// The machine's word for a session's key: a note signed by the machine key, kept in the log's folder so that the folder
// verifies anywhere with the machine's vkey alone. The session key itself lives in memory only, so nobody can go on with it.
import type { Sha256 } from "./merkle.ts";
import {
  formatVerifierKey,
  type NoteFault,
  type NoteSigner,
  parseVerifierKey,
  signNote,
  type VerifierKey,
} from "./note.ts";
import { type NoteCrypto, openStatement } from "./statement.ts";

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
export function openCertificate(note: string, keys: readonly VerifierKey[], crypto: NoteCrypto): OpenedCertificate {
  const parse = (text: string): Certificate | undefined => parseCertificate(text, crypto.sha256);
  const opened = openStatement(note, keys, { verify: crypto.verify, parse });
  return opened.ok ? { ok: true, certificate: opened.statement, by: opened.by } : opened;
}

function parseCertificate(text: string, sha256: Sha256): Certificate | undefined {
  const match = /^ringfence\/session-key\/v1\nsession (\S+)\nkey (\S+)\nstart (\S+)\n$/.exec(text);
  const [session, vkey, start] = [match?.[1], match?.[2], match?.[3]];
  const key = vkey === undefined ? undefined : parseVerifierKey(sha256, vkey);
  return session === undefined || start === undefined || key === undefined ? undefined : { session, key, start };
}
