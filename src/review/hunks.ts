// The hunks of one file's change: numbered as they are shown, applied or taken back one by one. Over bytes (latin-1 text), so that whatever is
// not touched stays what it was to the last byte. Pure. A hunk is also where a reason by content would stand (REV-1).
import { diffArrays } from "diff";

/** One run of changed lines; lines keep their ends, so a file without a last line feed is told from one with it. */
export interface Hunk {
  /** From 1, in the order of the file. */
  readonly number: number;
  /** Index of its first line in the old and in the new file, from 0. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly oldLines: readonly string[];
  readonly newLines: readonly string[];
}

/** Lines with their ends; of nothing there are none. */
export function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Changed runs with at most this many unchanged lines between them are one hunk, as `diff -u` shows them. */
const CONTEXT = 3;
// Beyond this a comparison line by line costs more than it tells.
const MOST_EDITS = 20_000;

/** The hunks that make `after` of `before`; `undefined` when the two are too different to be compared line by line. */
export function hunksOf(before: string, after: string): readonly Hunk[] | undefined {
  const old = linesOf(before);
  const parts = diffArrays([...old], [...linesOf(after)], { maxEditLength: MOST_EDITS });
  if (parts === undefined) return undefined;
  const hunks: Hunk[] = [];
  let [oldAt, newAt] = [0, 0];
  for (const { value, added, removed } of parts) {
    if (!added && !removed) {
      oldAt += value.length;
      newAt += value.length;
      continue;
    }
    const run = { oldStart: oldAt, newStart: newAt, oldLines: removed ? value : [], newLines: added ? value : [] };
    const last = hunks.at(-1);
    const gap = last === undefined ? Number.POSITIVE_INFINITY : oldAt - last.oldStart - last.oldLines.length;
    if (last !== undefined && gap <= 2 * CONTEXT) hunks[hunks.length - 1] = joined(last, run, old);
    else hunks.push({ number: hunks.length + 1, ...run });
    if (removed) oldAt += value.length;
    else newAt += value.length;
  }
  return hunks;
}

function joined(first: Hunk, second: Omit<Hunk, "number">, old: readonly string[]): Hunk {
  const between = old.slice(first.oldStart + first.oldLines.length, second.oldStart);
  return {
    ...first,
    oldLines: [...first.oldLines, ...between, ...second.oldLines],
    newLines: [...first.newLines, ...between, ...second.newLines],
  };
}

/** The old text with the chosen hunks in it. */
export function withHunks(before: string, hunks: readonly Hunk[], chosen: ReadonlySet<number>): string {
  const lines = [...linesOf(before)];
  for (const { number, oldStart, oldLines, newLines } of hunks.toReversed())
    if (chosen.has(number)) lines.splice(oldStart, oldLines.length, ...newLines);
  return lines.join("");
}

/** The new text without the chosen hunks. */
export function withoutHunks(after: string, hunks: readonly Hunk[], chosen: ReadonlySet<number>): string {
  const lines = [...linesOf(after)];
  for (const { number, newStart, oldLines, newLines } of hunks.toReversed())
    if (chosen.has(number)) lines.splice(newStart, newLines.length, ...oldLines);
  return lines.join("");
}

/** The hunk as lines of a unified diff, with the lines around it. */
export function hunkLines(hunk: Hunk, before: readonly string[]): readonly string[] {
  const { number, oldStart, newStart, oldLines, newLines } = hunk;
  const lead = before.slice(Math.max(0, oldStart - CONTEXT), oldStart);
  const tail = before.slice(oldStart + oldLines.length, oldStart + oldLines.length + CONTEXT);
  const [from, to] = [oldStart - lead.length + 1, newStart - lead.length + 1];
  const around = lead.length + tail.length;
  const body = diffArrays([...oldLines], [...newLines], { maxEditLength: MOST_EDITS }) ?? [
    { value: [...oldLines], removed: true, added: false },
    { value: [...newLines], removed: false, added: true },
  ];
  return [
    `@@ -${from},${oldLines.length + around} +${to},${newLines.length + around} @@ hunk ${number}`,
    ...lead.flatMap((line) => shown(" ", line)),
    ...body.flatMap(({ value, added, removed }) =>
      value.flatMap((line) => shown(added ? "+" : removed ? "-" : " ", line)),
    ),
    ...tail.flatMap((line) => shown(" ", line)),
  ];
}

function shown(mark: string, line: string): readonly string[] {
  const text = Buffer.from(line, "latin1").toString("utf8");
  return text.endsWith("\n") ? [`${mark}${text.slice(0, -1)}`] : [`${mark}${text}`, "\\ no line feed at the end"];
}
