// Secrets and canaries in every disguise towards an allowed host, through the real proxy to a real server; and a thousand ordinary requests, which pass.
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import zlib from "node:zlib";
import { describe, expect, it } from "vitest";
import { LeakSearch, type LeakSecret } from "#core/leak";
import { leakFilter, unpack } from "#egress";
import { DISGUISES } from "../support/disguises.ts";
import { bed, get, listen, talk } from "../support/proxy-bed.ts";
import { tmp } from "../support/tmp.ts";

const TOKEN = "ghp_R4nd0mT0k3nWithNoUseAtAll9x8y7z6w5v4";
const CANARY = "AKIAQ7XLM2PZ6WBNTR5E";
const SECRETS: readonly LeakSecret[] = [
  { name: ".env:GITHUB_TOKEN", value: Buffer.from(TOKEN) },
  { name: "canary:aws", value: Buffer.from(CANARY), isCanary: true },
];

interface Scene {
  readonly records: readonly { readonly type: string; readonly data?: unknown }[];
  /** Everything that reached the server. */
  readonly arrived: () => string;
  readonly requests: () => number;
  send(request: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer | readonly Buffer[];
  }): Promise<number>;
}

async function scene(secrets: readonly LeakSecret[] = SECRETS): Promise<Scene> {
  const arrived: Buffer[] = [];
  let requests = 0;
  const server = http.createServer((request, response) => {
    requests += 1;
    arrived.push(Buffer.from(`${request.url} ${request.rawHeaders.join(" ")}\n`));
    request.on("data", (piece: Buffer) => arrived.push(piece));
    request.on("end", () => response.end("ok"));
  });
  server.on("request", (request) => request.on("error", () => undefined));
  const port = await listen(server);
  const search = new LeakSearch(secrets, unpack);
  const { socketPath, records } = await bed({
    allow: [`ok.test:${port}`],
    filters: [leakFilter({ search: () => search, mayRead: () => true })],
  });
  return {
    records,
    arrived: () => Buffer.concat(arrived).toString("latin1"),
    requests: () => requests,
    send: ({ method = "POST", path = "/", headers = {}, body = "" }) =>
      new Promise((resolve) => {
        const host = `ok.test:${port}`;
        const request = http.request(
          { socketPath, method, path: `http://${host}${path}`, headers: { host, ...headers } },
          (response) => {
            response.resume();
            response.on("close", () => resolve(response.statusCode ?? 0));
          },
        );
        request.on("error", () => resolve(0));
        const pieces = Array.isArray(body) ? body : [body];
        for (const piece of pieces) if (piece.length > 0) request.write(piece);
        request.end();
      }),
  };
}

const inBody = (value: string | Buffer): { readonly body: string | Buffer } => ({ body: value });
const PLACES: Readonly<
  Record<
    string,
    (text: string) => { path?: string; headers?: Record<string, string>; body?: string | Buffer; method?: string }
  >
> = {
  query: (text) => ({ method: "GET", path: `/?q=${encodeURIComponent(text)}` }),
  path: (text) => ({ method: "GET", path: `/a/${encodeURIComponent(text)}/b` }),
  header: (text) => ({ method: "GET", headers: { "x-note": encodeURIComponent(text) } }),
  cookie: (text) => ({ method: "GET", headers: { cookie: `a=1; b=${encodeURIComponent(text)}` } }),
  "basic login": (text) => ({
    method: "GET",
    headers: { authorization: `Basic ${Buffer.from(`me:${text}`).toString("base64")}` },
  }),
  "JSON body": (text) => ({ body: JSON.stringify({ note: text }), headers: { "content-type": "application/json" } }),
  "form body": (text) => ({ body: `note=${encodeURIComponent(text)}&x=1` }),
  "gzip body": (text) => ({ body: zlib.gzipSync(text), headers: { "content-encoding": "gzip" } }),
  "brotli body": (text) => ({ body: zlib.brotliCompressSync(text), headers: { "content-encoding": "br" } }),
  "deflate body": (text) => ({ body: zlib.deflateRawSync(text), headers: { "content-encoding": "deflate" } }),
  "body coded twice": (text) => ({
    body: zlib.gzipSync(zlib.deflateSync(text)),
    headers: { "content-encoding": "deflate, gzip" },
  }),
};

