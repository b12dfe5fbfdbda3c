// What a verifier is handed besides the folder, and what it answers.
import type { Epoch, LogRecord, LogVerdict, VerifierKey } from "#core/log";

/** What the ledger says of a session. */
export interface LedgerWord {
  readonly session: string;
  /** Number of the ledger's entry that opened it. */
  readonly entry: number;
  readonly key: string;
  /** Leaf hash of the session's record 0. */
  readonly first: string;
  readonly closed?: { readonly size: number; readonly root: string };
  /** There when its records were removed. */
  readonly pruned?: PrunedWord;
  /** Values beside its lines that were taken out. */
  readonly redactions?: readonly RedactionWord[];
}

/** What the ledger says of values that were taken out of a session's vault or blobs. */
export interface RedactionWord {
  /** Number of the ledger's entry that says so. */
  readonly entry: number;
  readonly ts: string;
  /** The record whose values they were. */
  readonly seq: number;
  readonly paths: readonly string[];
  /** Digests of blobs that are gone. */
  readonly blobs: readonly string[];
  readonly reason: string;
}

/** What the ledger says of records that were removed. */
export interface PrunedWord {
  /** Number of the ledger's entry that says so. */
  readonly entry: number;
  readonly ts: string;
  /** How many records the log had, all of which went, and its root then. */
  readonly size: number;
  readonly root: string;
  readonly reason: string;
}

/** What somebody outside the folder remembers of the log. */
export interface Remembered {
  readonly ledger?: LedgerWord;
  /** Text of the high-water mark; `null` when it should be there and is not. */
  readonly mark?: string | null;
  /** Text of checkpoints that a person kept, end to end. */
  readonly anchor?: string;
}

/** What is handed in besides the folder. */
export interface VerifyOptions {
  /** Machine keys that are trusted (or, for a session, its own key). */
  readonly keys: readonly VerifierKey[];
  /** Witnesses whose cosignatures under an anchor are believed. */
  readonly witnesses?: readonly VerifierKey[];
  readonly remembered?: Remembered;
  /** The machine's epochs as its ledger shows them, when that was checked before. */
  readonly machine?: readonly Epoch[];
  /** Sees every signed record that says something about a log (`session.*`, `recovery`, `epoch.*`, `prune`, `redaction`), in order; again when the log is read again. */
  readonly onRecord?: (record: LogRecord) => void;
  /** How a large log is read by several threads; the machine decides when absent. */
  readonly readers?: ReaderOptions;
}

/** Threads that read segments. */
export interface ReaderOptions {
  /** File of the program that each of them runs. */
  readonly program?: string;
  readonly threads?: number;
}

/** What a verifier has to say about one log. */
export interface LogReport {
  readonly dir: string;
  /** The session, or `ledger`. */
  readonly name: string;
  readonly verdict: LogVerdict;
  readonly records: number;
  /** Records under a signature. */
  readonly sealed: number;
  readonly root?: string;
  /** The trusted key that the signatures lead to. */
  readonly signedBy?: string;
  /** How many keys the log has had, one after the other. */
  readonly epochs: number;
  readonly closed: boolean;
  /** Closed, or left in order by a writer that may go on one day: in both cases nothing that is not signed stands behind. */
  readonly ended: boolean;
  /**
   * `anchored` when a checkpoint from outside was given and fits, `witnessed` when a trusted witness signed the longest one, too;
   * otherwise nobody can know whether the end was cut.
   */
  readonly freshness: "unproven" | "anchored" | "witnessed";
  readonly notes: readonly string[];
}
