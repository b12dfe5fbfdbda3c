// A request's body on its way up. Where a filter looks at it, a short one is held until it is complete: then a refusal is an answer instead of
// a broken connection, and nothing of it has been sent.
import { BodyReader, BodyWriter } from "./body-reader.ts";
import type { Passage } from "./chain.ts";
import { type Framing, type RequestHead, valuesOf } from "./head.ts";
import type { HoldRoom } from "./hold-room.ts";
import { type Intake, send } from "./intake.ts";
import { passRaw } from "./pass.ts";

/** A body and the framing it is sent in. */
export interface Outgoing {
  readonly framing: Framing;
  /** True when nothing has to be sent. */
  readonly isEmpty: boolean;
  /** True when all of it is here, and was looked at. */
  readonly isWhole: boolean;
  /** Once. Resolves with true when it was sent to its end; rejects with what is wrong with it. */
  send(to: Intake, count: (bytes: number) => void): Promise<boolean>;
  /** Gives back the room of what was held. */
  close(): void;
}

const HOLD_MOST = 256 * 1024;
/** A client that waits for an answer to a part of its body gets one. */
const HOLD_MS = 1_000;

/** The body of a request. Throws `BadMessage` and `FilterStop` for one that is held. */
export async function outgoing(
  head: RequestHead,
  passage: Passage | undefined,
  { client, room }: { readonly client: Intake; readonly room: HoldRoom },
): Promise<Outgoing> {
  const { framing } = head;
  if (framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0))
    return { framing, isEmpty: true, isWhole: true, send: async () => true, close };
  if (passage === undefined)
    return {
      framing,
      ...{ isEmpty: false, isWhole: false, close },
      send: (to, count) => passRaw(client, to.socket, framing, count),
    };
  const reader = new BodyReader(client, framing, passage.up);
  if (passage.up === undefined) return streamed(reader, [], framing);
  if (expectsContinue(head)) await send(client.socket, "HTTP/1.1 100 Continue\r\n\r\n");
  if (passage.up.onlyLooks === true) return streamed(reader, [], framing);
  const { held, taken } = await hold(reader, client, room);
  const unheld: Framing = passage.up.keepsLength ? framing : { kind: "chunked" };
  const sent: Framing = reader.isComplete ? { kind: "length", bytes: sizeOf(held) } : unheld;
  return { ...streamed(reader, held, sent), close: () => room.give(taken) };
}

function close(): void {
  // nothing was held
}

/** What of the body comes soon and finds room. Throws as the reader does; then nothing is held. */
async function hold(
  reader: BodyReader,
  client: Intake,
  room: HoldRoom,
): Promise<{ readonly held: readonly Buffer[]; readonly taken: number }> {
  const held: Buffer[] = [];
  let taken = 0;
  let hasRoom = true;
  try {
    while (hasRoom && taken <= HOLD_MOST && !reader.isComplete && (await client.arrives(HOLD_MS))) {
      const pieces = await reader.next();
      if (pieces === undefined) break;
      held.push(...pieces);
      hasRoom = room.take(sizeOf(pieces));
      if (hasRoom) taken += sizeOf(pieces);
    }
  } catch (error) {
    room.give(taken);
    throw error;
  }
  return { held, taken };
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** True for a client that waits before it sends its body (RFC 9110 section 10.1.1). */
export function expectsContinue(head: RequestHead): boolean {
  return valuesOf(head.fields, "expect").some((value) => value.toLowerCase() === "100-continue");
}

function streamed(reader: BodyReader, held: readonly Buffer[], framing: Framing): Outgoing {
  return {
    framing,
    ...{ isEmpty: false, isWhole: reader.isComplete, close },
    send: async ({ socket }, count) => {
      const writer = new BodyWriter(framing);
      for (let pieces: readonly Buffer[] | undefined = held; pieces !== undefined; pieces = await reader.next()) {
        const bytes = writer.wrap(pieces);
        count(bytes.length);
        if (bytes.length > 0 && !(await send(socket, bytes))) return false;
      }
      if (!reader.isComplete) return false;
      const end = writer.end();
      return end.length === 0 || (await send(socket, end));
    },
  };
}
