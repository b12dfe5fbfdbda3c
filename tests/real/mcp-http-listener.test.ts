// Clients that are not who they say, and clients that are: what a listener on this machine lets through.
import { type IncomingHttpHeaders, request } from "node:http";
import net from "node:net";
import { expect, test } from "vitest";
import { httpBed, listening } from "../support/mcp-http-bed.ts";
import { type Answering, events, stubUpstream } from "../support/mcp-stub-upstream.ts";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const TOKEN = "a-token-of-sixteen";
const ACCEPT = "application/json, text/event-stream";
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};
const OPEN = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} },
};

async function scene(
  answer?: Answering,
  fields: Readonly<Record<string, string>> = {},
): Promise<{
  readonly upstream: Awaited<ReturnType<typeof stubUpstream>>;
  readonly bed: ReturnType<typeof httpBed>;
  readonly port: number;
}> {
  const upstream = await stubUpstream(answer);
  const bed = httpBed(upstream.url, fields);
  return { upstream, bed, port: (await listening(bed, TOKEN)).port };
}

function ask(
  port: number,
  message: object | string,
  headers: Readonly<Record<string, string>> = {},
  { path = `/mcp/${TOKEN}`, method = "POST" }: { readonly path?: string; readonly method?: string } = {},
): Promise<Answer> {
  const text = typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message });
  return new Promise((done, fail) => {
    const sent = request({
      ...{ host: "127.0.0.1", port, path, method, agent: false },
      headers: { accept: ACCEPT, "content-type": "application/json", ...headers },
    });
    sent.on("error", (error) => fail(new Error(`${error.message}: ${JSON.stringify([headers, path, method])}`)));
    sent.on("response", (response) => {
      let body = "";
      response.on("data", (piece: Buffer) => {
        body += piece;
      });
      response.on("error", fail);
      response.on("end", () => done({ status: response.statusCode ?? 0, headers: response.headers, text: body }));
    });
    sent.end(method === "POST" ? text : undefined);
  });
}

async function session(port: number): Promise<string> {
  const { headers } = await ask(port, OPEN);
  const name = headers["mcp-session-id"];
  if (typeof name !== "string") throw new Error("no session");
  await ask(port, { method: "notifications/initialized" }, { "mcp-session-id": name });
  return name;
}

test("the control: who has the secret is served, by its path or as a bearer", async () => {
  const { port } = await scene();
  expect((await ask(port, OPEN)).status).toBe(200);
  expect((await ask(port, OPEN, { authorization: `Bearer ${TOKEN}` }, { path: "/mcp" })).status).toBe(200);
  expect((await ask(port, OPEN, { host: `localhost:${port}`, origin: `http://localhost:${port}` })).status).toBe(200);
});

test("pages, strangers and other forms are turned away before a body is read", async () => {
  const { port, upstream, bed } = await scene();
  const refused: readonly (readonly [
    number,
    Readonly<Record<string, string>>,
    { readonly path?: string; readonly method?: string }?,
  ])[] = [
    [403, { host: "evil.example" }],
    [403, { host: `evil.example:${port}` }],
    [403, { host: "127.0.0.1" }],
    [403, { host: `127.0.0.1.evil.example:${port}` }],
    [403, { origin: "https://evil.example" }],
    [403, { origin: "null" }],
    [403, { origin: `http://127.0.0.1:${port + 1}` }],
    [403, { origin: `https://127.0.0.1:${port}` }],
    [403, { "sec-fetch-site": "cross-site" }],
    [404, {}, { path: "/mcp" }],
    [404, {}, { path: "/mcp/another-token-of-its" }],
    [404, {}, { path: `/mcp/${TOKEN}/` }],
    [404, {}, { path: `/other/${TOKEN}` }],
    [404, {}, { path: `/mcp?token=${TOKEN}` }],
    [404, { authorization: `Basic ${Buffer.from(`x:${TOKEN}`).toString("base64")}` }, { path: "/mcp" }],
    [405, {}, { method: "PUT" }],
    [405, {}, { method: "OPTIONS" }],
    [415, { "content-type": "text/plain" }],
    [415, { "content-encoding": "gzip" }],
    [406, { accept: "application/json" }],
    [406, { accept: "application/json" }, { method: "GET" }],
  ];
  for (const [status, headers, more] of refused)
    expect([status, headers, more, (await ask(port, OPEN, headers, more)).status]).toEqual([
      status,
      headers,
      more,
      status,
    ]);
  expect(upstream.got).toEqual([]);
  expect(bed.notes.map(({ why }) => why)).toContain("http-origin");
});

