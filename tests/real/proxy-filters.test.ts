// Filters at the proxy: what they are shown, what they change, and how their no looks to a client.
import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import type { BodyFilter, ExchangeFilter, FilterRefusal, HttpFilter, RequestView } from "#egress";
import { bed, echoServer, get, listen, talk } from "../support/proxy-bed.ts";

const NO: FilterRefusal = { reason: "no-secret", hint: "leave it out", rule: "secrets (policy.yaml:3)" };

function filter(begin: (request: RequestView) => ExchangeFilter | FilterRefusal | undefined): HttpFilter {
  return { needs: () => true, begin: async (request) => begin(request) };
}

/** Replaces a word, whole or split over pieces, by another of the same length or not. */
function replacing(word: string, by: string): BodyFilter {
  let kept = "";
  const run = (all: string, isEnd: boolean): readonly Buffer[] => {
    const made = all.replaceAll(word, by);
    const keep = isEnd ? 0 : Math.min(word.length - 1, made.length);
    kept = made.slice(made.length - keep);
    return [Buffer.from(made.slice(0, made.length - keep), "latin1")];
  };
  const rest = (): readonly Buffer[] => {
    const made = run(kept, true);
    kept = "";
    return made;
  };
  return {
    keepsLength: word.length === by.length,
    take: (piece) => run(kept + piece.toString("latin1"), false),
    end: rest,
    flush: rest,
  };
}

/** Says no to a word as soon as it is complete. */
function refusing(word: string): BodyFilter {
  let seen = "";
  return {
    keepsLength: true,
    take: (piece) => {
      seen = (seen + piece.toString("latin1")).slice(-1_000_000);
      return seen.includes(word) ? NO : [piece];
    },
    end: () => [],
  };
}

const post = (port: number, extra: string, body: string): string =>
  `POST http://ok.test:${port}/p HTTP/1.1\r\nHost: ok.test:${port}\r\n${extra}\r\n${body}`;

