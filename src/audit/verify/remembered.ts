// What the machine remembers of a log outside its folder: the ledger's entry and the high-water mark.
import { Finding, tampered } from "./finding.ts";
import { isClosed, type Records } from "./records.ts";
import type { LedgerWord } from "./report.ts";
import type { Signers } from "./signers.ts";
import { openStatement, type Tree } from "./statements.ts";

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

/** Judges the log by its high-water mark; returns how many records that vouches for. */
export function judgeMark(signers: Signers, mark: string, tree: Tree): number {
  const source = "high-water mark";
  const { size, root, owned } = openStatement(signers, mark, { file: source, source });
  if (size > tree.size) throw new Finding({ word: "ROLLBACK", have: tree.size, want: size, source });
  if (!owned) throw tampered("epoch", { seq: Math.max(0, size - 1), file: source });
  if (tree.rootAt(size) !== root) throw tampered("fork", { seq: Math.max(0, size - 1), file: source });
  return size;
}