test("nothing of a client's own credentials reaches the server, in any spelling", async () => {
  const { port, upstream, bed } = await scene(undefined, { authorization: "Bearer the-upstreams" });
  const stolen = {
    authorization: "Bearer clients-own",
    cookie: "session=clients-own",
    "proxy-authorization": "Basic clients-own",
    "x-api-key": "clients-own",
    "x-auth-token": "clients-own",
    "x-forwarded-for": "clients-own",
    "x-custom": "clients-own",
    forwarded: "for=clients-own",
    "mcp-session-id": "clients-own",
    "mcp-param-unknown": "clients-own",
  };
  await ask(port, OPEN, stolen);
  expect(upstream.got).toHaveLength(1);
  expect(JSON.stringify(upstream.got)).not.toContain("clients-own");
  expect(upstream.got[0]?.headers.authorization).toBe("Bearer the-upstreams");
  expect(bed.notes).toContainEqual(
    expect.objectContaining({
      kind: "refused",
      why: "client-credential",
      excerpt: expect.stringContaining("x-api-key"),
    }),
  );
});

test("no session can be chosen, guessed or carried over, and the server's own name for it stays here", async () => {
  const { port, upstream } = await scene();
  expect((await ask(port, { id: 1, method: "tools/list" }, { "mcp-session-id": "chosen" })).status).toBe(404);
  expect((await ask(port, { id: 1, method: "tools/list" })).status).toBe(400);
  const opened = await ask(port, OPEN, { "mcp-session-id": "chosen" });
  expect(opened.headers["mcp-session-id"]).not.toBe("chosen");
  expect(JSON.stringify(opened)).not.toContain("the-upstreams-own");
  const name = await session(port);
  expect((await ask(port, { id: 1, method: "tools/list" }, { "mcp-session-id": name })).status).toBe(200);
  expect((await ask(port, "", { "mcp-session-id": name }, { method: "DELETE" })).status).toBe(200);
  expect((await ask(port, { id: 2, method: "tools/list" }, { "mcp-session-id": name })).status).toBe(404);
  expect(upstream.got.at(-1)?.method).toBe("DELETE");
});

test("headers that say something else than the body are refused with their own error", async () => {
  const { port, upstream } = await scene();
  const call = { id: 1, method: "tools/call", params: { name: "echo", arguments: { region: "eu" }, _meta: META } };
  const good = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "echo",
    "mcp-param-region": "eu",
  };
  expect((await ask(port, call, good)).text).toContain("said eu");
  for (const [name, value] of [
    ["mcp-protocol-version", "2025-11-25"],
    ["mcp-method", "tools/list"],
    ["mcp-name", "other"],
    ["mcp-name", "=?base64?b3RoZXI=?="],
    ["mcp-name", "=?base64?ZWNobw?="],
    ["mcp-param-region", "us"],
  ] as const) {
    const answer = await ask(port, call, { ...good, [name]: value });
    expect([name, value, answer.status, JSON.parse(answer.text).error.code]).toEqual([name, value, 400, -32_020]);
  }
  const { "mcp-method": _, ...missing } = good;
  expect((await ask(port, call, missing)).status).toBe(400);
  const encoded = { ...good, "mcp-name": "=?base64?ZWNobw==?=" };
  expect((await ask(port, call, encoded)).status).toBe(200);
  expect(upstream.of("tools/call")).toHaveLength(2);
});