describe("filters on requests", () => {
  it("see each request of a kept connection, in order, each what the one before it made", async () => {
    const port = await echoServer();
    const seen: RequestView[] = [];
    const { socketPath } = await bed({
      allow: [`ok.test:${port}`],
      filters: [
        filter(({ fields, target }) => ({ target: `${target}?a`, fields: [...fields, { name: "X-One", value: "1" }] })),
        filter((request) => {
          seen.push(request);
          return request.target.startsWith("/no") ? NO : { target: `${request.target}&b` };
        }),
      ],
    });
    const one = get(`http://ok.test:${port}/1`, `ok.test:${port}`);
    const answer = await talk(socketPath, one + one.replace("/1", "/2") + one.replace("/1", "/no") + one);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 403"]);
    expect(answer).toContain('"url":"/1?a&b"');
    expect(answer).toContain('"x-one":"1"');
    expect(answer).toContain("x-ringfence-reason: no-secret");
    expect(seen.map(({ target }) => target)).toEqual(["/1?a", "/2?a", "/no?a"]);
    expect(seen[0]).toMatchObject({ scheme: "http", host: "ok.test", port, method: "GET" });
  });
  it("refuse before anything is dialled, and on record with their rule", async () => {
    const port = await echoServer();
    const { socketPath, records, asked } = await bed({ allow: [`ok.test:${port}`], filters: [filter(() => NO)] });
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toMatch(
      /^HTTP\/1\.1 403 no-secret/,
    );
    expect(asked).toEqual([]);
    expect(records).toMatchObject([
      { type: "net.blocked", data: { host: "ok.test", port, reason: "no-secret", rule: NO.rule } },
    ]);
  });
  it("that throw, or make two fields of one, refuse", async () => {
    const port = await echoServer();
    const ask = async (one: HttpFilter): Promise<string> => {
      const { socketPath } = await bed({ allow: [`ok.test:${port}`], filters: [one] });
      return talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`));
    };
    expect(await ask(filter(() => undefined))).toContain("200 OK");
    const broken: readonly HttpFilter[] = [
      { needs: () => true, begin: () => Promise.reject(new Error("x")) },
      filter(() => ({ fields: [{ name: "A", value: "b\r\nHost: evil.test" }] })),
      filter(() => ({ target: "/a b" })),
      filter(() => ({ down: () => ({ fields: [{ name: "A b", value: "c" }] }) })),
      filter(() => ({
        down: () => {
          throw new Error("x");
        },
      })),
    ];
    for (const one of broken) expect(await ask(one)).toMatch(/^HTTP\/1\.1 403 not-looked-at/);
  });
  it.each([
    ["of the same length", "Content-Length: 12\r\n", "a secret b c", "SECRET", '"content-length":"12"'],
    ["of another length", "Content-Length: 12\r\n", "a secret b c", "LONGER-ONE", '"content-length":"16"'],
    [
      "in chunks",
      "Transfer-Encoding: chunked\r\n",
      "5\r\na sec\r\n7\r\nret b c\r\n0\r\n\r\n",
      "SECRET",
      '"content-length":"12"',
    ],
  ])("change a body %s", async (_name, extra, body, by, length) => {
    const port = await echoServer();
    const { socketPath } = await bed({
      allow: [`ok.test:${port}`],
      filters: [filter(() => ({ up: replacing("secret", by) }))],
    });
    const answer = await talk(socketPath, post(port, extra, body));
    expect(answer).toContain(`"body":"a ${by} b c"`);
    expect(answer).toContain(length);
  });
  it.each([
    ["the same length", "Content-Length: 1000000\r\n", "SECRET", 1_000_000],
    ["another length", "Content-Length: 1000000\r\n", "LONGER-ONE", 1_000_004],
  ])("change a long body, %s, as it streams", async (_name, extra, by, length) => {
    const port = await echoServer();
    const { socketPath } = await bed({
      allow: [`ok.test:${port}`],
      filters: [filter(() => ({ up: replacing("secret", by) }))],
    });
    const body = `${"x".repeat(600_000)}secret${"y".repeat(399_994)}`;
    const answer = await talk(socketPath, post(port, extra, body), undefined, 1500);
    expect(answer).toContain(`x${by}y`);
    const echoed = /"body":"([^"]*)"/.exec(answer.replaceAll(/\r\n[0-9a-f]+\r\n/g, ""))?.[1] ?? "";
    expect(echoed.length).toBe(length);
  });
  it("refuse a short body with an answer and a long one with one too, and the server never has it whole", async () => {
    const got: string[] = [];
    const server = http.createServer((request, response) => {
      request.on("end", () => {
        got.push("whole");
        response.end("ok");
      });
      request.resume();
    });
    server.on("clientError", (_, socket) => socket.destroy());
    const port = await listen(server);
    const { socketPath, records } = await bed({
      allow: [`ok.test:${port}`],
      filters: [filter(() => ({ up: refusing("secret") }))],
    });
    expect(await talk(socketPath, post(port, "Content-Length: 2\r\n", "ok"))).toContain("200 OK");
    expect(got).toEqual(["whole"]);
    expect(await talk(socketPath, post(port, "Content-Length: 8\r\n", "a secret"))).toMatch(
      /^HTTP\/1\.1 403 no-secret/,
    );
    expect(
      await talk(socketPath, post(port, "Transfer-Encoding: chunked\r\n", "3\r\nsec\r\n3\r\nret\r\n0\r\n\r\n")),
    ).toMatch(/^HTTP\/1\.1 403 no-secret/);
    const long = `${"x".repeat(900_000)}secret`;
    expect(await talk(socketPath, post(port, `Content-Length: ${long.length}\r\n`, long))).toMatch(
      /^HTTP\/1\.1 403 no-secret/,
    );
    expect(got).toEqual(["whole"]);
    expect(records.filter(({ type }) => type === "net.blocked")).toHaveLength(3);
    server.closeAllConnections();
  });
  it("answer for the server when a client waits with its body, and send no Expect on", async () => {
    const port = await echoServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`], filters: [filter(() => ({ up: refusing("x") }))] });
    let sent = false;
    const answer = await talk(socketPath, post(port, "Content-Length: 2\r\nExpect: 100-continue\r\n", ""), (socket) => {
      if (!sent) socket.write("ok");
      sent = true;
    });
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
    expect(answer).not.toContain('"expect"');
  });
  it("break off what changes its length against its word", async () => {
    const port = await echoServer();
    const liar: BodyFilter = { keepsLength: true, take: (piece) => [piece, Buffer.from("more")], end: () => [] };
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`], filters: [filter(() => ({ up: liar }))] });
    const body = "x".repeat(600_000);
    await talk(socketPath, post(port, `Content-Length: ${body.length}\r\n`, body));
    expect(records.map(({ type, data }) => [type, data["reason"]])).toContainEqual(["net.blocked", "not-looked-at"]);
  });
});

describe("filters on answers", () => {
  it.each([
    ["same length", "SECRET", "Content-Length: 8\r\n\r\na secret", /a SECRET$/],
    ["another length", "X", "Content-Length: 8\r\n\r\na secret", /chunked[\s\S]*\r\na X\r\n0\r\n\r\n$/],
    [
      "chunked",
      "SECRET",
      "Transfer-Encoding: chunked\r\n\r\n4\r\na se\r\n4\r\ncret\r\n0\r\n\r\n",
      /SECRET\r\n0\r\n\r\n$/,
    ],
    ["until the end", "X", "\r\na secret", /a X$/],
  ])("change the body and fields: %s", async (_name, by, rest, want) => {
    const port = await listen(
      net.createServer((socket) => {
        socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nX-Key: secret\r\n${rest}`));
      }),
    );
    const { socketPath } = await bed({
      allow: [`ok.test:${port}`],
      filters: [
        filter(() => ({
          down: ({ fields }) => ({
            fields: fields.map((field) => (field.value === "secret" ? { ...field, value: "hidden" } : field)),
            body: replacing("secret", by),
          }),
        })),
      ],
    });
    const answer = await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`));
    expect(answer).toMatch(want);
    expect(answer).toContain("X-Key: hidden");
    expect(answer).not.toContain("secret");
  });
});

/** A WebSocket server that answers each text message with `echo:` and it, frames read by hand. */
async function webSocketServer(): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = http.createServer();
  server.on("upgrade", (request, socket) => {
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-Ext: ${request.headers["sec-websocket-extensions"] ?? "none"}\r\n\r\n`,
    );
    let message = "";
    let bytes = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (piece: Buffer) => {
      bytes = Buffer.concat([bytes, piece]);
      for (;;) {
        const size = bytes[1] === undefined ? 0 : bytes[1] & 0x7f;
        if (bytes.length < 6 + size) return;
        const key = bytes.subarray(2, 6);
        const text = Buffer.from(bytes.subarray(6, 6 + size).map((byte, i) => byte ^ (key[i & 3] ?? 0))).toString();
        const first = bytes[0] ?? 0;
        bytes = bytes.subarray(6 + size);
        if ((first & 15) >= 8) {
          heard.push(`${first & 15}:${text}`);
          continue;
        }
        message += text;
        if (first < 0x80) continue;
        heard.push(message);
        const echo = Buffer.from(`echo:${message}`);
        message = "";
        socket.write(Buffer.concat([Buffer.from([0x81, echo.length]), echo]));
      }
    });
    socket.on("end", () => socket.end());
  });
  return { port: await listen(server), heard };
}

