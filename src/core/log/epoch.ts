// Epochs: a log's key moves forward, each key vouching for the next at a stated size and root before it is erased, so that who
// steals today's key cannot sign yesterday again. Epoch n owns the sizes behind its start up to and including its close; a
// checkpoint counts only when the owner of its size signed it (CVE-2023-31439 was a younger key resealing older entries).
import { fromBase64, toBase64 } from "./base64.ts";
import type { LogRecord } from "./leaf.ts";
import { HASH_LENGTH, type Sha256 } from "./merkle.ts";
import {
  formatVerifierKey,
  type NoteFault,
  type NoteSigner,
  parseVerifierKey,
  signNote,
  type VerifierKey,
} from "./note.ts";
import type { RecordBody } from "./record.ts";
import { type NoteCrypto, openStatement } from "./statement.ts";

/** What the note of epoch 1, 2, … states: from which size and root on, and under which key. */
export interface EpochStart {
  /** The log's origin; also the name of every key it ever has. */
  readonly origin: string;
  readonly epoch: number;
  /** Size of the log when the epoch before closed: this epoch owns the sizes above it. */
  readonly from: number;
  /** Root at that size. */
  readonly root: Uint8Array;
  readonly key: VerifierKey;
  /** RFC 3339, UTC, milliseconds. */
  readonly start: string;
}

/** An epoch that a chain of notes from the genesis key leads to. */
export interface Epoch {
  readonly epoch: number;
  readonly from: number;
  readonly key: VerifierKey;
  readonly start: string;
  /** Absent for epoch 0, which starts with nothing. */
  readonly root?: Uint8Array;
  /** True when the authority (the machine) began it, because the key before was gone: a log that its writer left. */
  readonly reopened: boolean;
}

const FIRST = "ringfence/epoch v1";

/** Signs the note that begins an epoch: by the key of the epoch before, or by the authority when that key is gone. */
export function signEpoch(start: EpochStart, signer: NoteSigner): string {
  const { origin, epoch, from, root, key } = start;
  const lines = [FIRST, origin, `epoch ${epoch}`, `from ${from}`, `root ${toBase64(root)}`];
  return signNote(`${[...lines, `key ${formatVerifierKey(key)}`, `start ${start.start}`].join("\n")}\n`, signer);
}

/** Reads the unsigned text; undefined on anything but the seven exact lines. */
export function parseEpoch(text: string, sha256: Sha256): EpochStart | undefined {
  const match = TEXT.exec(text);
  const [origin, epoch, from, root, vkey, start] = match === null ? [] : match.slice(1);
  if (origin === undefined || root === undefined || vkey === undefined || start === undefined) return undefined;
  const key = parseVerifierKey(sha256, vkey);
  const hash = fromBase64(root);
  const [number, size] = [Number(epoch), Number(from)];
  if (key?.name !== origin || hash?.length !== HASH_LENGTH) return undefined;
  if (!Number.isSafeInteger(number) || !Number.isSafeInteger(size)) return undefined;
  return { origin, epoch: number, from: size, root: hash, key, start };
}