test("bodies that are no message, too long or in batches are refused", async () => {
  const { port, upstream, bed } = await scene();
  const name = await session(port);
  const own = { "mcp-session-id": name };
  expect((await ask(port, "not json", own)).status).toBeGreaterThanOrEqual(202);
  expect((await ask(port, '{"jsonrpc":"2.0","id":1,"method":"a","method":"tools/list"}', own)).status).toBe(400);
  expect((await ask(port, '[{"jsonrpc":"2.0","id":1,"method":"ping"}]', own)).text).not.toContain('"result"');
  const long = await ask(port, `"${"x".repeat((16 << 20) + 70_000)}"`, own);
  expect(long.status).toBe(413);
  const passed = upstream.got.map(({ body }) => body.method);
  expect(new Set(passed)).toEqual(new Set(["initialize", "notifications/initialized", "tools/list"]));
  expect(bed.notes.filter(({ kind }) => kind === "refused").length).toBeGreaterThanOrEqual(3);
});

test("two clients that number their requests alike do not meet", async () => {
  const waiting: (() => void)[] = [];
  const { port } = await scene(({ body }, response) => {
    if (body.method !== "tools/call") return undefined;
    const { text } = (body.params?.["arguments"] ?? {}) as { readonly text?: string };
    waiting.push(() =>
      events(
        response,
        `data: ${JSON.stringify({ jsonrpc: "2.0", id: body.id, result: { content: [{ type: "text", text }] } })}\n\n`,
      ),
    );
    if (waiting.length === 2) for (const go of waiting) go();
    return true;
  });
  const head = { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": "echo" };
  const call = (text: string): Promise<Answer> =>
    ask(port, { id: 1, method: "tools/call", params: { name: "echo", arguments: { text }, _meta: META } }, head);
  const [one, two] = await Promise.all([call("first"), call("second")]);
  expect(one.text).toContain("first");
  expect(two.text).toContain("second");
});

test("a stream passes event by event, with its ids, and its rest can be fetched", async () => {
  let more = (): void => undefined;
  const { port, upstream } = await scene((got, response) => {
    if (got.method === "GET" && got.headers["last-event-id"] === "e1")
      return events(response, 'id: e2\ndata: {"jsonrpc":"2.0","id":3,"result":{"content":[]}}\n\n');
    if (got.body.method !== "tools/call") return undefined;
    events(
      response,
      'id: e0\nretry: 5\ndata:\n\n: still here\n\nid: e1\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}}\n\n',
      { end: false },
    );
    more = () => void response.end();
    return true;
  });
  const name = await session(port);
  const seen = await new Promise<string>((done) => {
    const sent = request({
      ...{ host: "127.0.0.1", port, path: `/mcp/${TOKEN}`, method: "POST", agent: false },
      headers: { accept: ACCEPT, "content-type": "application/json", "mcp-session-id": name },
    });
    sent.on("response", (response) => {
      let text = "";
      response.on("data", (piece: Buffer) => {
        text += piece;
        // The stream is still open there: what came has come at once.
        if (text.includes("notifications/message")) more();
      });
      response.on("end", () => done(text));
    });
    sent.end(JSON.stringify({ jsonrpc: "2.0", id: 3, method: "tools/call", params: { name: "echo" } }));
  });
  expect(seen).toContain("id: e0\nretry: 5\ndata: \n\n:\n\nid: e1\n");
  const rest = await ask(
    port,
    "",
    { accept: "text/event-stream", "mcp-session-id": name, "last-event-id": "e1" },
    { method: "GET" },
  );
  expect(rest.text).toContain('id: e2\ndata: {"jsonrpc":"2.0","id":3');
  expect(upstream.got.at(-1)?.headers["mcp-session-id"]).toBe("the-upstreams-own");
});

test("an opening in the words of the era without one ends nobody's lane", async () => {
  const { port } = await scene(({ body }, response) => {
    if (body.method !== "initialize") return undefined;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: body.id, error: { code: -32_601, message: "gone" } }));
    return true;
  });
  const modern = (id: number, method: string): Promise<Answer> =>
    ask(port, { id, method, params: { _meta: META } }, { "mcp-protocol-version": "2026-07-28", "mcp-method": method });
  const before = await modern(1, "tools/list");
  await modern(2, "initialize");
  const after = await modern(1, "tools/list");
  expect([before.status, after.status]).toEqual([200, 200]);
  expect(after.text).toBe(before.text);
});