describe("filters on WebSocket", () => {
  function clientFrame(first: number, text: string): Buffer {
    const key = Buffer.from([1, 2, 3, 4]);
    const body = Buffer.from(text).map((byte, i) => byte ^ (key[i & 3] ?? 0));
    return Buffer.concat([Buffer.from([first, 0x80 | body.length]), key, body]);
  }
  const upgrade = (port: number): string =>
    get(
      `http://ok.test:${port}/ws`,
      `ok.test:${port}`,
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
    );
  async function converse(frames: readonly Buffer[], up: BodyFilter, down?: BodyFilter) {
    const { port, heard } = await webSocketServer();
    const { socketPath, records } = await bed({
      allow: [`ok.test:${port}`],
      filters: [filter(() => ({ up, ...(down === undefined ? {} : { down: () => ({ body: down }) }) }))],
    });
    let sent = false;
    const answer = await talk(socketPath, upgrade(port), (socket) => {
      if (!sent) for (const one of frames) socket.write(one);
      sent = true;
    });
    return { answer, heard, records };
  }
  it("read messages unmasked, over fragments, and change them; nothing is kept back and nothing is compressed", async () => {
    const { answer, heard } = await converse(
      [clientFrame(0x01, "a sec"), clientFrame(0x80, "ret"), clientFrame(0x81, "second")],
      replacing("secret", "LONGER-ONE"),
      replacing("echo", "said"),
    );
    expect(heard).toEqual(["a LONGER-ONE", "second"]);
    expect(answer).toMatch(/said:a LONGER-[^ ]*ONE/); // in two frames
    expect(answer).toMatch(/said:sec[^ ]*ond/);
    expect(answer).toContain("X-Ext: none");
  });
  it("refuse a message: the connection breaks and the record says so", async () => {
    const { heard, records } = await converse(
      [clientFrame(0x81, "fine"), clientFrame(0x81, "a secret")],
      refusing("secret"),
    );
    expect(heard).toEqual(["fine"]);
    expect(records.find(({ type }) => type === "net.blocked")?.data).toMatchObject({ reason: "no-secret" });
  });
  it("let nothing pass in control frames", async () => {
    const { answer, heard } = await converse(
      [
        clientFrame(0x89, "secret-in-ping"),
        clientFrame(0x8a, "secret-in-pong"),
        clientFrame(0x88, "\u0003\u0020secret-in-close"),
      ],
      replacing("zzz", "yyy"),
    );
    expect(answer).toContain("secret-in-ping"); // the pong, from the proxy
    expect(heard).toEqual(["9:", "8:\u0003\u0020"]);
  });
  it.each([
    ["unmasked", Buffer.from([0x81, 1, 0x61])],
    ["a reserved bit", clientFrame(0xc1, "x")],
    ["an unknown kind", clientFrame(0x83, "x")],
    ["a long form of a short length", Buffer.from([0x81, 0xfe, 0, 1, 1, 2, 3, 4, 0x60])],
    ["a fragment of nothing", clientFrame(0x80, "x")],
    ["a message within a message", Buffer.concat([clientFrame(0x01, "x"), clientFrame(0x81, "y")])],
    ["a control frame in parts", clientFrame(0x09, "x")],
  ])("refuse %s", async (_name, bytes) => {
    const { heard, records } = await converse([bytes], refusing("secret"));
    expect(heard).toEqual([]);
    expect(String(records.find(({ type }) => type === "net.blocked")?.data["reason"])).toMatch(
      /^bad-request-websocket/,
    );
  });
});
