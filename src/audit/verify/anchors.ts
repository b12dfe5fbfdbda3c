// Checkpoints that a person kept: the only memory that whoever owns the machine cannot rewrite. A file may hold many, of several
// logs; those of other logs say nothing about this one.
import { splitNotes } from "#core/log";
import { Finding, incomplete, tampered } from "./finding.ts";
import type { Signers } from "./signers.ts";
import { openStatement, type Tree } from "./statements.ts";

/** What anchors showed: `anchored` when at least one says something about this log, and all of those fit. */
export interface AnchorWord {
  readonly anchored: boolean;
  readonly notes: readonly string[];
}

/** Judges the log by kept checkpoints. Throws a finding. */
export function judgeAnchors(signers: Signers, text: string, tree: Tree): AnchorWord {
  const all = splitNotes(text);
  const mine = all.filter((note) => originOf(note) === signers.origin);
  const others = new Set(all.map(originOf).filter((origin) => origin !== signers.origin));
  if (mine.length === 0)
    throw incomplete(`an anchor of this log: what was given is of ${[...others].join(", ") || "no log"}`);
  let best = 0;
  for (const note of mine) best = Math.max(best, judge(signers, note, tree));
  const notes: string[] = [];
  if (others.size > 0) notes.push(`anchors of other logs were passed over: ${[...others].join(", ")}`);
  if (best === 0) notes.push("the anchor was taken when the log was empty: it proves nothing");
  return { anchored: best > 0, notes };
}

function judge(signers: Signers, note: string, tree: Tree): number {
  const { size, root, owned } = openStatement(signers, note, { file: "anchor", source: "anchor" });
  if (size > tree.size) throw new Finding({ word: "TRUNCATED", have: tree.size, want: size, source: "anchor" });
  if (!owned) throw tampered("epoch", { seq: Math.max(0, size - 1), file: "anchor" });
  if (tree.rootAt(size) !== root) throw tampered("fork", { seq: Math.max(0, size - 1), file: "anchor" });
  return size;
}

function originOf(note: string): string {
  return note.split("\n", 1)[0] ?? "";
}
