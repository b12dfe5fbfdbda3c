// What cannot be read is never forwarded. Whoever waits for it is told, where that is known: a client whose answer was thrown away would wait
// for ever, and so would whoever sent a broken request.
import { failure, isId, type Json, type McpId, member, REFUSAL, refusalOf, type Stray, strayOf } from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import { answered, dropped, type Gate, replaced } from "./gate.ts";
import { excerptOf } from "./notes.ts";

/** Who sent it. */
export type Side = "client" | "server";

/** A message that is none, or that could not be held. */
export interface UnreadMessage {
  readonly from: Side;
  readonly why: string;
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
  /** Its value, where it is JSON. */
  readonly value?: Json;
}

/** Refuses it, on record. */
export async function passUnread(gate: Gate, message: UnreadMessage): Promise<Passage> {
  const { from, head } = message;
  if (isBlank(head)) return dropped("blank");
  const why = message.why === "not-json" && !/^\s*[[{]/.test(excerptOf(head)) ? "noise" : message.why;
  const stray = message.value === undefined ? strayOf(head, message.tail) : strayIn(message.value);
  // Before the record is waited for: which of two answers came first is said by the wire, not by the disk.
  const passage = tell(gate, from, why, stray);
  await gate.notes.refused({
    from,
    why,
    excerpt: excerptOf(head),
    ...(stray.id === undefined ? {} : { id: stray.id }),
  });
  return passage;
}

function strayIn(value: Json): Stray {
  const id = member(value, "id");
  return { asks: member(value, "method") !== undefined, ...(isId(id) ? { id } : {}) };
}

/** The same without a line of its own: for what came with others, which has one for all. */
export function tellOfUnread(
  gate: Gate,
  { from, why, value }: Pick<UnreadMessage, "from" | "why"> & { readonly value: Json },
): Passage {
  return tell(gate, from, why, strayIn(value));
}

function tell(gate: Gate, from: Side, why: string, { id, asks }: Stray): Passage {
  if (id === undefined) return dropped(why);
  return from === "client" ? tellClient(gate, id, why) : tellOfServer(gate, { id, asks, why });
}

/** A request of the client that was not understood; unless an earlier one of that id is still open, and would be answered instead. */
function tellClient(gate: Gate, id: McpId, why: string): Passage {
  if (gate.client.get(id) !== undefined) return dropped(why);
  return answered(failure(id, REFUSAL.invalidRequest, `ringfence: refused: the message is malformed (${why})`));
}

function tellOfServer(
  gate: Gate,
  { id, asks, why }: { readonly id: McpId; readonly asks: boolean; readonly why: string },
): Passage {
  if (asks) return answered(failure(id, REFUSAL.invalidRequest, `the message is malformed (${why})`));
  const own = failure(id, REFUSAL.invalidRequest, `its answer is malformed (${why})`);
  if (gate.options.asker.settle?.(own) === true) return dropped(why);
  const open = gate.client.get(id);
  if (open?.phase !== "forwarded") return dropped(why);
  gate.client.end(id);
  return replaced(refusalOf(open, open.era, `ringfence: refused: the server's answer is malformed (${why})`));
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.length < 64 && bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
