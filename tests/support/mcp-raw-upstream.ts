// An upstream that answers in bytes, so that it can break HTTP itself. Its opening is whole; whatever is called gets what a test writes.
import net from "node:net";
import { onTestFinished } from "vitest";

/** One request as it came. */
export interface RawRequest {
  readonly line: string;
  readonly head: string;
  readonly body: { readonly id?: number | string; readonly method?: string };
}

/** An open one. */
export interface RawUpstream {
  readonly url: string;
  readonly got: readonly RawRequest[];
  readonly connections: number;
}

/** Writes the answer to anything but the opening; `false` leaves it to be answered as usual. */
export type RawAnswer = (request: RawRequest, socket: net.Socket) => boolean | undefined;

const OPENING = {
  protocolVersion: "2025-11-25",
  capabilities: { tools: {} },
  serverInfo: { name: "raw", version: "1" },
};

/** Opens it until the test is over. */
export async function rawUpstream(answer: RawAnswer): Promise<RawUpstream> {
  const got: RawRequest[] = [];
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    let bytes = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      for (;;) {
        const end = bytes.indexOf("\r\n\r\n");
        if (end === -1) return;
        const head = bytes.toString("latin1", 0, end);
        const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
        if (bytes.length < end + 4 + length) return;
        const text = bytes.toString("utf8", end + 4, end + 4 + length);
        bytes = bytes.subarray(end + 4 + length);
        const request = { head, line: head.split("\r\n", 1)[0] ?? "", body: length > 0 ? JSON.parse(text) : {} };
        got.push(request);
        if (answer(request, socket) !== true) socket.write(usual(request));
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const open = new Set<net.Socket>();
  server.on("connection", (socket) => open.add(socket));
  onTestFinished(() => {
    server.close();
    for (const socket of open) socket.destroy();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/mcp`,
    got,
    get connections() {
      return connections;
    },
  };
}

/** A whole answer with a JSON body. */
export function rawJson(value: object, fields = ""): string {
  const text = JSON.stringify({ jsonrpc: "2.0", ...value });
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${fields}content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
}

function usual({ line, body }: RawRequest): string {
  if (!line.startsWith("POST")) return "HTTP/1.1 405 Not Allowed\r\ncontent-length: 0\r\n\r\n";
  if (body.id === undefined) return "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
  if (body.method === "initialize")
    return rawJson({ id: body.id, result: OPENING }, "mcp-session-id: the-upstreams-own\r\n");
  return rawJson({ id: body.id, result: { tools: [{ name: "echo", inputSchema: { type: "object" } }] } });
}
