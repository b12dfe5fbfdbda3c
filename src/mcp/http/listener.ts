// The gateway as a server: Streamable HTTP of both eras on this machine's own address, one endpoint, for whoever has its secret.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { err, ok, type Problem, type Result } from "#core";
import { Notes } from "../gate/notes.ts";
import type { McpPorts } from "../ports.ts";
import { type LaneParts, Lanes } from "./lanes.ts";
import { guardRequest, type ListenerName, leakingFields, strayCredentials } from "./listen-guard.ts";
import { servePost } from "./serve-post.ts";
import { serveEnd, serveListening } from "./serve-session.ts";
import type { Serving } from "./serving.ts";

/** What it listens with. */
export interface ListenerOptions {
  readonly host: "127.0.0.1" | "::1";
  /** 0 takes a free one. */
  readonly port: number;
  readonly path: string;
  readonly token: string;
  readonly lane: LaneParts;
  readonly ports: Pick<McpPorts, "note" | "redact">;
}

/** An open listener. The opener closes it. */
export interface Listener {
  /** Its address with its secret. */
  readonly url: string;
  readonly port: number;
  /** What is served is compared with the lock anew, and clients are told of changes. */
  reverify(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

const HEAD_MS = 10_000;
const REQUEST_MS = 60_000;
const CONNECTIONS_MOST = 256;

/** Opens it, or says why not. */
export async function openListener(options: ListenerOptions): Promise<Result<Listener, Problem>> {
  const lanes = new Lanes(options.lane);
  const notes = new Notes(options.ports);
  const server = createServer({
    ...{
      maxHeaderSize: 32_768,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 2_000,
    },
    ...{ keepAliveTimeout: 60_000, noDelay: true, insecureHTTPParser: false },
  });
  server.maxConnections = CONNECTIONS_MOST;
  const failed = await listen(server, options);
  if (failed !== undefined)
    return err({
      code: "mcp-listen",
      message: `nothing can listen at ${options.host}:${options.port} (${failed})`,
      hint: "give another port with --listen, or 0 for a free one",
    });
  const { port } = server.address() as AddressInfo;
  const name: ListenerName = { port, path: options.path, token: options.token };
  server.on("request", (asked, response) => {
    serve({ asked, response, lanes, notes }, name, options.ports.redact).catch(() => response.destroy());
  });
  // A request that wants another protocol, or that waits for a word before its body: neither is MCP.
  server.on("upgrade", (_, socket) => socket.destroy());
  server.on("checkExpectation", (_, response) => response.writeHead(417).end());
  server.on("clientError", (_, socket) => socket.destroy());
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await lanes.close();
  };
  const host = options.host === "::1" ? "[::1]" : options.host;
  return ok({
    url: `http://${host}:${port}${options.path}/${options.token}`,
    port,
    reverify: () => lanes.reverify(),
    close: () => (closing ??= close()),
  });
}

async function serve(serving: Serving, name: ListenerName, redact: McpPorts["redact"]): Promise<void> {
  const { asked, response, notes } = serving;
  response.on("error", () => undefined); // its client has gone
  const refused = guardRequest(name, asked) ?? leakingFields(asked.headers, redact);
  if (refused !== undefined) {
    await notes.refused({ from: "client", why: `http-${refused.why}` });
    response.writeHead(refused.status, {
      connection: "close",
      ...(refused.status === 405 ? { allow: "POST, GET, DELETE" } : {}),
    });
    response.end();
    // Unread, it would make the system throw the answer away with it.
    asked.resume();
    return;
  }
  const stray = strayCredentials(name, asked.headers);
  // What a client has for somebody else is not this upstream's (token passthrough); the request goes on without it.
  if (stray.length > 0)
    await notes.refused({ from: "client", why: "client-credential", excerpt: stray.join(", ").slice(0, 200) });
  if (asked.method === "POST") return servePost(serving);
  return asked.method === "GET" ? serveListening(serving) : serveEnd(serving);
}

function listen(server: Server, { host, port }: ListenerOptions): Promise<string | undefined> {
  return new Promise((done) => {
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => {
      server.on("error", () => undefined); // one failed accept is that client's loss
      done(undefined);
    });
  });
}