const TEXT =
  /^ringfence\/epoch v1\n([^\n]+)\nepoch ([1-9][0-9]{0,15})\nfrom ([1-9][0-9]{0,15})\nroot ([A-Za-z0-9+/=]+)\nkey (\S+)\nstart (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\n$/;

/** An epoch's note that somebody known signed, or why it is not believed. */
export type OpenedEpoch =
  | { readonly ok: true; readonly start: EpochStart; readonly by: VerifierKey }
  | { readonly ok: false; readonly fault: NoteFault };

/** Opens the note of an epoch against known keys. */
export function openEpoch(note: string, keys: readonly VerifierKey[], crypto: NoteCrypto): OpenedEpoch {
  const parse = (text: string): EpochStart | undefined => parseEpoch(text, crypto.sha256);
  const opened = openStatement(note, keys, { verify: crypto.verify, parse });
  return opened.ok ? { ok: true, start: opened.statement, by: opened.by } : opened;
}

/** A whole chain, or the first epoch whose note is not believed. `order`: its number, size or key does not follow. */
export type OpenedEpochs =
  | { readonly ok: true; readonly epochs: readonly Epoch[] }
  | { readonly ok: false; readonly epoch: number; readonly fault: NoteFault | "order" };

/**
 * Follows the notes of epochs 1, 2, … from the key of epoch 0. Each is signed by the key of the epoch before it; where
 * `authority` keys are given, one of them may have signed instead (`reopened`). No number is missing, every epoch owns at
 * least one size, no key comes twice. The roots are for the caller to compare: only the lines can say whether they are right.
 */
export function openEpochs(
  notes: readonly string[],
  genesis: { readonly key: VerifierKey; readonly start: string },
  trust: { readonly crypto: NoteCrypto; readonly authority?: readonly VerifierKey[] },
): OpenedEpochs {
  let before: Epoch = { epoch: 0, from: 0, key: genesis.key, start: genesis.start, reopened: false };
  const epochs = [before];
  const keys = new Set([toBase64(genesis.key.publicKey)]);
  for (const [index, note] of notes.entries()) {
    const epoch = index + 1;
    const opened = openEpoch(note, [before.key, ...(trust.authority ?? [])], trust.crypto);
    if (!opened.ok) return { ok: false, epoch, fault: opened.fault };
    const { origin, from, key, root, start } = opened.start;
    const follows = origin === genesis.key.name && opened.start.epoch === epoch && from > before.from;
    // Compared whole: the four bytes of an id may meet by chance in a log of many years.
    const publicKey = toBase64(key.publicKey);
    if (!follows || keys.has(publicKey)) return { ok: false, epoch, fault: "order" };
    keys.add(publicKey);
    before = { epoch, from, key, root, start, reopened: opened.by !== before.key };
    epochs.push(before);
  }
  return { ok: true, epochs };
}

/** The epoch that may sign a checkpoint of `size`. `epochs` begin with epoch 0 and are in order. */
export function ownerOf(epochs: readonly Epoch[], size: number): Epoch | undefined {
  return epochs.findLast(({ from }) => from < size) ?? epochs[0];
}

/** What a reader should know of epochs that the authority began: up to there another key vouched for the log, from there on the machine's word alone. */
export function reopenedNotes(epochs: readonly Epoch[]): string[] {
  return epochs
    .filter(({ reopened }) => reopened)
    .map(
      ({ epoch, from, start }) =>
        `epoch ${epoch} was begun by the machine's key at record ${from} (${start}): its writer had gone`,
    );
}

/** Cuts notes that stand end to end (an `authority` file) apart; undefined when something else stands there. */
export function splitEpochNotes(text: string): readonly string[] | undefined {
  if (text === "") return [];
  const notes = text.split(new RegExp(`^(?=${FIRST}\n)`, "m"));
  return notes.every((note) => note.startsWith(`${FIRST}\n`)) ? notes : undefined;
}

/** Why an epoch ended: its time or its records were up, or its time was up and nothing had happened in it. */
export type EpochReason = "time" | "records" | "idle";

/** The record that ends an epoch, the last one that its key signs; `next` is the key of the epoch behind it. */
export function epochClose(epoch: number, next: VerifierKey, reason: EpochReason): RecordBody {
  return { type: "epoch.close", origin: "observed", data: { epoch, next: formatVerifierKey(next), reason } };
}

/**
 * The last record of a writer that is done with a log that may be gone on with: no key follows. Behind it stands nothing but an epoch that the
 * authority begins right there, so who can make a chain go on adds nothing to a log that was left in order.
 */
export function epochEnd(epoch: number): RecordBody {
  return { type: "epoch.close", origin: "observed", data: { epoch, reason: "end" } };
}

/** True for the record that `epochEnd` makes. */
export function isEpochEnd({ type, origin, data }: Pick<LogRecord, "type" | "origin" | "data">): boolean {
  return type === "epoch.close" && origin === "observed" && data["next"] === undefined;
}

/** The record that begins an epoch whose note the authority signed: the tree, too, knows the new key. */
export function epochOpen(epoch: number, key: VerifierKey): RecordBody {
  return { type: "epoch.open", origin: "observed", data: { epoch, key: formatVerifierKey(key), reason: "reopened" } };
}
