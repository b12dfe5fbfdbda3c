// What is asked of the proxy itself, in origin form and so of no server: the place where agents leave their telemetry. Without anybody who takes it
// such a request is a bad one, as it always was.
import { BodyReader } from "./body-reader.ts";
import type { Field, RequestHead } from "./head.ts";
import type { HoldRoom } from "./hold-room.ts";
import { type Intake, send } from "./intake.ts";
import { codingsOf, undoCodings } from "./leak/content-coding.ts";
import { responseText, wantsMore } from "./message.ts";

/** Takes what was left at `path`. The answer is a status. */
export type TakeOwn = (left: {
  readonly path: string;
  readonly fields: readonly Field[];
  /** Without its content coding. */
  readonly body: Uint8Array;
}) => Promise<keyof typeof WORDS>;

const BODY_MOST = 8 * 1024 * 1024;
const WORDS = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  413: "Content Too Large",
  415: "Unsupported Media Type",
} as const;

/** True for what is asked of the proxy itself. */
export function isOwn({ method, target }: RequestHead): boolean {
  return method === "POST" && target.startsWith("/");
}

/** Serves one. Throws as a body's reader does. */
export async function serveOwn(
  head: RequestHead,
  client: Intake,
  { room, take }: { readonly room: HoldRoom; readonly take: TakeOwn },
): Promise<"keep" | "end"> {
  const kept = await keep(new BodyReader(client, head.framing), room);
  const status = kept === undefined ? 413 : await taken(head, kept, take);
  const isKept = kept !== undefined && wantsMore(head);
  const answer = responseText({
    ...{ line: `HTTP/1.1 ${status} ${WORDS[status]}`, keep: isKept },
    fields: [{ name: "Content-Type", value: "application/json" }],
    framing: { kind: "length", bytes: 2 },
  });
  await send(client.socket, `${answer}{}`);
  return isKept ? "keep" : "end";
}

async function taken({ fields, target }: RequestHead, kept: Buffer, take: TakeOwn): Promise<keyof typeof WORDS> {
  const codings = codingsOf(fields);
  if (codings === undefined) return 415;
  const body = undoCodings(kept, codings, BODY_MOST);
  const [path = ""] = target.split("?", 1);
  return body === undefined ? 400 : await take({ path, fields, body });
}

/** The body, where it is whole and finds room. */
async function keep(reader: BodyReader, room: HoldRoom): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let held = 0;
  try {
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
      const size = next.reduce((sum, { length }) => sum + length, 0);
      if (held + size > BODY_MOST || !room.take(size)) return undefined;
      held += size;
      pieces.push(...next);
    }
    return reader.isComplete ? Buffer.concat(pieces) : undefined;
  } finally {
    room.give(held);
  }
}
