// HTTP itself, broken on purpose, on both sides of the gateway: every request of a client ends in one answer or one error, and nothing is taken for a message that is none.
import { request } from "node:http";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { httpBed, type LineClient, lines, listening } from "../support/mcp-http-bed.ts";
import { type RawAnswer, type RawUpstream, rawJson, rawUpstream } from "../support/mcp-raw-upstream.ts";

const OPEN = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} },
};
const CALL = { id: 7, method: "tools/call", params: { name: "echo", arguments: {} } };
const RESULT = { id: 7, result: { content: [{ type: "text", text: "whole" }] } };
const TOKEN = "a-token-of-sixteen";

interface Scene {
  readonly upstream: RawUpstream;
  readonly client: LineClient;
  readonly bed: ReturnType<typeof httpBed>;
}

async function opened(answer: RawAnswer): Promise<Scene> {
  const upstream = await rawUpstream((got, socket) =>
    got.body.method === "tools/call" || got.line.startsWith("GET") ? answer(got, socket) : undefined,
  );
  const bed = httpBed(upstream.url);
  const client = lines(bed);
  client.send(OPEN);
  await client.next();
  client.send({ method: "notifications/initialized" });
  return { upstream, client, bed };
}

/** Answers calls in these bytes; `end` closes the connection behind them. */
function bytes(text: string, end = false): RawAnswer {
  return ({ line }, socket) => {
    if (!line.startsWith("POST")) return undefined;
    if (end) socket.end(text);
    else socket.write(text);
    return true;
  };
}

const WHOLE = JSON.stringify({ jsonrpc: "2.0", ...RESULT });
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

