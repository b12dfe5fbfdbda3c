// The door of the audit room: one log a session, the machine's ledger, the keys, and reading and checking them.
export { type Entered, enterInRekor, type RekorPlace } from "./anchor/rekor.ts";
export { checkRekorEntry, type RekorWord } from "./anchor/rekor-entry.ts";
export { type TimestampAuthority, type Timestamped, timestampLog } from "./anchor/timestamp.ts";
export { checkTimestamp, type TimestampWord } from "./anchor/token.ts";
export { type Bundled, type BundleOptions, makeBundle } from "./bundle.ts";
export { archiveSink, type BundleSink, folderSink } from "./bundle-sink.ts";
export { exportTiles } from "./bundle-tlog.ts";
export { type LogClock, systemClock } from "./clock.ts";
export { type Compressed, compressLog } from "./compress.ts";
export { sha256, verifyEd25519 } from "./crypto.ts";
export { type LogSize, logSizes } from "./du.ts";
export {
  type Destination,
  destinationName,
  type Exporting,
  exportLog,
  parseDestination,
} from "./export/index.ts";
export { machineKey } from "./keys.ts";
export { appendToLedger, type LedgerOptions, ledgerAppend } from "./ledger.ts";
export { type Lock, lockAnywhere, waitForLock } from "./lock.ts";
export type { LogIo } from "./log-io.ts";
export {
  type LedgerEntry,
  type LedgerReport,
  ledgerEntries,
  outsideMark,
  sessionFolders,
  verifyLedger,
  verifyMachine,
  verifySession,
} from "./machine.ts";
export { Unreadable } from "./open-file.ts";
export { type OutsideLog, type OutsideLogOptions, openOutsideLog } from "./outside.ts";
export { type KnownOutsideLog, knownOutsideLogs } from "./outside-known.ts";
export { ledgerPlaces, sessionPlaces } from "./places.ts";
export { LogError } from "./problem.ts";
export { findPrunable, type Kept, type Prunable, pruneSession } from "./prune.ts";
export { type ReadLine, type ReadPlace, readLog } from "./read.ts";
export { makeExtension, makeReceipt, openSigned, type SignedLog } from "./receipt.ts";
export { type BesideValue, recordAt, redactRecord, valuesBeside } from "./redact.ts";
export { type LineMarks, type PlacedLine, requirePlace, searchLog, searchLogBackwards } from "./search.ts";
export { openSessionLog, type SessionLog, type SessionLogOptions } from "./session.ts";
export { VaultReader, withPrivate } from "./vault.ts";
export { compareCopies } from "./verify/against.ts";
export type { LogReport, VerifyOptions } from "./verify/report.ts";
export { verifyLog, verifyLogInParallel } from "./verify/verify.ts";
export { openWitness, originHashOf, type Witness, type WitnessOptions, type WitnessReply } from "./witness.ts";
export { submitToWitness, type Witnessed, type WitnessPlace } from "./witness-client.ts";
export { serveWitness, type WitnessServer } from "./witness-server.ts";
export { parseTrust, type TrustedLog } from "./witness-trust.ts";
