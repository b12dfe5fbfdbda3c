// What the proxy sees of a model: prompts, answers, calls and tokens on record as observed, while every byte passes as it came and when it came.
import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { encodeBody, type RecordBody } from "#core/log";
import { type HttpFilter, modelWatch } from "#egress";
import { protocolOf } from "../support/model-protocols.ts";
import { bed, listen, proxyPort, talk } from "../support/proxy-bed.ts";

const KEY = "sk-ant-RealKey-0123456789";

interface Scene {
  readonly records: RecordBody[];
  readonly said: () => readonly RecordBody[];
  ask(
    path: string,
    body: string | Buffer,
    headers?: http.OutgoingHttpHeaders,
  ): Promise<{ status: number; bytes: Buffer }>;
  readonly port: number;
  readonly socketPath: string;
}

async function scene(serve: http.RequestListener, further: readonly HttpFilter[] = []): Promise<Scene> {
  const server = http.createServer(serve);
  onTestFinished(() => server.closeAllConnections());
  const port = await listen(server);
  const records: RecordBody[] = [];
  const append = async (body: RecordBody): Promise<number> => records.push(body);
  const { socketPath } = await bed({
    allow: [`ok.test:${port}`],
    append,
    filters: [modelWatch({ append }), ...further],
  });
  const proxy = await proxyPort(socketPath);
  return {
    ...{ records, port, socketPath },
    said: () => records.filter(({ type }) => type === "prompt" || type === "model.output"),
    ask: (path, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const request = http.request(
          {
            ...{ port: proxy, host: "127.0.0.1", method: "POST", path: `http://ok.test:${port}${path}` },
            headers: {
              host: `ok.test:${port}`,
              connection: "close",
              "x-api-key": KEY,
              "content-length": Buffer.byteLength(body),
              ...headers,
            },
          },
          (response) => {
            const pieces: Buffer[] = [];
            response.on("data", (piece: Buffer) => pieces.push(piece));
            response.on("error", reject);
            response.on("end", () => resolve({ status: response.statusCode ?? 0, bytes: Buffer.concat(pieces) }));
          },
        );
        request.on("error", reject);
        request.end(body);
      }),
  };
}

const ASKED = {
  "/v1/messages": { model: "m", tools: [{ name: "Bash" }], messages: [{ role: "user", content: "list it" }] },
  "/v1/responses": { model: "m", input: [{ role: "user", content: "list it" }] },
  "/v1/chat/completions": { model: "m", messages: [{ role: "user", content: "list it" }] },
  "/v1beta/models/m:streamGenerateContent?alt=sse": { contents: [{ role: "user", parts: [{ text: "list it" }] }] },
} as const;

const CODINGS = {
  identity: (text: string) => Buffer.from(text),
  gzip: (text: string) => gzipSync(text),
  br: (text: string) => brotliCompressSync(text),
};