const ANSWERED: readonly (readonly [string, RawAnswer])[] = [
  ["a plain answer", bytes(rawJson(RESULT))],
  ["HTTP/1.0, ended by its close", bytes(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${WHOLE}`, true)],
  ["heads ahead of the head", bytes(`${"HTTP/1.1 103 Early\r\nlink: <x>\r\n\r\n".repeat(50)}${rawJson(RESULT)}`)],
  [
    "pieces with extensions and a trailer",
    bytes(
      `${HEAD}transfer-encoding: chunked\r\n\r\n${Buffer.byteLength(WHOLE).toString(16)};a=b\r\n${WHOLE}\r\n0\r\nmcp-session-id: x\r\n\r\n`,
    ),
  ],
  [
    "another case and a charset",
    bytes(rawJson(RESULT).replace("application/json", "APPLICATION/Json ; charset=utf-8")),
  ],
];

test.each(ANSWERED)("%s is an answer", async (_, answer) => {
  const { client } = await opened(answer);
  client.send(CALL);
  expect(await client.next()).toMatchObject(RESULT);
});

const REFUSED: readonly (readonly [string, RawAnswer])[] = [
  ["202 to a request", bytes("HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")],
  ["204 to a request", bytes("HTTP/1.1 204 No Content\r\n\r\n")],
  ["a 200 with nothing", bytes(`${HEAD}content-length: 0\r\n\r\n`)],
  ["another protocol", bytes("HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n")],
  ["no HTTP", bytes(`SSH-2.0-x\r\n${WHOLE}`, true)],
  ["a body without a head", bytes(WHOLE, true)],
  ["two lengths", bytes(`${HEAD}content-length: 5\r\ncontent-length: ${WHOLE.length}\r\n\r\n${WHOLE}`)],
  ["a length and pieces", bytes(`${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`)],
  ["a negative piece", bytes(`${HEAD}transfer-encoding: chunked\r\n\r\n-1\r\n${WHOLE}\r\n0\r\n\r\n`)],
  ["a piece that is longer than it says", bytes(`${HEAD}transfer-encoding: chunked\r\n\r\n2\r\n${WHOLE}\r\n0\r\n\r\n`)],
  [
    "pieces that never end",
    bytes(`${HEAD}transfer-encoding: chunked\r\n\r\n${WHOLE.length.toString(16)}\r\n${WHOLE}`, true),
  ],
  ["extensions without end", bytes(`${HEAD}transfer-encoding: chunked\r\n\r\n1;${"a".repeat(200_000)}`)],
  ["a header of megabytes", bytes(`${HEAD}x: ${"a".repeat(2_000_000)}\r\n\r\n`)],
  ["a header that is folded", bytes(`${HEAD}x: a\r\n content-length: 5\r\n\r\n${WHOLE}`, true)],
  ["a bare line feed in a header", bytes(`HTTP/1.1 200 OK\ncontent-type: application/json\n\n${WHOLE}`, true)],
  ["a body packed twice", bytes(rawJson(RESULT, "content-encoding: identity, br\r\n"))],
  ["a packed transfer", bytes(`${HEAD}transfer-encoding: gzip, chunked\r\n\r\n3\r\n\x1f\x8b\x08\r\n0\r\n\r\n`)],
  ["two content types", bytes(rawJson(RESULT).replace("application/json", "application/json, text/event-stream"))],
  ["no content type", bytes(rawJson(RESULT).replace(/content-type.*?\r\n/, ""))],
  [
    "a message that ends early",
    bytes(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${WHOLE.slice(0, -3)}`, true),
  ],
  ["UTF-16", bytes(`${HEAD}content-length: ${WHOLE.length * 2}\r\n\r\n${WHOLE.replace(/./gs, "$&\0")}`)],
];

test.each(REFUSED)("%s is an error of the request, and the next one works", { timeout: 10_000 }, async (_, answer) => {
  let isFirst = true;
  const { client } = await opened((got, socket) => {
    if (!got.line.startsWith("POST") || !isFirst) return undefined;
    isFirst = false;
    return answer(got, socket);
  });
  client.send(CALL);
  const said = await client.next();
  expect(said).toMatchObject({ id: 7 });
  // A body in which an id can be read is told to the model as the tool's failure, anything else as the request's.
  expect(said["error"] ?? said["result"]).toMatchObject(
    said["result"] ? { isError: true } : { code: expect.any(Number) },
  );
  expect(JSON.stringify(said)).not.toContain("whole");
  client.send({ id: 8, method: "ping" });
  expect(await client.next()).toMatchObject({ id: 8, result: {} });
});

test("an answer that comes before its question answers nothing", async () => {
  const smuggled = rawJson({ id: 8, result: { content: [{ type: "text", text: "smuggled" }] } });
  const { client, upstream } = await opened((got, socket) => {
    if (got.body.id === 7) socket.write(rawJson(RESULT) + smuggled);
    else if (got.body.id === 8) socket.write(rawJson({ id: 8, result: { content: [{ type: "text", text: "own" }] } }));
    return got.line.startsWith("POST");
  });
  client.send(CALL);
  expect(await client.next()).toMatchObject(RESULT);
  await pause(50);
  client.send({ ...CALL, id: 8 });
  expect(await client.next()).toMatchObject({ id: 8, result: { content: [{ text: "own" }] } });
  expect(upstream.connections).toBeGreaterThan(1);
});

test("a stream that always begins anew is not fetched in a circle without rest", async () => {
  let count = 0;
  const { client } = await opened((_, socket) => {
    count += 1;
    socket.end(
      `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\nretry: 0\nid: ${count}\n\n`,
    );
    return true;
  });
  client.send(CALL);
  await pause(1_000);
  expect(count).toBeGreaterThan(2);
  expect(count).toBeLessThan(25);
});

test("an event of millions of empty lines ends at the cap, in little memory", { timeout: 20_000 }, async () => {
  const piece = Buffer.from("data:\n".repeat(10_000));
  const { client } = await opened(({ line }, socket) => {
    if (!line.startsWith("POST")) return undefined;
    socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
      if (!socket.destroyed) socket.once("drain", more);
    };
    more();
    return true;
  });
  const before = process.memoryUsage().rss;
  client.send(CALL);
  expect(await client.next()).toMatchObject({ id: 7, error: {} });
  expect(process.memoryUsage().rss - before).toBeLessThan(250 << 20);
});

// The other side: a client over HTTP.

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly session: string | undefined;
}

function ask(
  port: number,
  message: object | undefined,
  headers: Readonly<Record<string, string>> = {},
  method = "POST",
): Promise<Answer> {
  return new Promise((done, fail) => {
    const sent = request({
      ...{ host: "127.0.0.1", port, method, path: `/mcp/${TOKEN}`, agent: false },
      headers: { accept: "application/json, text/event-stream", "content-type": "application/json", ...headers },
    });
    sent.on("error", fail);
    sent.on("response", (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece;
      });
      const session = response.headers["mcp-session-id"];
      const isWhole = (): void =>
        done({ status: response.statusCode ?? 0, text, session: typeof session === "string" ? session : undefined });
      response.on("end", isWhole);
      response.on("error", isWhole);
    });
    sent.end(message === undefined ? undefined : JSON.stringify({ jsonrpc: "2.0", ...message }));
  });
}

async function served(answer: RawAnswer): Promise<{ port: number; upstream: RawUpstream; bed: Scene["bed"] }> {
  const upstream = await rawUpstream(answer);
  const bed = httpBed(upstream.url);
  return { upstream, bed, port: (await listening(bed, TOKEN)).port };
}

async function session(port: number): Promise<string> {
  const { session: name = "" } = await ask(port, OPEN);
  await ask(port, { method: "notifications/initialized" }, { "mcp-session-id": name });
  return name;
}

