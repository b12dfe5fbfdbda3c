// C2SP signed notes and their verifier keys (c2sp.org/signed-note): text, an empty line, then `— name base64(keyid ‖ signature)`.
// Only Ed25519 (type 01). Signatures by keys we do not know are passed over, as the specification asks.
import { fromBase64, fromHex, toBase64, toHex } from "./base64.ts";
import type { Sha256 } from "./merkle.ts";

/** A public key with its name, as a vkey line carries it. */
export interface VerifierKey {
  readonly name: string;
  /** Four bytes, as eight hexadecimal digits. */
  readonly id: string;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Checks an Ed25519 signature; handed in. */
export type VerifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Makes an Ed25519 signature; handed in together with the key it belongs to. */
export interface NoteSigner {
  readonly key: VerifierKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const ED25519 = 1;
const DASH = "\u2014 ";

/** True when `name` may name a key: not empty, no space of any kind, no plus, nothing invisible. */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.length <= 255 && /^[!-*,-~]+$/.test(name);
}

/** The key's identity: the first four bytes of SHA-256(name ‖ LF ‖ 01 ‖ key). */
export function verifierKey(sha256: Sha256, name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== 32)
    throw new RangeError("a verifier key needs a plain name and 32 bytes");
  const head = new TextEncoder().encode(`${name}\n`);
  const input = new Uint8Array([...head, ED25519, ...publicKey]);
  return { name, id: toHex(sha256(input).slice(0, 4)), publicKey };
}

/** `name+id+base64(01 ‖ key)`. */
export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${key.id}+${toBase64(new Uint8Array([ED25519, ...key.publicKey]))}`;
}

/** Reads a vkey line; undefined when it is not one, when its id does not fit, or when it is not Ed25519. */
export function parseVerifierKey(sha256: Sha256, text: string): VerifierKey | undefined {
  const match = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const [name, id, data] = [match?.[1], match?.[2], match?.[3]];
  if (name === undefined || id === undefined || data === undefined || !isKeyName(name)) return undefined;
  const bytes = fromBase64(data);
  if (bytes === undefined || bytes.length !== 33 || bytes[0] !== ED25519) return undefined;
  const key = verifierKey(sha256, name, bytes.slice(1));
  return key.id === id ? key : undefined;
}

/** Signs `text`, which must end with a line feed and hold no other control character. */
export function signNote(text: string, signer: NoteSigner): string {
  if (!isNoteText(text)) throw new RangeError("a note's text ends with a line feed and has no other control character");
  const { name, id } = signer.key;
  return `${text}\n${signatureLine({ name, id, signature: signer.sign(new TextEncoder().encode(text)) })}`;
}

/** One signature as its line under a note. */
export function signatureLine({ name, id, signature }: NoteSignature): string {
  return `${DASH}${name} ${toBase64(new Uint8Array([...(fromHex(id) ?? new Uint8Array(4)), ...signature]))}\n`;
}

/** Why a note is not believed: it is no note; nobody known signed it; a known key's signature is wrong. */
export type NoteFault = "malformed" | "unknown-key" | "bad-signature";

/** The text of a note and the known keys that signed it, or why it is not believed. */
export type OpenedNote =
  | { readonly ok: true; readonly text: string; readonly keys: readonly VerifierKey[] }
  | { readonly ok: false; readonly fault: NoteFault };

/** Opens a note against known keys. One wrong signature by a known key spoils it, whatever the others say. */
export function openNote(note: string, keys: readonly VerifierKey[], verify: VerifyEd25519): OpenedNote {
  const parts = splitNote(note);
  if (parts === undefined) return { ok: false, fault: "malformed" };
  const message = new TextEncoder().encode(parts.text);
  const signedBy: VerifierKey[] = [];
  for (const { name, id, signature } of parts.signatures) {
    const key = keys.find((known) => known.name === name && known.id === id);
    if (key === undefined) continue;
    if (!verify(key.publicKey, message, signature)) return { ok: false, fault: "bad-signature" };
    if (!signedBy.includes(key)) signedBy.push(key);
  }
  return signedBy.length > 0 ? { ok: true, text: parts.text, keys: signedBy } : { ok: false, fault: "unknown-key" };
}

/** One signature line of a note. */
export interface NoteSignature {
  readonly name: string;
  /** Four bytes, as eight hexadecimal digits. */
  readonly id: string;
  readonly signature: Uint8Array;
}

/** A note taken apart, nothing checked yet; undefined when it is no note. */
export function splitNote(
  note: string,
): { readonly text: string; readonly signatures: readonly NoteSignature[] } | undefined {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2).split("\n");
  if (cut < 0 || !isNoteText(text) || lines.pop() !== "" || lines.length === 0 || lines.length > 100) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    const [name, data] = [match?.[1], match?.[2]];
    const bytes = data === undefined ? undefined : fromBase64(data);
    if (name === undefined || bytes === undefined || bytes.length < 5) return undefined;
    signatures.push({ name, id: toHex(bytes.slice(0, 4)), signature: bytes.slice(4) });
  }
  return { text, signatures };
}

function isNoteText(text: string): boolean {
  return text.endsWith("\n") && !/[\u0000-\u0009\u000b-\u001f]/.test(text) && !/\p{Cs}/u.test(text);
}

/** Cuts notes that stand end to end apart, blank lines between them or not; what is no note stays one piece. */
export function splitNotes(text: string): readonly string[] {
  const notes: string[] = [];
  let lines: string[] = [];
  let signed = false;
  for (const line of text.endsWith("\n") ? text.slice(0, -1).split("\n") : text.split("\n")) {
    const signature = line.startsWith(DASH);
    if (signed && !signature) {
      notes.push(`${lines.join("\n")}\n`);
      lines = [];
    }
    if (lines.length > 0 || line !== "") lines.push(line);
    signed = signature;
  }
  if (lines.length > 0) notes.push(`${lines.join("\n")}\n`);
  return notes;
}
