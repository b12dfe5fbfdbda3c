// A client of our own that asks a server what it says of itself and nothing else: its opening and all of its lists, in the way that it speaks.
import type { Readable, Writable } from "node:stream";
import type { Problem, Result } from "#core";
import { type JsonObject, MODERN_META, readJson, readMessage, readOpening, type ServerDescription } from "#core/mcp";
import { type Asker, openStreamAsker, SILENT } from "./asker.ts";
import { LineSplitter } from "./framing.ts";
import { listServer } from "./lister.ts";
import { sinkOver } from "./sink.ts";

const LINE_MOST = 16 << 20;
/** The newest versions that we speak of each kind. */
const LEGACY = "2025-11-25";
const MODERN = "2026-07-28";
const CLIENT: JsonObject = { name: "ringfence", version: "1" };

/** The streams of a server that nobody has spoken with. */
export interface ServerStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
}

/** Asks; a server that does not answer for `answerMs` (a minute) has nothing to say. It is left running; whoever started it ends it. */
export async function inquire(streams: ServerStreams, answerMs?: number): Promise<Result<ServerDescription, Problem>> {
  const sink = sinkOver(streams.stdin);
  const asker = openStreamAsker((bytes) => void sink.write(bytes), answerMs);
  const lines = new LineSplitter(LINE_MOST);
  const take = (chunk: Buffer): void => {
    for (const line of lines.push(chunk)) {
      const read = line.kind === "line" ? readJson(line.bytes) : undefined;
      const message = read?.ok === true ? readMessage(read.value) : undefined;
      // What is no answer of ours is not wanted here: notices, the server's own wishes, noise.
      if (message?.ok === true) asker.settle(message.value);
    }
  };
  streams.stdout
    .on("data", take)
    .once("close", () => asker.close())
    .once("end", () => asker.close());
  try {
    return await describe(asker, (method) => {
      sink.write(Buffer.from(JSON.stringify({ jsonrpc: "2.0", method })));
    });
  } finally {
    streams.stdout.off("data", take).resume();
    asker.close();
  }
}

/** A server of sessions is opened as one; one that knows none answers with an error, and is asked as a modern one. */
async function describe(asker: Asker, notify: (method: string) => void): Promise<Result<ServerDescription, Problem>> {
  const opened = await asker.request("initialize", {
    protocolVersion: LEGACY,
    capabilities: {},
    clientInfo: CLIENT,
  });
  if (opened.ok) {
    notify("notifications/initialized");
    return listServer(asker, readOpening("legacy", opened.value));
  }
  // One that knows no sessions says so.
  if (opened.error.code === SILENT) return opened;
  const meta: JsonObject = {
    [MODERN_META.version]: MODERN,
    [MODERN_META.client]: CLIENT,
    [MODERN_META.capabilities]: {},
  };
  const modern: Asker = { request: (method, params) => asker.request(method, { ...params, _meta: meta }) };
  const found = await modern.request("server/discover");
  return found.ok ? listServer(modern, readOpening("modern", found.value)) : opened;
}
