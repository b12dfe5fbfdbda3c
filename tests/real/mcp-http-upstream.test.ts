// Upstreams that steal, mislead and break, in front of a client that speaks lines: what reaches them, and what the client is told.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { httpBed, type LineClient, lines } from "../support/mcp-http-bed.ts";
import { type Answering, events, json, type StubUpstream, stubUpstream } from "../support/mcp-stub-upstream.ts";

const OPEN = {
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} },
};
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

function call(id: number, more: object = {}): object {
  return { id, method: "tools/call", params: { name: "echo", arguments: {}, ...more } };
}

interface Scene {
  readonly upstream: StubUpstream;
  readonly client: LineClient;
  readonly bed: ReturnType<typeof httpBed>;
}

/** A legacy session, opened, with `answer` for what is called. */
async function opened(answer: Answering, fields: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const upstream = await stubUpstream((got, response) =>
    got.body.method === "tools/call" || got.method !== "POST" ? answer(got, response) : undefined,
  );
  const bed = httpBed(upstream.url, fields);
  const client = lines(bed);
  client.send(OPEN);
  await client.next();
  client.send({ method: "notifications/initialized" });
  return { upstream, client, bed };
}

async function errorOf(scene: Scene): Promise<string> {
  scene.client.send(call(7));
  const { id, error } = await scene.client.next();
  expect(id).toBe(7);
  return (error as { readonly message: string } | undefined)?.message ?? "no error";
}

test("the control: a call comes back, with the session, the version and the credential", async () => {
  const scene = await opened(() => undefined, { authorization: "Bearer own" });
  scene.client.send(call(1));
  expect(await scene.client.next()).toMatchObject({ id: 1, result: { content: [{ text: "said nothing" }] } });
  const [sent] = scene.upstream.of("tools/call");
  expect(sent?.headers).toMatchObject({
    "mcp-session-id": "the-upstreams-own",
    "mcp-protocol-version": "2025-11-25",
    authorization: "Bearer own",
    "accept-encoding": "identity",
  });
  expect(scene.upstream.of("initialize")[0]?.headers["mcp-session-id"]).toBeUndefined();
});

test("a notification is with the server before what is asked behind it, the gateway's own questions too", async () => {
  const order: string[] = [];
  const upstream = await stubUpstream(({ body }, response) => {
    order.push(body.method ?? "");
    if (body.method !== "notifications/initialized") return undefined;
    setTimeout(() => {
      order.push("accepted");
      response.writeHead(202).end();
    }, 100);
    return true;
  });
  const client = lines(httpBed(upstream.url));
  client.send(OPEN);
  await client.next();
  client.send({ method: "notifications/initialized" });
  client.send({ id: 1, method: "tools/list" });
  await client.next();
  expect(order.filter((word) => word !== "")).toEqual([
    "initialize",
    "notifications/initialized",
    "accepted",
    "tools/list",
  ]);
});

test("a redirect to another origin gets neither the message nor the credential", async () => {
  const thief = await stubUpstream();
  for (const to of [
    `${thief.origin}/mcp`,
    "http://169.254.169.254/latest/meta-data/",
    "https://127.0.0.1:1/mcp",
    "//evil.example/mcp",
  ]) {
    const scene = await opened(
      (_, response) => {
        response.writeHead(307, { location: to }).end();
        return true;
      },
      { authorization: "Bearer own" },
    );
    expect(await errorOf(scene)).toContain("leads to another origin");
  }
  expect(thief.got).toEqual([]);
});

test("a redirect within the origin is followed where the message survives it, and not for ever", async () => {
  const scene = await opened(({ path }, response) => {
    if (path !== "/mcp") return undefined;
    response.writeHead(308, { location: "/mcp/" }).end();
    return true;
  });
  scene.client.send(call(1));
  expect(await scene.client.next()).toMatchObject({ id: 1, result: {} });
  const lost = await opened((_, response) => void response.writeHead(302, { location: "/else" }).end() === undefined);
  expect(await errorOf(lost)).toContain("would lose the message");
  const round = await opened((_, response) => void response.writeHead(307, { location: "/mcp" }).end() === undefined);
  expect(await errorOf(round)).toContain("goes round in circles");
});

