// A signed note whose text has a form: a certificate, an epoch's beginning. Who signed it first, then what it says.
import type { Sha256 } from "./merkle.ts";
import { type NoteFault, openNote, type VerifierKey, type VerifyEd25519 } from "./note.ts";

/** SHA-256 and Ed25519, handed in. */
export interface NoteCrypto {
  readonly sha256: Sha256;
  readonly verify: VerifyEd25519;
}

/** What somebody known signed, or why it is not believed. */
export type OpenedStatement<T> =
  | { readonly ok: true; readonly statement: T; readonly by: VerifierKey }
  | { readonly ok: false; readonly fault: NoteFault };

/** Opens a note against known keys; `parse` answers undefined for a text that is not of its form. */
export function openStatement<T>(
  note: string,
  keys: readonly VerifierKey[],
  how: { readonly verify: VerifyEd25519; readonly parse: (text: string) => T | undefined },
): OpenedStatement<T> {
  const opened = openNote(note, keys, how.verify);
  if (!opened.ok) return opened;
  const statement = how.parse(opened.text);
  const by = opened.keys[0];
  return statement === undefined || by === undefined ? { ok: false, fault: "malformed" } : { ok: true, statement, by };
}