test("a modern request that says its version in its header alone is the server's to refuse, by that header", async () => {
  const { port, upstream } = await scene(({ body }, response) => {
    if (body.method !== "server/discover") return undefined;
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: body.id, error: { code: -32_602, message: "no _meta" } }));
    return true;
  });
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": "server/discover" };
  const answer = await ask(port, { id: 1, method: "server/discover" }, headers);
  expect(answer.text).toContain("-32602");
  expect(upstream.got.at(-1)?.headers["mcp-protocol-version"]).toBe("2026-07-28");
});

test("a modern client that closes its stream has cancelled", async () => {
  let isClosed = false;
  const { port, upstream } = await scene(({ body }, response) => {
    if (body.method !== "tools/call") return undefined;
    response.on("close", () => {
      isClosed = true;
    });
    return events(response, ":\n\n", { end: false });
  });
  const sent = request({
    ...{ host: "127.0.0.1", port, path: `/mcp/${TOKEN}`, method: "POST", agent: false },
    headers: {
      accept: ACCEPT,
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
    },
  });
  sent.on("error", () => undefined);
  sent.end(
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "echo", arguments: {}, _meta: META },
    }),
  );
  await expect.poll(() => upstream.of("tools/call").length).toBe(1);
  sent.destroy();
  await expect.poll(() => isClosed).toBe(true);
});

test("a client that sends its head a letter at a time is let go", { timeout: 40_000 }, async (context) => {
  context.skip(process.env["SLOW"] !== "1", "takes 15 seconds: SLOW=1");
  const { port } = await scene();
  const socket = net.connect(port, "127.0.0.1");
  const began = performance.now();
  const timer = setInterval(() => socket.write("x"), 500);
  socket.write(`POST /mcp/${TOKEN} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx-slow: `);
  await new Promise<void>((done) =>
    socket
      .once("close", () => done())
      .on("error", () => undefined)
      .resume(),
  );
  clearInterval(timer);
  expect(performance.now() - began).toBeLessThan(20_000);
});

test("a secret of the session leaves in no header that goes on, and a stranger's flood is a few lines", async () => {
  const { port, upstream, bed } = await scene();
  for (const headers of [
    { "mcp-param-note": "hunter2" },
    { tracestate: "a=hunter2" },
    { "user-agent": "hunter2" },
    { "last-event-id": "hunter2" },
  ])
    expect((await ask(port, OPEN, headers)).status).toBe(400);
  expect((await ask(port, OPEN, { "user-agent": "a client" })).status).toBe(200);
  expect(JSON.stringify(upstream.got)).not.toContain("hunter2");
  bed.notes.length = 0;
  for (let n = 0; n < 300; n += 1) await ask(port, OPEN, {}, { path: `/mcp/guess-${n}` });
  expect(bed.notes.length).toBeLessThan(40);
  expect(bed.notes.at(-1)).toMatchObject({ why: "http-endpoint", count: 128 });
});

test("where the server answers in streams so does the gateway in its place", async () => {
  const streamed: Answering = ({ method, body }, response) => {
    if (method !== "POST" || body.id === undefined) return false;
    const opening = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "s", version: "1" },
    };
    if (body.method === "initialize") response.setHeader("mcp-session-id", "its-own");
    const result =
      body.method === "initialize" ? opening : { tools: [{ name: "echo", inputSchema: { type: "object" } }] };
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id: body.id, result })}\n\n`);
    return true;
  };
  const list = { id: 1, method: "tools/list" };
  const { port } = await scene(streamed);
  const name = await session(port);
  const events = await ask(port, list, { "mcp-session-id": name });
  expect(events.headers["content-type"]).toBe("text/event-stream");
  expect(JSON.parse(events.text.replace(/^data: /, ""))).toMatchObject({
    id: 1,
    result: { tools: [{ name: "echo" }] },
  });
  const refused = await ask(
    port,
    { id: 2, method: "tools/call", params: { name: "none" } },
    { "mcp-session-id": name },
  );
  expect(refused.text).toMatch(/^data: .*no approved tool/);
  const other = await scene();
  const json = await ask(other.port, list, { "mcp-session-id": await session(other.port) });
  expect(json.headers["content-type"]).toBe("application/json");
});