test("what is no message is an error for its request", async () => {
  const wrong = await opened(
    (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<p>") === undefined,
  );
  expect(await errorOf(wrong)).toContain("answers with `text/html`");
  const packed = await opened((got, response) => {
    if (got.method !== "POST") return undefined;
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    response.end(gzipSync(JSON.stringify({ jsonrpc: "2.0", id: got.body.id, result: {} })));
    return true;
  });
  expect(await errorOf(packed)).toContain("packed answer");
  const down = await opened((_, response) => void response.writeHead(503).end("down") === undefined);
  expect(await errorOf(down)).toContain("HTTP 503");
  const broken = await opened((_, response) => events(response, 'data: {"jsonrpc":"2.0","id":7,'));
  expect(await errorOf(broken)).toContain("broke off");
  const cut = await opened((got, response) => {
    if (got.method !== "POST") return undefined;
    response.writeHead(200, { "content-type": "application/json", "content-length": "900" });
    response.write('{"jsonrpc":');
    setTimeout(() => response.destroy(), 20);
    return true;
  });
  expect(await errorOf(cut)).toContain("broken");
  const other = await opened((got, response) =>
    got.method === "POST" ? json(response, { jsonrpc: "2.0", id: "somebody else's", result: {} }) : undefined,
  );
  expect(await errorOf(other)).toContain("broke off");
});

test("an endless event ends at the cap", { timeout: 30_000 }, async () => {
  const scene = await opened((got, response) => {
    if (got.method !== "POST") return undefined;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: ");
    const piece = Buffer.alloc(1 << 20, "x");
    const more = (): void => {
      while (!response.destroyed && response.write(piece));
      if (!response.destroyed) response.once("drain", more);
    };
    more();
    return true;
  });
  expect(await errorOf(scene)).toContain("broke off");
});

test("events are read as servers write them: comments, other types, CR, a JSON body under the wrong label", async () => {
  for (const text of [
    ": hello\n\nid: 1\ndata:\n\nevent: ping\ndata: {}\n\ndata: ANSWER\n\n",
    "data: ANSWER\r\n\r\n",
    "data: ANSWER\r\r",
    "\ufeffdata:ANSWER\n\n",
    "id: bad\u0000id\nretry: soon\nnonsense\ndata: ANSWER\n\n",
    'data: {"jsonrpc":"2.0","id":7,\ndata: "result":{"content":[]}}\n\n',
    "ANSWER",
    "  ANSWER\n",
  ]) {
    const answer = '{"jsonrpc":"2.0","id":7,"result":{"content":[]}}';
    const scene = await opened((got, response) =>
      got.method === "POST" ? events(response, text.replace("ANSWER", answer)) : undefined,
    );
    expect(await errorOf(scene)).toBe("no error");
  }
});

test("a stream that breaks off is fetched on from its last event", async () => {
  const scene = await opened((got, response) => {
    if (got.method === "POST")
      return events(
        response,
        'id: e1\nretry: 10\ndata:\n\nid: e2\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"data":1}}\n\n',
      );
    if (got.headers["last-event-id"] !== "e2") return undefined;
    return events(response, 'id: e3\ndata: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}\n\n');
  });
  scene.client.send(call(1));
  expect(await scene.client.next()).toMatchObject({ method: "notifications/message" });
  expect(await scene.client.next()).toMatchObject({ id: 1, result: { content: [] } });
});

test("an id that could break a header is never sent back", async () => {
  const scene = await opened((got, response) =>
    got.method === "POST" ? events(response, "id: a\tb\ndata:\n\nid: \u00fc\ndata:\n\nretry: 1\n\n") : undefined,
  );
  expect(await errorOf(scene)).toContain("broke off");
  expect(scene.upstream.got.filter(({ headers }) => headers["last-event-id"] !== undefined)).toEqual([]);
});

test("a session that the server ends ends the client's connection, with words", async () => {
  const scene = await opened((got, response) =>
    got.method === "POST"
      ? json(response, { jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } }, 404)
      : undefined,
  );
  expect(await errorOf(scene)).toContain("the server has ended the session");
  expect(await scene.client.done).toBe("server");
});

