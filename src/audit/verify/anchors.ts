// Checkpoints that a person kept: the only memory that whoever owns the machine cannot rewrite. A file may hold many, of several
// logs; those of other logs say nothing about this one.
import { cosignaturesOf, splitNotes, type VerifierKey } from "#core/log";
import { verifyEd25519 } from "../crypto.ts";
import { Finding, incomplete, tampered } from "./finding.ts";
import type { Signers } from "./signers.ts";
import { openKept, type Tree } from "./statements.ts";

/** What anchors showed: `anchored` when at least one says something about this log, and all of those fit; `witnessed`: report.ts. */
export interface AnchorWord {
  readonly freshness: "unproven" | "anchored" | "witnessed";
  readonly notes: readonly string[];
}

/** Judges the log by kept checkpoints. Throws a finding. */
export function judgeAnchors(
  signers: Signers,
  given: { readonly text: string; readonly witnesses: readonly VerifierKey[] },
  tree: Tree,
): AnchorWord {
  const { text, witnesses } = given;
  const all = splitNotes(text);
  const mine = all.filter((note) => originOf(note) === signers.origin);
  const others = new Set(all.map(originOf).filter((origin) => origin !== signers.origin));
  if (mine.length === 0)
    throw incomplete(`an anchor of this log: what was given is of ${[...others].join(", ") || "no log"}`);
  let best = 0;
  let seen = 0;
  const notes: string[] = [];
  for (const note of mine) {
    const size = judge(signers, note, tree);
    best = Math.max(best, size);
    for (const { name, at } of cosignersOf(note, witnesses)) {
      seen = Math.max(seen, size);
      notes.push(`the witness ${name} had seen ${size} records, and none behind them, at ${at}`);
    }
  }
  if (others.size > 0) notes.push(`anchors of other logs were passed over: ${[...others].join(", ")}`);
  if (best === 0) notes.push("the anchor was taken when the log was empty: it proves nothing");
  const freshness = best === 0 ? "unproven" : seen === best ? "witnessed" : "anchored";
  return { freshness, notes };
}

/** Known witnesses under a checkpoint, with their clocks' word. Throws a finding for a signature of theirs that is wrong. */
function cosignersOf(note: string, witnesses: readonly VerifierKey[]): readonly { name: string; at: string }[] {
  const found = cosignaturesOf(note, witnesses, verifyEd25519);
  if (found === undefined) throw tampered("sig", { seq: 0, file: "anchor" });
  return found.map(({ key, time }) => ({ name: key.name, at: new Date(Math.min(time, 8.64e12) * 1000).toISOString() }));
}

function judge(signers: Signers, note: string, tree: Tree): number {
  const from = { file: "anchor", source: "anchor" } as const;
  const short = (want: number): Finding => new Finding({ word: "TRUNCATED", have: tree.size, want, source: "anchor" });
  const { size, root, owned } = openKept(signers, note, from, { size: tree.size, short });
  if (!owned) throw tampered("epoch", { seq: Math.max(0, size - 1), file: "anchor" });
  if (tree.rootAt(size) !== root) throw tampered("fork", { seq: Math.max(0, size - 1), file: "anchor" });
  return size;
}

function originOf(note: string): string {
  return note.split("\n", 1)[0] ?? "";
}
