// C2SP tlog-checkpoint: three lines that say how long a log is and what its root is. No extension lines: facts belong in records.
import { fromBase64, toBase64 } from "./base64.ts";
import { HASH_LENGTH } from "./merkle.ts";
import { type NoteFault, type NoteSigner, openNote, signNote, type VerifierKey, type VerifyEd25519 } from "./note.ts";

/** What a checkpoint states. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** The signed text of a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  return signNote(formatCheckpoint(checkpoint), signer);
}

/** `origin`, size in decimal, root in base64, each on its line. */
export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Reads the unsigned text; undefined on anything but three exact lines. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const match = /^([^\n]+)\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]+)\n$/.exec(text);
  const [origin, digits, data] = [match?.[1], match?.[2], match?.[3]];
  if (origin === undefined || digits === undefined || data === undefined) return undefined;
  const size = Number(digits);
  const root = fromBase64(data);
  if (!Number.isSafeInteger(size) || root?.length !== HASH_LENGTH) return undefined;
  return { origin, size, root };
}

/** A checkpoint somebody known signed, with the key that did, or why it is not believed. */
export type OpenedCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly keys: readonly VerifierKey[] }
  | { readonly ok: false; readonly fault: NoteFault };

/** Opens a signed checkpoint against known keys. */
export function openCheckpoint(note: string, keys: readonly VerifierKey[], verify: VerifyEd25519): OpenedCheckpoint {
  const opened = openNote(note, keys, verify);
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.text);
  return checkpoint === undefined ? { ok: false, fault: "malformed" } : { ok: true, checkpoint, keys: opened.keys };
}
