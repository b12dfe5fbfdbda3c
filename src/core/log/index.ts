// The door of the record's words: what a line, a tree, a note and a checkpoint are. Pure.
export { fromBase64, fromHex, toBase64, toHex } from "./base64.ts";
export { type BundleFacts, bundleReadme } from "./bundle-readme.ts";
export { endOfJson, MAX_DEPTH } from "./canonical.ts";
export { type Certificate, type OpenedCertificate, openCertificate, signCertificate } from "./certificate.ts";
export {
  type Checkpoint,
  formatCheckpoint,
  type OpenedCheckpoint,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from "./checkpoint.ts";
export { parseClaim } from "./claim.ts";
export {
  commitmentOf,
  opensCommitment,
  PRIVATE_FIELDS,
  type PrivateFields,
  type PrivateValue,
  SALT_LENGTH,
  type Sealing,
} from "./commitment.ts";
export {
  type Cosignature,
  type Cosigner,
  cosign,
  cosignaturesOf,
  cosignerKey,
  formatCosignerKey,
  parseCosignerKey,
} from "./cosignature.ts";
export { checkDisclosure, DISCLOSURE_HEAD, type DisclosureReport, formatDisclosure } from "./disclosure.ts";
export {
  BLOB_FROM,
  type Blob,
  type EncodedBody,
  type Envelope,
  encodeBody,
  encodeJson,
  encodeLine,
  type HexDigest,
  MAX_LINE,
  SESSION_ID,
} from "./encode.ts";
export {
  type Epoch,
  type EpochReason,
  type EpochStart,
  epochClose,
  epochEnd,
  epochOpen,
  isEpochEnd,
  type OpenedEpoch,
  type OpenedEpochs,
  openEpoch,
  openEpochs,
  ownerOf,
  parseEpoch,
  reopenedNotes,
  signEpoch,
  splitEpochNotes,
} from "./epoch.ts";
export {
  checkExtension,
  EXTENSION_HEAD,
  type Extension,
  type ExtensionReport,
  formatExtension,
  parseExtension,
  signedTree,
} from "./extension.ts";
export { type LeafFault, type LeafView, type LogRecord, leafFault, readLeaf, viewLeaf } from "./leaf.ts";
export { appendLogName, isLogOf, type LogKind, type LogName, parseLogName, sessionLogName } from "./log-name.ts";
export { type Frontier, HASH_LENGTH, leafHash, nodeHash, onesIn, openTree, type Sha256, type Tree } from "./merkle.ts";
export {
  formatVerifierKey,
  type NoteFault,
  type NoteSignature,
  type NoteSigner,
  type OpenedNote,
  openNote,
  parseVerifierKey,
  signatureLine,
  signNote,
  splitNote,
  splitNotes,
  type VerifierKey,
  type VerifyEd25519,
  verifierKey,
} from "./note.ts";
export { consistencyProof, extendsTree, type HashAt, includes, inclusionProof } from "./proof.ts";
export {
  formatProvenance,
  type KnownLog,
  type OpenedProvenance,
  openProvenance,
  type Provenance,
  parseProvenance,
} from "./provenance.ts";
export {
  checkReceipt,
  formatReceipt,
  parseReceipt,
  RECEIPT_HEAD,
  type Receipt,
  type ReceiptReport,
} from "./receipt.ts";
export type { Actor, Append, Json, Origin, RecordBody, RecordType } from "./record.ts";
export type { Redact } from "./redact.ts";
export type { NoteCrypto } from "./statement.ts";
export { hashesFromTiles, perfectRoot, TILE_WIDTH, type TileAt, tileWidth } from "./tile-hashes.ts";
export { TAR_BLOCK, type TarEntry, tarHeader, tarPadding } from "./ustar.ts";
export { exitOf, type LogExit, type LogVerdict, type TamperKind, verdictText, worstExit } from "./verdict.ts";
export { damagedLine, recordLine } from "./view/line.ts";
export { isOfType, type RecordFilter, type RecordSelect, recordSelect, verdictOf } from "./view/select.ts";
export {
  type AddCheckpoint,
  formatAddCheckpoint,
  judgeCheckpoint,
  parseAddCheckpoint,
  treeOfNote,
  type WitnessAnswer,
  type WitnessedTree,
  type WitnessMemory,
} from "./witness.ts";