test.each(["202 Accepted", "204 No Content", "205 Reset Content"])(
  "a server that says %s to a request leaves no client over HTTP waiting",
  async (status) => {
    const { port } = await served(({ body }, socket) =>
      body.method === "tools/call"
        ? socket.write(`HTTP/1.1 ${status}\r\ncontent-length: 0\r\n\r\n`) || true
        : undefined,
    );
    const answer = await ask(port, CALL, { "mcp-session-id": await session(port) });
    // An official client takes a 202 for the whole answer, and waits for ever.
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ id: 7, error: {} });
  },
);

test("a place of another session's stream is asked for in no other session, and two streams of one are two", async () => {
  const { port, upstream } = await served(({ line }, socket) => {
    if (!line.startsWith("GET")) return undefined;
    return socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nid: one\ndata:\n\n") || true;
  });
  const names = [await session(port), await session(port)];
  const gets = names.map((name) =>
    ask(port, undefined, { "mcp-session-id": name, "last-event-id": "of-another" }, "GET"),
  );
  gets.push(ask(port, undefined, { "mcp-session-id": names[0] ?? "" }, "GET"));
  await pause(200);
  expect(upstream.got.filter(({ line }) => line.startsWith("GET"))).toHaveLength(3);
  expect((await ask(port, undefined, { "mcp-session-id": "guessed", "last-event-id": "one" }, "GET")).status).toBe(404);
  expect((await ask(port, undefined, { "last-event-id": "one" }, "GET")).status).toBe(405);
  // A session's end is the end of its streams.
  for (const name of names) await ask(port, undefined, { "mcp-session-id": name }, "DELETE");
  for (const { status, text } of await Promise.all(gets)) expect([status, text]).toEqual([200, "id: one\ndata: \n\n"]);
  expect(upstream.got.filter(({ line }) => line.startsWith("DELETE"))).toHaveLength(2);
});

test("a client that goes away is no fault of the server's", async () => {
  const { port, bed } = await served(({ line }, socket) =>
    line.startsWith("GET")
      ? socket.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n:\n\n") || true
      : undefined,
  );
  const name = await session(port);
  const sent = request({
    ...{ host: "127.0.0.1", port, path: `/mcp/${TOKEN}`, agent: false },
    headers: { accept: "text/event-stream", "mcp-session-id": name },
  });
  sent.on("error", () => undefined);
  sent.on("response", (response) => response.once("data", () => sent.destroy()));
  sent.end();
  await pause(300);
  expect(bed.notes.filter(({ kind }) => kind === "refused")).toEqual([]);
});

const HOSTILE: readonly (readonly [string, (port: number) => string])[] = [
  ["HTTP/1.0 without a host", () => `POST /mcp/${TOKEN} HTTP/1.0\r\n\r\n`],
  [
    "a whole address as its target",
    (port) => `GET http://127.0.0.1:${port}/mcp/${TOKEN} HTTP/1.1\r\nhost: evil.example\r\n\r\n`,
  ],
  ["two hosts", (port) => `GET /mcp/${TOKEN} HTTP/1.1\r\nhost: evil.example\r\nhost: 127.0.0.1:${port}\r\n\r\n`],
  [
    "a length and pieces",
    (port) =>
      `POST /mcp/${TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ["a space before the colon", (port) => `POST /mcp/${TOKEN} HTTP/1.1\r\nhost : 127.0.0.1:${port}\r\n\r\n`],
  ["CONNECT", () => "CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n"],
  [
    "another protocol",
    (port) =>
      `GET /mcp/${TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  ],
  [
    "a header of megabytes",
    (port) => `GET /mcp/${TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx: ${"a".repeat(2_000_000)}\r\n\r\n`,
  ],
  ["the opening of HTTP/2", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TLS", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  [
    "a page's question before its request",
    (port) =>
      `OPTIONS /mcp/${TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\norigin: https://evil.example\r\naccess-control-request-method: POST\r\n\r\n`,
  ],
];

test.each(HOSTILE)("%s of a client reaches no server", async (_, text) => {
  const { port, upstream } = await served(() => undefined);
  const answer = await new Promise<string>((done) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    onTestFinished(() => void socket.destroy());
    let all = "";
    socket.on("data", (piece: Buffer) => {
      all += piece;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => done(all));
    socket.end(text(port), "latin1");
  });
  expect(answer).toMatch(/^(?:$|HTTP\/1\.1 4\d\d)/);
  expect(answer).not.toMatch(/access-control/i);
  expect(upstream.got).toEqual([]);
  expect((await ask(port, OPEN)).status).toBe(200);
});
