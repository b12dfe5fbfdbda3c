// Renames with edits: which deleted file an added one was made from, by the lines that both have. For showing alone; what is applied are paths.
import type { Change } from "#core/review";
import { linesOf } from "./hunks.ts";
import { readSide } from "./side.ts";

/** For the path of an added file: where it came from, and how much of it is the same. */
export type Renames = ReadonlyMap<string, { readonly from: string; readonly percent: number }>;

const MOST_BYTES = 200_000;
const MOST_FILES = 200;
const LEAST_PERCENT = 50;

/** Pairs each added text with the most alike deleted one; each deleted file once. */
export function findRenames(
  changes: readonly Change[],
  sides: { readonly root: string; readonly upper: string },
): Renames {
  const moved = new Set(changes.flatMap(({ movedFrom }) => movedFrom ?? []));
  const gone = changes.filter(
    ({ kind, before, path, oddName }) => kind === "delete" && before?.type === "file" && !oddName && !moved.has(path),
  );
  const come = changes.filter(
    ({ kind, after, movedFrom, oddName }) =>
      kind === "add" && after?.type === "file" && !oddName && movedFrom === undefined,
  );
  const found = new Map<string, { readonly from: string; readonly percent: number }>();
  if (gone.length === 0 || gone.length > MOST_FILES || come.length > MOST_FILES) return found;
  const olds = gone.map(({ path }) => ({ path, lines: textLines(sides.root, path) }));
  const pairs = come.flatMap(({ path }) => {
    const lines = textLines(sides.upper, path);
    return olds.map((old) => ({ path, from: old.path, percent: likeness(old.lines, lines) }));
  });
  const taken = new Set<string>();
  for (const { path, from, percent } of pairs.sort((a, b) => b.percent - a.percent)) {
    if (percent < LEAST_PERCENT || found.has(path) || taken.has(from)) continue;
    found.set(path, { from, percent });
    taken.add(from);
  }
  return found;
}

function textLines(root: string, path: string): readonly string[] {
  const side = readSide(root, path, MOST_BYTES);
  return side?.isText === true ? linesOf(side.bytes.toString("latin1")) : [];
}

/** The bytes of common lines, as a part of the larger of the two. */
function likeness(old: readonly string[], now: readonly string[]): number {
  const size = (lines: readonly string[]): number => lines.reduce((sum, line) => sum + line.length, 0);
  const larger = Math.max(size(old), size(now));
  if (larger === 0) return 0;
  const left = new Map<string, number>();
  for (const line of old) left.set(line, (left.get(line) ?? 0) + 1);
  let common = 0;
  for (const line of now) {
    const count = left.get(line) ?? 0;
    if (count === 0) continue;
    left.set(line, count - 1);
    common += line.length;
  }
  return Math.floor((100 * common) / larger);
}