describe("an exchange with a model", () => {
  const table = Object.entries(ASKED).flatMap(([path, body]) =>
    Object.entries(CODINGS).map(([coding, pack]) => ({ path, body, coding, pack })),
  );
  it.for(table)(
    "$path in $coding: prompt and answer are on record, observed, and pass as they are",
    async ({ body, coding, pack, path }) => {
      const protocol = protocolOf(path.split("?")[0] ?? "");
      const answer = pack(protocol?.answer({ tool: "Bash", args: { command: "ls -ä" } }, "7", "m-1") ?? "");
      const heard: Buffer[] = [];
      const { ask, records, said } = await scene((request, response) => {
        request.on("data", (piece: Buffer) => heard.push(piece));
        request.on("end", () => {
          response.writeHead(200, {
            "content-type": "text/event-stream",
            "content-encoding": coding,
            "request-id": "req_1",
          });
          for (let at = 0; at < answer.length; at += 7) response.write(answer.subarray(at, at + 7));
          response.end();
        });
      });
      const sent = CODINGS.gzip(JSON.stringify(body));
      const got = await ask(path, sent, { "content-encoding": "gzip" });
      expect(got.bytes.equals(answer)).toBe(true);
      expect(Buffer.concat(heard).equals(sent)).toBe(true);
      expect(said().map(({ type, origin }) => [type, origin])).toEqual([
        ["prompt", "observed"],
        ["model.output", "observed"],
      ]);
      const [prompt, output] = said().map(({ data }) => data);
      expect(prompt).toMatchObject({
        exchange: "m1",
        via: "proxy",
        host: "ok.test",
        model: "m",
        text: "list it",
        messages: 1,
      });
      expect(output).toMatchObject({
        exchange: "m1",
        status: 200,
        request: "req_1",
        model: "m-1",
        text: "",
        inputTokens: 10,
        outputTokens: 10,
      });
      expect(output?.["calls"]).toMatchObject([{ tool: "Bash", input: '{"command":"ls -ä"}' }]);
      expect(output?.["incomplete"]).toBeUndefined();
      expect(JSON.stringify(records)).not.toContain(KEY);
    },
  );
  it("is told of by a name that both records and later exchanges keep apart", async () => {
    const { ask, said } = await scene((request, response) => {
      request.resume();
      response.end('{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}');
    });
    await ask("/v1/chat/completions", JSON.stringify(ASKED["/v1/chat/completions"]));
    await ask("/v1/embeddings", "{}");
    await ask("/v1/chat/completions", JSON.stringify(ASKED["/v1/chat/completions"]));
    expect(said().map(({ data }) => [data["exchange"], data["text"]])).toEqual([
      ["m1", "list it"],
      ["m1", "hi"],
      ["m2", "list it"],
      ["m2", "hi"],
    ]);
  });
  it("passes each piece before the next one is there", async () => {
    let go = (): void => undefined;
    const { port, socketPath, said } = await scene((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"choices":[{"delta":{"content":"first"}}]}\n\nda');
      go = () =>
        response.end('ta: {"choices":[{"delta":{"content":" second"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
    });
    const head = `POST http://ok.test:${port}/v1/chat/completions HTTP/1.1\r\nHost: ok.test:${port}\r\n`;
    const answer = await talk(socketPath, `${head}Content-Length: 2\r\n\r\n{}`, (_, soFar) => {
      if (soFar.includes("first")) go();
    });
    expect(answer).toContain("second");
    expect(said().at(-1)?.data).toMatchObject({ text: "first second" });
  });
  it("sends a request on while it comes: nothing is held for a look", async () => {
    let arrived = "";
    const { port, socketPath } = await scene((request, response) => {
      request.on("data", (piece: Buffer) => {
        arrived += piece.toString();
        if (arrived === "half") response.write("got half");
      });
      request.on("end", () => response.end());
    });
    const head = `POST http://ok.test:${port}/v1/messages HTTP/1.1\r\nHost: ok.test:${port}\r\n`;
    const answer = await talk(socketPath, `${head}Content-Length: 8\r\n\r\nhalf`, (socket, soFar) => {
      if (soFar.includes("got half") && arrived === "half") socket.write("half");
    });
    expect(answer).toContain("got half");
    expect(arrived).toBe("halfhalf");
  });
  it.for(["client", "server"] as const)("that the %s breaks off is on record as far as it went", async (who) => {
    const { port, socketPath, said } = await scene((request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(
        `data: ${JSON.stringify({ type: "content_block_delta", index: 0, delta: { text: "as far as" } })}\n\n`,
      );
      if (who === "server") setTimeout(() => response.destroy(), 50);
      const ping = setInterval(() => response.write(": ping\n\n"), 50);
      response.on("close", () => clearInterval(ping));
    });
    const body = JSON.stringify(ASKED["/v1/messages"]);
    const head = `POST http://ok.test:${port}/v1/messages HTTP/1.1\r\nHost: ok.test:${port}\r\n`;
    await talk(socketPath, `${head}Content-Length: ${body.length}\r\n\r\n${body}`, (socket, soFar) => {
      if (who === "client" && soFar.includes("as far as")) socket.destroy();
    });
    await expect.poll(() => said().length).toBe(2);
    expect(said()[1]?.data).toMatchObject({ text: "as far as", incomplete: true });
  });
  it("that was refused is no prompt", async () => {
    const no: HttpFilter = {
      needs: () => false,
      begin: async () => ({ up: { keepsLength: true, take: () => ({ reason: "no", hint: "h" }), end: () => [] } }),
    };
    const { ask, said } = await scene((request, response) => request.resume() && response.end("{}"), [no]);
    expect((await ask("/v1/messages", JSON.stringify(ASKED["/v1/messages"]))).status).toBe(403);
    expect(said()).toEqual([]);
  });
  it("that is no such thing passes like any other", async () => {
    const { ask, said } = await scene((request, response) => {
      request.resume();
      response.writeHead(502, { "content-type": "text/html", "content-encoding": "x-unheard-of" });
      response.end("<html>");
    });
    expect((await ask("/v1/messages", "\xff{{{")).status).toBe(502);
    expect(said().map(({ data }) => data)).toMatchObject([
      { text: "", unread: "not-understood" },
      { text: "", status: 502, unread: "content-coding" },
    ]);
  });
  it("of 10 MB is one record with a blob", async () => {
    const text = "0123456789".repeat(1_048_576);
    const { ask, said } = await scene((request, response) => {
      request.resume();
      response.end(
        JSON.stringify({ id: "msg_1", model: "m", content: [{ type: "text", text }], usage: { output_tokens: 3 } }),
      );
    });
    await ask("/v1/messages", JSON.stringify(ASKED["/v1/messages"]));
    const output = said()[1];
    expect(output?.data["text"]).toBe(text);
    const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
    const encoded = output === undefined ? undefined : encodeBody(output, digest);
    expect(encoded?.ok === true && [encoded.value.text.length < 1000, encoded.value.blobs[0]?.bytes.length]).toEqual([
      true,
      text.length + 2,
    ]);
  });
});

