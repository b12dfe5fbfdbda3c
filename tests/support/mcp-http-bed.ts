// The HTTP side of the gateway with a way straight to loopback, a gatekeeper that lets everything pass, and a list of what it noted.
import net from "node:net";
import { PassThrough } from "node:stream";
import { onTestFinished } from "vitest";
import { ok } from "#core";
import { definitionDigest, type Json } from "#core/mcp";
import {
  type LaneParts,
  type Listener,
  listServer,
  openExchanger,
  openGatekeeper,
  openListener,
  openStdioFront,
  openUpstream,
  readTarget,
  sha256,
  type Way,
} from "#mcp";

/** A way to this machine's own ports, whatever the host is called. */
export const LOOPBACK_WAY: Way = {
  dial: async ({ port }) => ok(net.connect({ host: "127.0.0.1", port })),
  mayBePlain: () => true,
  roots: async () => "",
};

/** Everything behind a client. */
export interface HttpBed {
  readonly lane: LaneParts;
  readonly notes: { readonly kind: string; readonly [key: string]: unknown }[];
}

/** The gateway to one address. `fields` are the upstream's own credential. */
export function httpBed(url: string, fields: Readonly<Record<string, string>> = {}): HttpBed {
  const notes: { readonly kind: string; readonly [key: string]: unknown }[] = [];
  const target = readTarget(url);
  if (!target.ok) throw new Error(target.error.message);
  const exchanger = openExchanger(LOOPBACK_WAY);
  onTestFinished(() => exchanger.close());
  const upstream = openUpstream({
    exchanger,
    target: target.value,
    credential: {
      fields: async () => ok(fields),
      refused: async () => ({ code: "mcp-login", message: "it wants a login" }),
    },
  });
  const allow = { verdict: "allow" } as const;
  const note = async (event: { readonly kind: string }): Promise<void> => void notes.push(event);
  const noted = async (kind: string, what: object): Promise<typeof allow> => {
    notes.push({ ...what, kind });
    return allow;
  };
  return {
    notes,
    lane: {
      upstream,
      dropped: (tool, why) => void notes.push({ kind: "dropped", tool, why }),
      gatekeeper: (asker) =>
        openGatekeeper({
          ...{ server: "tested", asker, list: listServer, screen: async () => [] },
          ports: {
            ...{ note, redact: (text) => text },
            call: (call) => noted("call", call),
            result: (outcome) => noted("result", outcome),
            ask: (wish) => noted("ask", wish),
          },
          verify: async (found) => ({ description: found, held: [] }),
          digest: (definition) => definitionDigest(sha256, definition),
          clean: (value) => ({ value, changed: false }),
        }),
    },
  };
}

/** The same behind a listener, closed with the test. */
export async function listening(bed: HttpBed, token = "a-token-of-sixteen"): Promise<Listener> {
  const opened = await openListener({
    ...{ host: "127.0.0.1", port: 0, path: "/mcp", token, lane: bed.lane },
    ports: { note: async (event) => void bed.notes.push(event), redact: (text) => text.replaceAll("hunter2", "") },
  });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return opened.value;
}

/** A client that speaks lines. */
export interface LineClient {
  send(message: object): void;
  /** The next message. */
  next(): Promise<{ readonly [key: string]: Json }>;
  end(): void;
  readonly done: Promise<"client" | "server">;
}

/** The same in front of stdio. */
export function lines(bed: HttpBed): LineClient {
  const [up, down] = [new PassThrough(), new PassThrough()];
  const front = openStdioFront({ fromClient: up, toClient: down, lane: bed.lane });
  onTestFinished(() => front.close());
  const waiting: ((line: string) => void)[] = [];
  const ready: string[] = [];
  let rest = "";
  down.on("data", (chunk: Buffer) => {
    const all = (rest + chunk.toString()).split("\n");
    rest = all.pop() ?? "";
    for (const line of all) {
      const taker = waiting.shift();
      if (taker === undefined) ready.push(line);
      else taker(line);
    }
  });
  return {
    send: (message) => void up.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
    next: async () => {
      const line = ready.shift() ?? (await new Promise<string>((done) => waiting.push(done)));
      return JSON.parse(line);
    },
    end: () => void up.end(),
    done: front.done,
  };
}