describe("a secret towards an allowed host", () => {
  it.each(Object.entries(DISGUISES))("does not leave in a body: %s", async (_name, disguise) => {
    const { arrived, records, requests, send } = await scene();
    expect(await send(inBody("a control that passes"))).toBe(200);
    expect(await send(inBody(disguise(TOKEN)))).toBe(403);
    expect(await send(inBody(disguise(CANARY)))).toBe(403);
    expect(requests()).toBe(1);
    const blocked = records.filter(({ type }) => type === "net.blocked");
    expect(blocked).toMatchObject([
      { data: { reason: "secret-in-body", rule: "secret .env:GITHUB_TOKEN" } },
      { data: { reason: "canary-in-body", rule: "secret canary:aws" } },
    ]);
    for (const value of [TOKEN, CANARY]) {
      expect(JSON.stringify(records)).not.toContain(value.slice(0, 12));
      expect(arrived()).not.toContain(value.slice(4, 14));
    }
  });

  it.each(Object.entries(PLACES))("does not leave in a %s", async (_name, place) => {
    const { requests, send } = await scene();
    expect(await send(place("nothing to see"))).toBe(200);
    for (const text of [
      TOKEN,
      CANARY,
      Buffer.from(`x${TOKEN}`).toString("base64"),
      Buffer.from(CANARY).toString("hex"),
    ])
      expect([text, await send(place(text))]).toEqual([text, 403]);
    expect(requests()).toBe(1);
  });

  it("does not leave in chunks, in fields, or over address line, fields and body together", async () => {
    const { requests, send } = await scene();
    const third = [TOKEN.slice(0, 14), TOKEN.slice(14, 28), TOKEN.slice(28)] as const;
    expect(await send({ body: [...TOKEN].map((letter) => Buffer.from(letter)) })).toBe(403);
    expect(await send({ headers: { "x-a": third[0], "x-b": third[1], "x-c": third[2] } })).toBe(403);
    expect(await send({ path: `/${third[0]}`, headers: { "x-b": third[1] }, body: third[2] })).toBe(403);
    expect(requests()).toBe(0);
  });

  it("does not leave piece by piece in many requests", async () => {
    const { send } = await scene();
    const answers = [];
    for (const piece of TOKEN.match(/.{1,12}/g) ?? []) answers.push(await send({ body: `p=${piece}` }));
    expect(answers).toEqual([200, 403, 403, 200]);
  });

  it("does not leave deep in a long body: the connection breaks before it, and nothing of it has been sent", async () => {
    const { arrived, records, send } = await scene();
    const noise = Buffer.from(
      randomBytes(600_000)
        .toString("base64")
        .replace(/(.{70})/g, "$1\n"),
    );
    const where = [300_000, 524_288 - 20, 700_000];
    for (const at of where) {
      const body = Buffer.concat([noise.subarray(0, at), Buffer.from(`\n${TOKEN}\n`), noise.subarray(at)]);
      expect([0, 403]).toContain(await send({ body }));
    }
    expect(arrived()).not.toContain(TOKEN.slice(0, 10));
    expect(records.filter(({ type }) => type === "net.blocked")).toHaveLength(where.length);
  });

  it("does not leave within something compressed that is larger than a segment", async () => {
    const { requests, send } = await scene();
    const large = Buffer.concat([randomBytes(700_000), Buffer.from(TOKEN), randomBytes(1000)]);
    expect(await send({ body: zlib.gzipSync(large) })).toBe(403);
    expect(await send({ body: JSON.stringify({ data: zlib.gzipSync(large).toString("base64") }) })).toBe(403);
    expect(requests()).toBe(0);
  });

  it("refuses what cannot be looked through: bombs, unknown codings, broken ones", async () => {
    const { requests, send } = await scene();
    const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(await send({ body: bomb, headers: { "content-encoding": "gzip" } })).toBe(403);
    expect(await send({ body: bomb })).toBe(403);
    expect(await send({ body: "x", headers: { "content-encoding": "compress" } })).toBe(403);
    expect(await send({ body: "no gzip", headers: { "content-encoding": "gzip" } })).toBe(403);
    expect(requests()).toBe(0);
  });
});

it("tells what to send instead of what cannot be looked through", async () => {
  const port = await listen(http.createServer((_, response) => void response.end("ok")));
  const search = new LeakSearch(SECRETS, unpack);
  const { socketPath } = await bed({
    allow: [`ok.test:${port}`],
    filters: [leakFilter({ search: () => search, mayRead: () => true })],
  });
  for (const packed of ["\xfd7zXZ\0\0\x04\xe6\xd6\xb4F", "BZh91AY&SY", "\x28\xb5\x2f\xfd"]) {
    const body = packed.padEnd(200, "\x13\x57\xfe");
    const head = `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await talk(socketPath, Buffer.from(`${head}${body}`, "latin1"));
    expect(answer).toContain("403 unreadable-body");
    expect(answer).toContain("send it plain, or up to 8 MB of it in gzip or as a zip archive");
  }
});

describe("WebSocket", () => {
  it("lets messages through and ends the connection before a secret, also one cut into frames", async () => {
    const got: Buffer[] = [];
    const server = http.createServer();
    server.on("upgrade", (request, socket) => {
      const accept = createHash("sha1")
        .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      socket.on("data", (piece: Buffer) => got.push(piece));
      socket.on("error", () => undefined);
      socket.on("end", () => socket.destroy());
    });
    const port = await listen(server);
    const search = new LeakSearch(SECRETS, unpack);
    const { socketPath, records } = await bed({
      allow: [`ok.test:${port}`],
      filters: [leakFilter({ search: () => search, mayRead: () => true })],
    });
    const frame = (text: string, first = 0x81): Buffer => {
      const key = randomBytes(4);
      const body = Buffer.from(text).map((byte, at) => byte ^ (key[at % 4] ?? 0));
      return Buffer.concat([Buffer.from([first, 0x80 | text.length]), key, body]);
    };
    const start = get(
      `http://ok.test:${port}/`,
      `ok.test:${port}`,
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
    );
    let isSent = false;
    await talk(socketPath, start, (socket) => {
      if (isSent) return;
      isSent = true;
      socket.write(frame("hello"));
      setTimeout(
        () => socket.write(Buffer.concat([frame(TOKEN.slice(0, 15), 0x01), frame(TOKEN.slice(15), 0x80)])),
        100,
      );
    });
    expect(got.length).toBeGreaterThan(0);
    expect(records).toContainEqual(
      expect.objectContaining({
        type: "net.blocked",
        data: expect.objectContaining({ reason: "secret-in-websocket" }),
      }),
    );
  });
});

