// A session's changes as a person reads them: a unified diff in numbered hunks, with modes, links, moves and binaries said in words. Every byte
// of it comes from an adversary, so nothing leaves here unescaped (I10).
import type { Change, Judged } from "#core/review";
import { forTerminal, forTerminalLines } from "#core/text";
import { type Hunk, hunkLines, hunksOf, linesOf } from "./hunks.ts";
import { kindOfBytes, readSide, type Side } from "./side.ts";

/** Where the two sides are. */
export interface Sides {
  readonly root: string;
  readonly upper: string;
}

/** How much of one change is shown. */
export interface ShowOptions {
  /** All of it, however long. */
  readonly whole?: boolean;
  /** The deleted file that this added one was made from. */
  readonly madeFrom?: { readonly from: string; readonly percent: number };
}

/** Above this a file is not compared, but in a look at it alone. */
const SHOWN_BYTES = 200_000;
const WHOLE_BYTES = 16 * 1024 * 1024;
/** Lines of one file in a look at everything. */
const SHOWN_LINES = 400;

const WORDS: Readonly<Record<Change["kind"], string>> = {
  add: "new",
  modify: "changed",
  delete: "deleted",
  mode: "mode",
  type: "replaced",
};

/** The lines for one change. */
export function showChange({ change, held }: Judged, sides: Sides, options: ShowOptions = {}): string {
  const { path, kind, before, after, movedFrom } = change;
  const head = [`${held === undefined ? "clean" : "held "}  ${WORDS[kind]}  ${forTerminal(path)}`];
  const say = (line: string): number => head.push(`       ${line}`);
  if (movedFrom !== undefined) say(`moved from ${forTerminal(movedFrom)}`);
  if (options.madeFrom !== undefined)
    say(`moved from ${forTerminal(options.madeFrom.from)}, ${options.madeFrom.percent} % the same`);
  if (held !== undefined) say(`${held.code}: ${forTerminal(held.why)}`);
  if (before !== undefined && after !== undefined && before.mode !== after.mode && after.type !== "link")
    say(`mode ${octal(before.mode)} → ${octal(after.mode)}`);
  if (after !== undefined && before?.type !== after.type) {
    const was = before === undefined ? "" : `${before.type} → `;
    say(`${was}${after.type}${after.type === "file" ? ` of ${after.size} bytes, mode ${octal(after.mode)}` : ""}`);
  }
  if (before?.type === "link") say(`link was to ${forTerminal(before.target ?? "")}`);
  if (after?.type === "link") say(`link to ${forTerminal(after.target ?? "")}`);
  if (!change.oddName && movedFrom === undefined) head.push(...contentLines(change, sides, options));
  return `${head.join("\n")}\n`;
}

function contentLines(change: Change, sides: Sides, { whole, madeFrom }: ShowOptions): readonly string[] {
  const { path, kind, before, after } = change;
  if (kind === "mode" || (before?.type !== "file" && after?.type !== "file")) return [];
  const most = whole === true ? WHOLE_BYTES : SHOWN_BYTES;
  const oldPath = madeFrom?.from ?? (before?.type === "file" ? path : undefined);
  const old = oldPath === undefined ? EMPTY : readSide(sides.root, oldPath, most);
  const now = after?.type === "file" ? readSide(sides.upper, path, most) : EMPTY;
  if (old === undefined || now === undefined || !old.isText || !now.isText) return inWords(change, old, now);
  const hunks = hunksOf(old.bytes.toString("latin1"), now.bytes.toString("latin1"));
  if (hunks === undefined) return ["       too different to be compared line by line"];
  const lines = textOf(hunks, old);
  const shown = whole === true ? lines : lines.slice(0, SHOWN_LINES);
  const rest = lines.length - shown.length;
  return [
    ...(shown.length === 0 ? [] : [forTerminalLines(shown.join("\n"))]),
    ...(rest > 0 ? [`       … ${rest} more lines: ringfence review SESSION ${forTerminal(path)}`] : []),
  ];
}

const EMPTY: Side = { bytes: Buffer.alloc(0), digest: "", isText: true };

function textOf(hunks: readonly Hunk[], old: Side): readonly string[] {
  const lines = linesOf(old.bytes.toString("latin1"));
  return hunks.flatMap((hunk) => hunkLines(hunk, lines));
}

/** What is no text, or too large: sizes, what it seems to be, digests. */
function inWords({ before, after }: Change, old: Side | undefined, now: Side | undefined): readonly string[] {
  const one = (entry: Change["after"], side: Side | undefined): string => {
    if (entry?.type !== "file") return "nothing";
    const kind = side === undefined ? "too large to be shown" : side.isText ? "text" : kindOfBytes(side.bytes);
    return `${entry.size} bytes (${kind}) sha256 ${entry.digest ?? side?.digest ?? "not read"}`;
  };
  return [`       not shown line by line`, `       - ${one(before, old)}`, `       + ${one(after, now)}`];
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