describe("a model over WebSocket", () => {
  it("is a prompt for each request and an answer for each end", async () => {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined);
      const key = /sec-websocket-key: (.*)\r\n/i;
      let isOpen = false;
      socket.on("data", (piece) => {
        if (!isOpen) {
          isOpen = true;
          const given = key.exec(piece.toString("latin1"))?.[1] ?? "";
          const accept = createHash("sha1").update(`${given}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
          socket.write(
            `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
          );
          return;
        }
        const event = (value: object): void => {
          const text = Buffer.from(JSON.stringify(value));
          socket.write(Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 255]), text]));
        };
        event({
          type: "response.output_text.delta",
          output_index: 0,
          delta: "over the wire".padEnd(200, "."),
        });
        event({
          type: "response.completed",
          response: {
            id: "resp_1",
            model: "m-1",
            status: "completed",
            output: [],
            usage: { input_tokens: 5, output_tokens: 6 },
            padding: "x".repeat(200),
          },
        });
      });
    });
    const port = await listen(server);
    const records: RecordBody[] = [];
    const append = async (body: RecordBody): Promise<number> => records.push(body);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`], append, filters: [modelWatch({ append })] });
    const asked = Buffer.from(
      JSON.stringify({ type: "response.create", model: "m", input: [{ role: "user", content: "hello" }] }),
    );
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | asked.length, 0, 0, 0, 0]), asked]);
    let sent = false;
    await talk(
      socketPath,
      `GET http://ok.test:${port}/v1/responses HTTP/1.1\r\nHost: ok.test:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      (socket, answer) => {
        if (sent || !answer.includes("101")) return;
        sent = true;
        socket.write(frame);
      },
    );
    const said = records.filter(({ type }) => type === "prompt" || type === "model.output");
    expect(said.map(({ data }) => data)).toMatchObject([
      { exchange: "m1", turn: 1, text: "hello", model: "m" },
      {
        exchange: "m1",
        turn: 1,
        text: expect.stringMatching(/^over the wire\.+$/),
        model: "m-1",
        stop: "completed",
        inputTokens: 5,
        outputTokens: 6,
      },
    ]);
  });
});