describe("ordinary requests", () => {
  it("pass, a thousand of them: package metadata, packs, JSON, uploads, images, forms", async () => {
    const secrets: readonly LeakSecret[] = [
      ...SECRETS,
      ...[
        "postgres://app:Zx8!qkWm2@db.internal:5432/app",
        "Zx8!qkWm2",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
        "k3yforjwt!",
        "hunter2hunter2",
      ].map((text, at) => ({ name: `.env:V${at}`, value: Buffer.from(text) })),
      ...Array.from({ length: 40 }, (_, at) => ({
        name: `.env:R${at}`,
        value: Buffer.from(randomBytes(24).toString("base64url")),
      })),
    ];
    const { records, requests, send } = await scene(secrets);
    const bodies = ordinaryBodies();
    for (let at = 0; at < 1000; at += 1) {
      const [body = Buffer.alloc(0), headers = {}] = bodies[at % bodies.length] ?? [];
      const path = `/${["v1/messages", "npm/@types%2fnode", "repo.git/git-receive-pack", "upload?id=", "api/items?limit=20&after="][at % 5]}${at}`;
      expect([at, await send({ path, headers, body })]).toEqual([at, 200]);
    }
    expect(requests()).toBe(1000);
    expect(records.filter(({ type }) => type === "net.blocked")).toEqual([]);
  }, 110_000);
});

/** Real files of this repository and of what it depends on, as programs send them. */
function ordinaryBodies(): readonly (readonly [Buffer, Readonly<Record<string, string>>])[] {
  const folder = tmp();
  const git = (...words: readonly string[]): void =>
    void execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", ...words], {
      stdio: "pipe",
    });
  git("init", "-q");
  for (let at = 0; at < 10; at += 1) writeFileSync(join(folder, `f${at}.txt`), randomBytes(2000).toString("base64"));
  writeFileSync(join(folder, "lock.json"), readFileSync("package-lock.json").subarray(0, 20_000));
  git("add", ".");
  git("commit", "-qm", "all");
  const pack = execFileSync("git", ["-C", folder, "pack-objects", "--stdout", "--all", "-q"], {
    input: "",
    maxBuffer: 1e9,
  });
  const source = readFileSync("src/egress/exchange.ts", "utf8");
  const lock = readFileSync("package-lock.json");
  const png = Buffer.concat([
    Buffer.from("89504e470d0a1a0a", "hex"),
    zlib.deflateSync(randomBytes(30_000)),
    randomBytes(5_000),
  ]);
  const chat = JSON.stringify({
    messages: Array.from({ length: 8 }, (_, at) => ({
      role: at % 2 ? "user" : "assistant",
      content: source.slice(at * 900, at * 900 + 3000),
    })),
  });
  const tar = zlib.gzipSync(Buffer.concat([lock.subarray(0, 20_000), Buffer.from(source)]));
  return [
    [Buffer.from(chat), { "content-type": "application/json" }],
    [pack, { "content-type": "application/x-git-receive-pack-request" }],
    [lock.subarray(0, 40_000), { "content-type": "application/json" }],
    [png, { "content-type": "image/png" }],
    [tar, { "content-type": "application/octet-stream" }],
    [zlib.gzipSync(chat), { "content-encoding": "gzip" }],
    [Buffer.from(JSON.stringify({ _attachments: { "x.tgz": { data: tar.toString("base64") } } })), {}],
    [
      Buffer.from(`grant_type=refresh&token=${randomBytes(30).toString("base64url")}&scope=a+b`),
      { "content-type": "application/x-www-form-urlencoded" },
    ],
    [randomBytes(50_000), { "content-type": "application/octet-stream" }],
    [
      Buffer.from(
        Array.from({ length: 200 }, (_, at) => createHash("sha256").update(`${at}`).digest("hex")).join("\n"),
      ),
      {},
    ],
  ];
}
