// A line that is well formed and does not follow: which record is to be named, and for what. One byte changed in a record shows
// only in the next one's `prev`, so the lines around decide which of two is the false one.
import { type LeafView, viewLeaf } from "#core/log";

/** What a reader found. */
export interface Misfit {
  readonly view: LeafView;
  /** Its `prev` is the hash of the line before. */
  readonly follows: boolean;
  /** Its own leaf hash. */
  readonly hex: string;
  /** The number it should have. */
  readonly size: number;
  /** It names another session. */
  readonly foreign: boolean;
}

/** Kind and number of the first record that is wrong; `before` when that is the line before this one. */
export interface Blame {
  readonly kind: "edit" | "delete" | "insert" | "reorder" | "fork";
  readonly seq: number;
  readonly before: boolean;
  /** No line follows that could decide between the two. */
  readonly alone: boolean;
}

/** Judges a misfit that stands in `buffer[start, end)`, of which `filled` bytes are there. */
export function blame(
  buffer: Buffer,
  span: { readonly start: number; readonly end: number; readonly filled: number },
  found: Misfit,
): Blame {
  const { view, follows, size, hex, foreign } = found;
  const here = (kind: Blame["kind"]): Blame => ({ kind, seq: size, before: false, alone: false });
  // It follows, so it stands where it belongs; what it says of itself was changed.
  if (follows) return here("edit");
  if (view.seq < size) return { ...here("insert"), seq: view.seq };
  if (view.seq > size) return here(comesLater(buffer, span, size) ? "reorder" : "delete");
  if (foreign) return here("fork");
  // The next line agrees with this one, or there is none: then it is the line before that was changed.
  const next = nextPrev(buffer, span);
  const before = size > 0 && (next === undefined || next === hex);
  return { kind: "edit", seq: before ? size - 1 : size, before, alone: next === undefined };
}

/** `prev` of the line behind, when it is whole. */
function nextPrev(buffer: Buffer, span: { readonly end: number; readonly filled: number }): string | undefined {
  const start = span.end + 1;
  const end = buffer.indexOf(0x0a, start);
  if (end < 0 || end >= span.filled) return undefined;
  const view = viewLeaf(buffer, start, end);
  return view === undefined ? undefined : buffer.toString("latin1", view.prevAt, view.prevAt + 64);
}

/** True when the record with this number stands further on in the buffer. */
function comesLater(buffer: Buffer, span: { readonly end: number; readonly filled: number }, seq: number): boolean {
  const at = buffer.indexOf(`{"v":1,"seq":${seq},`, span.end + 1);
  return at >= 0 && at < span.filled;
}
