// An upstream that a test writes by hand: it keeps every request that it got, with all headers, and answers as it is told.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** One request as it came. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, where it is JSON. */
  readonly body: { readonly id?: string | number; readonly method?: string; readonly params?: Record<string, unknown> };
}

/** An open one. */
export interface StubUpstream {
  readonly url: string;
  readonly origin: string;
  readonly got: readonly Got[];
  /** The requests of one JSON-RPC method. */
  of(method: string): readonly Got[];
}

/** What answers. Whatever it leaves unanswered gets the opening or an empty list. */
export type Answering = (got: Got, response: ServerResponse) => boolean | undefined;

/** Opens it until the test is over. */
export async function stubUpstream(answer: Answering = () => undefined): Promise<StubUpstream> {
  const got: Got[] = [];
  const server = createServer((asked, response) => {
    const pieces: Buffer[] = [];
    asked.on("data", (piece: Buffer) => pieces.push(piece));
    asked.on("end", () => {
      const text = Buffer.concat(pieces).toString();
      const one: Got = {
        ...{ method: asked.method ?? "", path: asked.url ?? "", headers: asked.headers, text },
        body: text.startsWith("{") ? JSON.parse(text) : {},
      };
      got.push(one);
      if (answer(one, response) !== true) usual(one, response);
    });
    response.on("error", () => undefined);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `${origin}/mcp`, origin, got, of: (method) => got.filter(({ body }) => body.method === method) };
}

const TOOL = {
  name: "echo",
  inputSchema: { type: "object", properties: { region: { type: "string", "x-mcp-header": "Region" } } },
};

/** The answer of a server that has one tool. */
function usual({ method, body, headers }: Got, response: ServerResponse): void {
  if (method !== "POST") return void response.writeHead(405).end();
  if (body.id === undefined) return void response.writeHead(202).end();
  if (body.method === "initialize") response.setHeader("mcp-session-id", "the-upstreams-own");
  const result =
    body.method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "stub", version: "1" } }
      : body.method === "server/discover"
        ? { resultType: "complete", supportedVersions: ["2026-07-28"], capabilities: { tools: {} } }
        : body.method === "tools/list"
          ? { tools: [TOOL] }
          : { content: [{ type: "text", text: `said ${headers["mcp-param-region"] ?? "nothing"}` }] };
  json(response, { jsonrpc: "2.0", id: body.id, result });
}

/** One JSON answer. */
export function json(response: ServerResponse, value: object, status = 200): true {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  return true;
}

/** A stream of events, written as it is. */
export function events(response: ServerResponse, text: string, options: { readonly end?: boolean } = {}): true {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(text);
  if (options.end !== false) response.end();
  return true;
}