test("an error without an id belongs to the request that it answers", async () => {
  const upstream = await stubUpstream((_, response) =>
    json(response, { jsonrpc: "2.0", id: null, error: { code: -32000, message: "Bad Request: not initialized" } }, 400),
  );
  const client = lines(httpBed(upstream.url));
  client.send({ id: "probe", method: "server/discover", params: { _meta: META } });
  expect(await client.next()).toMatchObject({
    id: "probe",
    error: { code: -32000, message: "Bad Request: not initialized" },
  });
});

test("modern headers are made from the body, parameters too", async () => {
  const upstream = await stubUpstream();
  const client = lines(httpBed(upstream.url));
  client.send({ id: 1, method: "tools/list", params: { _meta: META } });
  await client.next();
  client.send({ id: 2, method: "tools/call", params: { name: "echo", arguments: { region: "Zürich" }, _meta: META } });
  expect(await client.next()).toMatchObject({ id: 2 });
  const [sent] = upstream.of("tools/call");
  expect(sent?.headers).toMatchObject({
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "echo",
    "mcp-param-region": `=?base64?${Buffer.from("Zürich").toString("base64")}?=`,
  });
  expect(sent?.headers["mcp-session-id"]).toBeUndefined();
});

test("a tool whose header annotations break the rules is not served", async () => {
  const bad = {
    name: "bad",
    inputSchema: { type: "object", properties: { a: { type: "number", "x-mcp-header": "A" } } },
  };
  const good = { name: "good", inputSchema: { type: "object" } };
  const upstream = await stubUpstream(({ body }, response) =>
    body.method === "tools/list"
      ? json(response, { jsonrpc: "2.0", id: body.id, result: { tools: [bad, good] } })
      : undefined,
  );
  const bed = httpBed(upstream.url);
  const client = lines(bed);
  client.send({ id: 1, method: "tools/list", params: { _meta: META } });
  const { result } = (await client.next()) as {
    readonly result: { readonly tools: readonly { readonly name: string }[] };
  };
  expect(result.tools.map(({ name }) => name)).toEqual(["good"]);
  expect(bed.notes).toContainEqual(expect.objectContaining({ kind: "dropped", tool: "bad" }));
});

test("a modern request is cancelled by closing its stream, a legacy one by a message", async () => {
  const closed: string[] = [];
  const upstream = await stubUpstream(({ body }, response) => {
    if (body.method !== "tools/call") return undefined;
    response.on("close", () => closed.push(String(body.id)));
    return events(response, ":\n\n", { end: false });
  });
  const client = lines(httpBed(upstream.url));
  client.send({ ...call(0, { _meta: META }), id: "m" });
  await expect.poll(() => upstream.of("tools/call").length).toBe(1);
  client.send({ method: "notifications/cancelled", params: { requestId: "m" } });
  await expect.poll(() => closed).toEqual(["m"]);
  expect(upstream.of("notifications/cancelled")).toEqual([]);
  const old = lines(httpBed(upstream.url));
  old.send(OPEN);
  await old.next();
  old.send({ method: "notifications/initialized" });
  old.send(call(5));
  await expect.poll(() => upstream.of("tools/call").length).toBe(2);
  old.send({ method: "notifications/cancelled", params: { requestId: 5 } });
  await expect.poll(() => upstream.of("notifications/cancelled").length).toBe(1);
  expect(closed).toEqual(["m"]);
});

test("a word in an argument holds nothing up, and a method that no header can hold is an error", async () => {
  const scene = await opened(({ body }, response) =>
    body.id === 1 ? events(response, ":\n\n", { end: false }) : undefined,
  );
  scene.client.send(call(1, { arguments: { mode: "initialize" } }));
  scene.client.send(call(2));
  expect(await scene.client.next()).toMatchObject({ id: 2, result: {} });
  for (const method of ["x\r\ny: z", "\u4e16"]) {
    scene.client.send({ id: 3, method, params: { _meta: META } });
    expect(await scene.client.next()).toMatchObject({
      id: 3,
      error: { message: expect.stringContaining("cannot be sent") },
    });
  }
});
