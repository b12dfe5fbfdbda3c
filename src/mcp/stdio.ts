// The relay between a client and a server that both speak stdio. Reading stops while the other side does not read, or while too much waits for a
// verdict, so that neither side can fill this process.
import type { Readable, Writable } from "node:stream";
import { WIRE_LIMITS } from "#core/mcp";
import { openStreamAsker } from "./asker.ts";
import { openGatekeeper } from "./gate/keeper.ts";
import type { Gatekeeper, GatekeeperOptions } from "./gatekeeper.ts";
import { pump } from "./pump.ts";
import { sinkOver } from "./sink.ts";

/** The streams of both sides. */
export interface StdioEnds {
  readonly fromClient: Readable;
  readonly toClient: Writable;
  readonly fromServer: Readable;
  readonly toServer: Writable;
}

/** A running relay. */
export interface StdioRelay {
  readonly keeper: Gatekeeper;
  /** Which side was first to say nothing more. The server's input is closed when the client has ended; what it says still goes out. */
  readonly ended: Promise<"client" | "server">;
  /** Both directions are done: everything that was decided is written. */
  readonly done: Promise<void>;
  /** The lock has changed: compares anew, and tells the client which lists have. */
  reverify(): Promise<void>;
  close(): Promise<void>;
}

const LAST_VERDICTS_MS = 1_000;

/** Starts relaying. */
export function relayStdio(ends: StdioEnds, options: Omit<GatekeeperOptions, "asker">): StdioRelay {
  const [client, server] = [sinkOver(ends.toClient), sinkOver(ends.toServer)];
  const asker = openStreamAsker((bytes) => server.write(bytes));
  const keeper = openGatekeeper({ ...options, asker });
  const maxLine = options.limits?.maxBytes ?? WIRE_LIMITS.maxBytes;
  const up = pump({
    ...{ source: ends.fromClient, maxLine, ahead: server, back: client },
    judge: (line) => (line.kind === "line" ? keeper.fromClient(line.bytes) : keeper.unread("client", line)),
    // A client that went away waits for no person; what is only being recorded is not cut off.
    ended: () => void setTimeout(() => keeper.abandon(), LAST_VERDICTS_MS).unref(),
  });
  const down = pump({
    ...{ source: ends.fromServer, maxLine, ahead: client, back: server },
    judge: (line) => (line.kind === "line" ? keeper.fromServer(line.bytes) : keeper.unread("server", line)),
  });
  const clientEnded = up.then(() => {
    server.end();
    return "client" as const;
  });
  const serverEnded = down.then(() => {
    // Nobody is left to read what the client says; its output stays open until its owner ends it.
    asker.close();
    ends.fromClient.destroy();
    return "server" as const;
  });
  const close = async (): Promise<void> => {
    asker.close();
    await keeper.close();
  };
  return {
    keeper,
    ended: Promise.race([clientEnded, serverEnded]),
    done: Promise.all([clientEnded, serverEnded]).then(close),
    async reverify() {
      for (const bytes of await keeper.reverify()) client.write(bytes);
    },
    close,
  };
}
