// Finding lines by their number without an index: segments are named by their first record, and inside one the numbers rise,
// so a few reads halve the way. Judges nothing: who uses a line checks its hash.
import { MAX_LINE, viewLeaf } from "#core/log";
import { Unreadable, unreadable } from "./open-file.ts";
import { openSegmentFile, type SegmentFile, segmentNames } from "./segment-file.ts";

/** Bytes that hold at least one whole line wherever they begin. */
const WINDOW = 2 * (MAX_LINE + 1);

/** Bytes that do so as a rule, and that are read through rather than halved. */
const STEP = 8192;

/** The lines `first` to `first + count - 1`, without their line feeds. Throws `Unreadable` when one is missing or is no record. */
export function linesAt(dir: string, first: number, count: number): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (const name of segmentsFrom(dir, first)) {
    if (lines.length === count) break;
    if (Number(name.slice(0, 12)) > first + lines.length) break;
    const file = `log/${name}`;
    try {
      const source = openSegmentFile(dir, name);
      try {
        collect(source, { first: first + lines.length, count: count - lines.length }, lines);
      } finally {
        source.close();
      }
    } catch (error) {
      throw unreadable(file, error);
    }
  }
  if (lines.length < count) throw new Unreadable("log", "absent", `has no whole record ${first + lines.length}`);
  return lines;
}

/** Segments that can hold `seq` or what comes after it. */
function segmentsFrom(dir: string, seq: number): string[] {
  const names = segmentNames(dir);
  const at = names.findLastIndex((name) => Number(name.slice(0, 12)) <= seq);
  return names.slice(Math.max(0, at));
}

function collect(source: SegmentFile, wanted: { first: number; count: number }, into: Uint8Array[]): void {
  const end = into.length + wanted.count;
  let held = Buffer.alloc(0);
  let at = startNear(source, wanted.first);
  while (into.length < end) {
    const chunk = Buffer.allocUnsafe(8 * STEP);
    const count = source.read(chunk, 0, chunk.length, at);
    if (count === 0) return;
    at += count;
    held = Buffer.concat([held, chunk.subarray(0, count)]);
    let from = 0;
    for (let cut = held.indexOf(0x0a); cut >= 0 && into.length < end; cut = held.indexOf(0x0a, from)) {
      const line = held.subarray(from, cut);
      from = cut + 1;
      const seq = viewLeaf(line, 0, line.length)?.seq;
      if (seq !== undefined && seq < wanted.first) continue;
      if (seq !== wanted.first + into.length - (end - wanted.count)) return;
      into.push(Uint8Array.from(line));
    }
    held = held.subarray(from);
    if (held.length > WINDOW) return;
  }
}

/** The offset of a line whose number is at most `seq` and not far below it. */
function startNear(source: SegmentFile, seq: number): number {
  let low = 0;
  let high = source.size;
  while (high - low > STEP) {
    const middle = Math.floor((low + high) / 2);
    const found = lineAfter(source, middle);
    if (found === undefined || found.seq > seq) high = middle;
    else low = found.offset;
  }
  return low;
}

/** The first whole line that begins behind `offset`, by its number. */
function lineAfter(source: SegmentFile, offset: number): { offset: number; seq: number } | undefined {
  for (const room of [STEP, WINDOW]) {
    const bytes = Buffer.allocUnsafe(room);
    const filled = bytes.subarray(0, source.read(bytes, 0, room, offset));
    const start = filled.indexOf(0x0a) + 1;
    const end = start === 0 ? -1 : filled.indexOf(0x0a, start);
    if (end < 0) continue;
    const view = viewLeaf(filled, start, end);
    return view === undefined ? undefined : { offset: offset + start, seq: view.seq };
  }
  return undefined;
}
