// What the machine remembers of a log outside its folder: the ledger's entry and the high-water mark.
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { parseCheckpoint, splitNote } from "#core/log";
import { filesIn } from "../derived.ts";
import { Finding, tampered } from "./finding.ts";
import { isClosed, type Records } from "./records.ts";
import type { LedgerWord } from "./report.ts";
import type { Signers } from "./signers.ts";
import { openKept, openStatement, type Tree } from "./statements.ts";

/** Judges how long the log is by what the ledger heard at its close. Throws a finding; returns notes. */
export function judgeLedgerWord(
  { closed }: LedgerWord,
  log: { readonly records: Records; readonly tree: Tree; readonly last: number },
): string[] {
  if (closed === undefined) return ["the ledger has no close of this session: it runs still, or was killed"];
  const { size, root } = closed;
  const { tree, records, last } = log;
  if (tree.size < size) throw new Finding({ word: "TRUNCATED", have: tree.size, want: size, source: "ledger" });
  if (tree.size > size) throw tampered("trailing", { seq: size, file: "log" });
  if (tree.rootAt(size) !== root) throw tampered("root", { seq: Math.max(0, size - 1), file: "log" });
  if (last < size && isClosed(records))
    throw new Finding({ word: "ROLLBACK", have: last, want: size, source: "ledger" });
  return [];
}

/** Of a log that was here nothing is left: the notes, the checkpoint and the lines are all gone. */
export function isEmptied(dir: string): boolean {
  // What stands in the folder's place is no folder that was emptied: reading it says what it is.
  if (lstatSync(dir, { throwIfNoEntry: false })?.isDirectory() === false) return false;
  return ["certificate", "checkpoint", "log"].every(
    (name) => lstatSync(join(dir, name), { throwIfNoEntry: false }) === undefined,
  );
}

/** What a mark says of a folder that was emptied. */
export function emptied(mark: string): Finding {
  const want = parseCheckpoint(splitNote(mark)?.text ?? "")?.size ?? 1;
  return new Finding({ word: "ROLLBACK", have: 0, want, source: "high-water mark" });
}

/** Judges the log by its high-water mark; returns how many records that vouches for. */
export function judgeMark(signers: Signers, mark: string, tree: Tree): number {
  const source = "high-water mark";
  const short = (want: number): Finding => new Finding({ word: "ROLLBACK", have: tree.size, want, source });
  const { size, root, owned } = openKept(signers, mark, { file: source, source }, { size: tree.size, short });
  if (!owned) throw tampered("epoch", { seq: Math.max(0, size - 1), file: source });
  if (tree.rootAt(size) !== root) throw tampered("fork", { seq: Math.max(0, size - 1), file: source });
  return size;
}

/** Checkpoints of this log that somebody else saw, where their answers are kept: cosigned, time-stamped, entered in a transparency log. */
export function seenFiles(dir: string): string[] {
  const stamped = ["timestamps", "rekor"].flatMap((folder) => filesIn(dir, folder));
  return [...filesIn(dir, "cosigned"), ...stamped.filter((file) => file.endsWith(".checkpoint"))];
}

/** Judges the log by what others saw of it: this log's own signature stands there, and no key of theirs is needed for that. */
export function judgeSeen(signers: Signers, { file, note }: { file: string; note: string }, tree: Tree): void {
  const short = (want: number): Finding =>
    new Finding({ word: "TRUNCATED", have: tree.size, want, source: "checkpoint" });
  const { size, root, owned } = openKept(signers, note, { file, source: "checkpoint" }, { size: tree.size, short });
  if (!owned) throw tampered("epoch", { seq: Math.max(0, size - 1), file });
  if (tree.rootAt(size) !== root) throw tampered("fork", { seq: Math.max(0, size - 1), file });
}

/** How many records a mark vouches for by its signature alone, before the lines are judged by it; 0 when no key of the log that may signed it. */
export function sizeOfMark(signers: Signers, mark: string): number {
  try {
    const { size, owned } = openStatement(signers, mark, { file: "high-water mark", source: "high-water mark" });
    return owned ? size : 0;
  } catch (error) {
    if (error instanceof Finding) return 0;
    throw error;
  }
}
