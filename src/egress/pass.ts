// Bodies that nobody looks at pass as they are, with their framing watched; others are read and written anew.

import { watchBody } from "./body.ts";
import { BodyReader, BodyWriter } from "./body-reader.ts";
import type { BodyFilter } from "./filter.ts";
import type { Framing } from "./head.ts";
import { type Intake, send } from "./intake.ts";

/** Counts bytes as they go. */
type Count = (bytes: number) => void;

/** Passes one body as it is. True when it came to its own end; one that ends with the connection never does. */
export async function passRaw(from: Intake, to: Intake["socket"], framing: Framing, count: Count): Promise<boolean> {
  if (framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0)) return true;
  const watch = watchBody(framing);
  for (;;) {
    const straight = from.straight(to, watch, count);
    if (straight !== undefined) return straight;
    const piece = from.taken() ?? (await from.read());
    if (piece === undefined) return false;
    const { bytes, done } = watch.take(piece);
    count(bytes);
    if (bytes > 0 && !(await send(to, bytes === piece.length ? piece : piece.subarray(0, bytes)))) return false;
    if (bytes < piece.length) from.unread(piece.subarray(bytes));
    if (done) return true;
  }
}

/** Passes one body through a filter and into another framing. True when it came to its end. Throws `FilterStop`. */
export async function passFiltered(
  from: { readonly intake: Intake; readonly framing: Framing; readonly filter: BodyFilter | undefined },
  to: { readonly socket: Intake["socket"]; readonly framing: Framing; readonly count: Count },
): Promise<boolean> {
  const reader = new BodyReader(from.intake, from.framing, from.filter);
  const writer = new BodyWriter(to.framing);
  try {
    for (;;) {
      const next = reader.next();
      const pieces = next instanceof Promise ? await next : next;
      if (pieces === undefined) break;
      const bytes = writer.wrap(pieces);
      to.count(bytes.length);
      if (bytes.length > 0 && !(await send(to.socket, bytes))) return false;
    }
    if (!reader.isComplete) return false;
  } finally {
    if (!reader.isComplete) from.filter?.gone?.();
  }
  const end = writer.end();
  return end.length === 0 || (await send(to.socket, end));
}
