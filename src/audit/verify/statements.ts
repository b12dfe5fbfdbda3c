// What was signed about a log: so many records, this root. Checkpoints in the folder, the notes of its epochs, and what others
// kept. A statement counts only when the epoch that owns its size signed it: a younger key must not reseal older records.
import { type Epoch, openCheckpoint, ownerOf, parseCheckpoint, splitNote, toHex } from "#core/log";
import { verifyEd25519 } from "../crypto.ts";
import { filesIn } from "../derived.ts";
import { Finding, tampered } from "./finding.ts";
import { type Signers, signatureOf, untrusted } from "./signers.ts";
import { textOf } from "./texts.ts";

/** One signed size and root. */
export interface Statement {
  readonly source: "checkpoint" | "epoch" | "high-water mark" | "anchor";
  readonly file: string;
  readonly size: number;
  readonly root: string;
  /** False when a key of the log signed it that does not own this size. */
  readonly owned: boolean;
}

/** The folder's own statements: the last checkpoint, the kept ones, and where each epoch began. */
export function ownStatements(dir: string, signers: Signers, checkpoint: string): Statement[] {
  const last = openStatement(signers, checkpoint, { file: "checkpoint", source: "checkpoint" });
  const kept = filesIn(dir, "checkpoints").map((file) => {
    const statement = openStatement(signers, textOf(dir, file), { file, source: "checkpoint" });
    if (file !== `checkpoints/${statement.size}`) throw tampered("sig", { seq: statement.size, file });
    return statement;
  });
  return [last, ...kept, ...signers.epochs.slice(1).map(startOf)];
}

/** Opens a checkpoint. Throws a finding when no key of the log signed it. */
export function openStatement(
  signers: Signers,
  note: string,
  from: { readonly file: string; readonly source: Statement["source"] },
): Statement {
  const keys = signers.epochs.map(({ key }) => key);
  const opened = openCheckpoint(note, keys, verifyEd25519);
  if (!opened.ok && opened.fault === "unknown-key") throw untrusted(from.file, note);
  if (!opened.ok || opened.checkpoint.origin !== signers.origin) throw tampered("sig", { seq: 0, file: from.file });
  const { size, root } = opened.checkpoint;
  const owner = ownerOf(signers.epochs, size);
  return { ...from, size, root: toHex(root), owned: owner !== undefined && opened.keys.includes(owner.key) };
}

/**
 * Opens a checkpoint that was kept outside the folder; `short` says what it means when it speaks of more records than there are.
 * Whoever puts an older state back takes the notes of its later keys along: then its length counts, though no key that is left
 * signed it.
 */
export function openKept(
  signers: Signers,
  note: string,
  from: { readonly file: string; readonly source: Statement["source"] },
  log: { readonly size: number; readonly short: (want: number) => Finding },
): Statement {
  const statement = openOrMiss(signers, note, from);
  const size = statement instanceof Finding ? sizeUnder(signers, note) : statement.size;
  if (size > log.size) throw log.short(size);
  if (statement instanceof Finding) throw statement;
  return statement;
}

function openOrMiss(...args: Parameters<typeof openStatement>): Statement | Finding {
  try {
    return openStatement(...args);
  } catch (error) {
    if (error instanceof Finding && error.verdict.word === "UNTRUSTED_KEY") return error;
    throw error;
  }
}

/** What a checkpoint under this log's name says of its size; 0 when it is under another name. */
function sizeUnder({ origin }: Signers, note: string): number {
  const claimed = parseCheckpoint(splitNote(note)?.text ?? "");
  return claimed?.origin === origin && signatureOf(note).name === origin ? claimed.size : 0;
}

function startOf({ epoch, from, root }: Epoch): Statement {
  return { source: "epoch", file: `epochs/${epoch}`, size: from, root: toHex(root ?? new Uint8Array(0)), owned: true };
}

/** What statements are compared with. */
export interface Tree {
  readonly size: number;
  readonly rootAt: (size: number) => string;
  /** Number of the first leaf that a stored tile knows otherwise, as far as tiles are there. */
  readonly tileDiffers: () => number | undefined;
}

/**
 * Compares statements with the tree, the shortest first, so that the first that does not fit narrows down where the log was
 * changed. Returns how many records are vouched for.
 */
export function judgeStatements(statements: readonly Statement[], tree: Tree): number {
  let vouched = 0;
  for (const statement of [...statements].sort((a, b) => a.size - b.size)) {
    if (statement.size > tree.size) continue;
    const fits = tree.rootAt(statement.size) === statement.root;
    if (!statement.owned)
      throw tampered("epoch", { seq: resealed(statement, statements, tree, vouched), file: statement.file });
    if (!fits) throw differs(statement, tree, vouched);
    vouched = statement.size;
  }
  return vouched;
}

/** Which record to name when a key that does not own them sealed records: the first that nobody else vouches for. */
function resealed(statement: Statement, all: readonly Statement[], tree: Tree, vouched: number): number {
  const contradicted = all.some(
    ({ owned, size, root }) => owned && size >= statement.size && size <= tree.size && tree.rootAt(size) !== root,
  );
  const byTile = tree.tileDiffers();
  if (byTile !== undefined && byTile < statement.size) return byTile;
  return contradicted ? vouched : Math.max(0, statement.size - 1);
}

/** The chain holds and the signed root does not: the last record was changed, or everything from some record on is new. */
function differs(statement: Statement, tree: Tree, vouched: number): Error {
  const { size, file, source } = statement;
  const byTile = tree.tileDiffers();
  if (byTile !== undefined && byTile < size) return tampered("edit", { seq: byTile, file });
  const kind = source === "epoch" ? "epoch" : source === "checkpoint" ? "root" : "fork";
  return tampered(kind, { seq: size === tree.size ? Math.max(0, size - 1) : vouched, file });
}
