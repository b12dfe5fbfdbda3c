// The witness over HTTP: `POST /add-checkpoint`, `POST /add-log` (ours), and for monitors `GET /<origin hash>/checkpoint`. Everything is bounded:
// the body, the time a client may take, the connections at once.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { err, ok, type Problem, type Result } from "#core";
import { systemCode } from "./problem.ts";
import type { Witness, WitnessReply } from "./witness.ts";

/** What is answered to a POST, and the longest body: 63 hashes and a checkpoint with a hundred signatures; the notes of years. */
const POSTS: ReadonlyMap<
  string,
  { readonly most: number; readonly ask: (to: Witness, body: string) => Promise<WitnessReply> }
> = new Map([
  ["/add-checkpoint", { most: 65_536, ask: (to, body) => to.addCheckpoint(body) }],
  ["/add-log", { most: 1_048_576, ask: (to, body) => to.addLog(body) }],
]);

/** A client gets this long for its whole request. */
const PATIENCE_MS = 10_000;

/** Connections at once. */
const MAX_CLIENTS = 256;

/** A listening witness. */
export interface WitnessServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a witness; the caller closes the server first and the witness after it. */
export async function serveWitness(
  witness: Witness,
  at: { readonly host: string; readonly port: number },
): Promise<Result<WitnessServer, Problem>> {
  // Node looks for what is late every 30 s unless it is told.
  const patience = { requestTimeout: PATIENCE_MS, headersTimeout: PATIENCE_MS, connectionsCheckingInterval: 1000 };
  const server = createServer(patience, (request, response) => {
    answer(witness, request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CLIENTS;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(at.port, at.host, resolve);
    });
  } catch (error) {
    const message = `the witness cannot listen on \`${at.host}:${at.port}\` (${systemCode(error)})`;
    return err({ code: "witness-listen", message, hint: "choose another address with `--listen HOST:PORT`" });
  }
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : at.port;
  return ok({ port, close: () => closed(server) });
}

async function answer(witness: Witness, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "";
  const post = POSTS.get(path);
  if (post !== undefined) {
    if (request.method !== "POST") return say(response, 405, "only POST\n", { allow: "POST" });
    const body = await bodyOf(request, post.most);
    if (body === undefined) return say(response, 413, "too long\n", { connection: "close" });
    const text = utf8(body);
    if (text === undefined) return say(response, 400, "not UTF-8\n");
    const reply = await post.ask(witness, text);
    return say(response, reply.status, reply.body, { "content-type": reply.type });
  }
  const originHash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1];
  if (originHash === undefined) return say(response, 404, "nothing here\n");
  if (request.method !== "GET" && request.method !== "HEAD") return say(response, 405, "only GET\n", { allow: "GET" });
  const note = await witness.checkpointOf(originHash);
  return note === undefined ? say(response, 404, "never cosigned\n") : say(response, 200, note);
}

function say(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(body);
}

/** Undefined when it is longer than a request can be. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += (chunk as Buffer).length;
    if (length > most) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function utf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 1000).unref();
  });
}
