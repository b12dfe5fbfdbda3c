// The whole way through the proxy with TLS read (docs/inspection.md): what programs try inside it, what servers try outside it. A real HTTPS server
// counts what arrives; the control of each refusal is `the ordinary way` below, through the same proxy.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import https from "node:https";
import net, { type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { Duplex } from "node:stream";
import tls, { type TLSSocket } from "node:tls";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { RecordBody } from "#core/log";
import { type EgressPlan, expandNetwork } from "#core/net";
import type { Policy } from "#core/policy";
import { type HttpFilter, openEgress, openInspection } from "#egress";
import { type Shown, tlsServer, worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const HOST = "ok.test";
const world = worldAuthority();
const good = world.server(HOST);
const at = { file: "policy.yaml", line: 7, column: 3 };

interface Scene {
  readonly records: RecordBody[];
  readonly ca: string;
  readonly socketPath: string;
  /** CONNECT to it, and what came back. */
  connect(target: string): Promise<{ readonly answer: string; readonly socket: Socket }>;
  /** As a program does it: CONNECT, TLS trusting the session's authority. */
  inside(target: string, options?: tls.ConnectionOptions): Promise<TLSSocket>;
  reasons(): unknown[];
}

async function scene(options: {
  readonly allow: Policy["sandbox"]["network"]["allow"];
  readonly inspect?: "auto" | "all" | "rules";
  readonly except?: readonly string[];
  readonly filters?: readonly HttpFilter[];
  readonly hosts?: readonly string[];
  readonly without?: "inspector";
}): Promise<Scene> {
  const hosts = options.hosts ?? [HOST];
  const expanded = expandNetwork(
    {
      ...{ allow: options.allow, deny: [], inspect: options.inspect ?? "auto", mode: "enforce" },
      inspectExcept: (options.except ?? []).map((text) => ({ text, at })),
      allowPrivate: hosts.map((host) => ({ host, cidr: "127.0.0.1/32", reason: "the test's own", at })),
    },
    { registries: {}, files: [], caFile: undefined, env: {} } as never,
  );
  if (!expanded.ok) throw new Error(JSON.stringify(expanded.error));
  const plan: EgressPlan = { ...expanded.value, maxConnections: 100 };
  const bundle = join(tmp(), "world.pem");
  writeFileSync(bundle, world.certificate);
  const inspection = await openInspection({ session: "s", roots: { files: [bundle], written: ["/nowhere"] } });
  const must = (host: string, port: number): boolean =>
    (options.filters ?? []).some((filter) => filter.needs(host, port));
  const records: RecordBody[] = [];
  const socketPath = join(tmp(), "proxy.sock");
  const egress = await openEgress({
    ...{ plan, socketPath, filters: options.filters ?? [] },
    ...(options.without === undefined
      ? { inspector: inspection.inspector({ plan: () => plan, must, may: () => false }) }
      : {}),
    append: async (body) => records.push(body),
    resolve: async () => ["127.0.0.1"],
  });
  if (!egress.ok) throw new Error(egress.error.message);
  onTestFinished(() => egress.value.close());
  const connect: Scene["connect"] = async (target) => {
    const socket = net.connect(socketPath);
    socket.on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    return { answer: String(answer), socket };
  };
  return {
    records,
    ...{ ca: inspection.certificate, socketPath },
    connect,
    inside: async (target, tlsOptions = {}) => {
      const { socket } = await connect(target);
      const secure = tls.connect({ socket, servername: HOST, ca: inspection.certificate, ...tlsOptions });
      secure.on("error", () => undefined);
      await new Promise((done) => {
        secure.once("secureConnect", done);
        secure.once("close", done);
      });
      return secure;
    },
    reasons: () => records.filter(({ type }) => type === "net.blocked").map(({ data }) => data["reason"]),
  };
}

/** Sends, and gives everything that comes until the end or a moment of silence. */
async function talk(socket: Socket, bytes: string | Buffer, ms = 500): Promise<string> {
  let answer = "";
  return await new Promise((resolve) => {
    let timer = setTimeout(() => resolve(answer), ms * 4);
    socket.on("data", (piece: Buffer) => {
      answer += String(piece);
      clearTimeout(timer);
      timer = setTimeout(() => resolve(answer), ms);
    });
    socket.once("close", () => resolve(answer));
    if (socket.destroyed) resolve(answer);
    socket.write(bytes);
  });
}

let port: number;
const arrived: string[] = [];
beforeAll(async () => {
  const server = https.createServer(good, (request, response) => {
    arrived.push(`${request.method} ${request.headers.host}${request.url}`);
    request.resume();
    request.once("end", () => response.end(`served ${request.method} ${request.url}`));
  });
  // A WebSocket as far as the proxy sees it: the switch, then frames back as they came.
  server.on("upgrade", (request, socket) => {
    arrived.push(`UPGRADE ${request.url}`);
    socket.on("error", () => undefined);
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
  return () => {
    server.closeAllConnections();
    server.close();
  };
});

const allow = (more: object = {}): Policy["sandbox"]["network"]["allow"] => [{ text: `${HOST}:${port}`, at, ...more }];
const get = (path: string, host = `${HOST}:${port}`, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

describe("a program inside", () => {
  test("the ordinary way: several requests on one connection, GET and POST, each on record with its connection", async () => {
    const { inside, records } = await scene({ allow: allow(), inspect: "all" });
    const socket = await inside(`${HOST}:${port}`);
    expect(socket.authorized).toBe(true);
    expect(await talk(socket, get("/1"))).toMatch(/^HTTP\/1\.1 200[\s\S]*served GET \/1$/);
    const post = `POST /2 HTTP/1.1\r\nHost: ${HOST}:${port}\r\nContent-Length: 1\r\n\r\nx`;
    expect(await talk(socket, post)).toMatch(/served POST \/2$/);
    expect(records.filter(({ type }) => type === "net.connect")).toHaveLength(1);
  });

  test("a rule on methods and paths is kept, request by request, in either form", async () => {
    const { inside, reasons } = await scene({ allow: allow({ methods: ["GET"], paths: ["/a/**"] }) });
    const socket = await inside(`${HOST}:${port}`);
    expect(await talk(socket, get("/a/1"))).toContain("served GET /a/1");
    // The server gets the origin form.
    expect(await talk(socket, get(`https://${HOST}:${port}/a/2?q`))).toContain("served GET /a/2?q");
    const absolute = await inside(`${HOST}:${port}`);
    expect(await talk(absolute, get(`https://${HOST}:${port}/b`))).toContain("path-not-allowed");
    expect(await talk(socket, get("/b"))).toContain("path-not-allowed");
    const other = await inside(`${HOST}:${port}`);
    expect(await talk(other, `POST /a/1 HTTP/1.1\r\nHost: ${HOST}:${port}\r\nContent-Length: 0\r\n\r\n`)).toContain(
      "method-not-allowed",
    );
    expect(reasons()).toEqual(["path-not-allowed", "path-not-allowed", "method-not-allowed"]);
    expect(arrived.filter((line) => /\/b$|^POST .*\/a/.test(line))).toEqual([]);
  });

  const bad: readonly (readonly [what: string, bytes: () => string | Buffer, want: RegExp])[] = [
    ["another Host", () => get("/x", "other.test"), /host-differs/],
    ["another port in Host", () => get("/x", `${HOST}:1`), /host-differs/],
    ["no port in Host", () => get("/x", HOST), /host-differs/],
    [
      "another Host on the kept connection",
      () => get("/k") + get("/x", "other.test"),
      /served GET \/k[\s\S]*host-differs/,
    ],
    ["another place in the target", () => get(`https://other.test:${port}/x`), /target-differs/],
    ["another port in the target", () => get(`https://${HOST}/x`), /target-differs/],
    ["another scheme in the target", () => get(`http://${HOST}:${port}/x`), /target-differs/],
    ["a target with a user", () => get(`https://a@${HOST}:${port}/x`), /authority/],
    ["a target that agrees, and another Host", () => get(`https://${HOST}:${port}/x`, "other.test"), /host-differs/],
    ["a target with a fragment", () => get(`https://${HOST}:${port}/x#y`), /origin-form/],
    ["a CONNECT", () => "CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n", /connect-inside/],
    ["HTTP/2", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /bad-request/],
    [
      "two lengths",
      () =>
        `POST /x HTTP/1.1\r\nHost: ${HOST}:${port}\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /both-lengths/,
    ],
    ["SSH", () => "SSH-2.0-x\r\n\r\n", /bad-request/],
    ["bytes", () => Buffer.concat([Buffer.alloc(70_000, 7)]), /head-too-long|^$/],
    ["TLS in TLS", () => Buffer.from("16030100050100000100\r\n\r\n", "latin1"), /bad-request/],
  ];
  test.each(bad)("refused: %s", async (_, bytes, want) => {
    const { inside } = await scene({ allow: allow(), inspect: "all" });
    const before = arrived.length;
    expect(await talk(await inside(`${HOST}:${port}`), bytes())).toMatch(want);
    expect(arrived.slice(before).filter((line) => !line.endsWith("/k"))).toEqual([]);
  });

  test("another server name than the CONNECT's, none, and a hello that never ends", async () => {
    const { inside, connect, reasons } = await scene({ allow: allow(), inspect: "all" });
    expect((await inside(`${HOST}:${port}`, { servername: "other.test" })).authorized).toBe(false);
    expect((await inside(`${HOST}:${port}`, { servername: "" })).authorized).toBe(false);
    const { socket } = await connect(`${HOST}:${port}`);
    const huge = Buffer.concat([Buffer.from([0x16, 3, 1, 0x40, 0, 1, 0x01, 0, 0]), Buffer.alloc(80_000)]);
    expect(await talk(socket, huge)).toBe("");
    expect(reasons()).toEqual(["tls-name-differs", "tls-without-name", "bad-tls"]);
  });

  test.each(["byte by byte", "with the CONNECT in one write"])("a handshake that comes %s", async (how) => {
    const { ca, socketPath } = await scene({ allow: allow(), inspect: "all" });
    const raw = net.connect(socketPath);
    onTestFinished(() => void raw.destroy());
    const head = `CONNECT ${HOST}:${port} HTTP/1.1\r\nHost: ${HOST}:${port}\r\n\r\n`;
    let first = true;
    const stream = new Duplex({
      read: () => undefined,
      write: (piece: Buffer, _, done) => {
        if (how !== "byte by byte") raw.write(first ? Buffer.concat([Buffer.from(head), piece]) : piece);
        else for (const byte of piece) raw.write(Buffer.from([byte]));
        first = false;
        setImmediate(done);
      },
    });
    if (how === "byte by byte") {
      raw.write(head);
      await once(raw, "data");
    }
    raw.setNoDelay(true);
    raw.on("data", (piece: Buffer) => {
      const text = piece.toString("latin1");
      stream.push(text.startsWith("HTTP/1.1 200") ? piece.subarray(text.indexOf("\r\n\r\n") + 4) : piece);
    });
    const secure = tls.connect({ socket: stream, servername: HOST, ca });
    await once(secure, "secureConnect");
    expect(await talk(secure, get("/slow"))).toContain("served GET /slow");
  });

  test("a WebSocket passes, and its bytes are the filters' to see", async () => {
    const frame = Buffer.from([0x81, 0x85, 0, 0, 0, 0, ...Buffer.from("hello")]);
    const upgrade = get(
      "/ws",
      `${HOST}:${port}`,
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    );
    const passing = await scene({ allow: allow(), inspect: "all" });
    const socket = await passing.inside(`${HOST}:${port}`);
    expect(await talk(socket, upgrade)).toMatch(/^HTTP\/1\.1 101/);
    expect(await talk(socket, frame)).toContain("hello");
    const narrowed = await scene({ allow: allow({ methods: ["GET"] }) });
    expect(await talk(await narrowed.inside(`${HOST}:${port}`), upgrade)).toContain("protocol-not-allowed");
  });

  test("a program that does not trust the authority is told, and nothing is dialled", async () => {
    const { inside, records, reasons } = await scene({ allow: allow(), inspect: "all" });
    const socket = await inside(`${HOST}:${port}`, { ca: world.certificate, maxVersion: "TLSv1.2" });
    expect(socket.authorized).toBe(false);
    socket.destroy();
    expect(records.filter(({ type }) => type === "net.connect")).toEqual([]);
    expect(reasons()).toEqual([]); // it ended without a word of why
  });
});

describe("what is never a tunnel", () => {
  test("a host that must be read and is excepted", async () => {
    const filter: HttpFilter = { needs: (host) => host === HOST, begin: async () => undefined };
    const { inside, reasons, records } = await scene({ allow: allow(), filters: [filter], except: [HOST] });
    expect((await inside(`${HOST}:${port}`)).authorized).toBe(false);
    expect(reasons()).toEqual(["inspect-excepted"]);
    expect(records.filter(({ type }) => type === "net.connect")).toEqual([]);
  });

  test("a host that must be read where nothing reads", async () => {
    const { inside, reasons } = await scene({ allow: allow({ methods: ["GET"] }), without: "inspector" });
    expect((await inside(`${HOST}:${port}`)).authorized).toBe(false);
    expect(reasons()).toEqual(["not-inspected"]);
  });

  test("an excepted host that nobody must read has its own certificate inside", async () => {
    const { inside } = await scene({ allow: allow(), inspect: "all", except: [HOST] });
    const socket = await inside(`${HOST}:${port}`, { ca: world.certificate });
    expect(socket.authorized).toBe(true);
    expect(await talk(socket, get("/tunnel"))).toContain("served GET /tunnel");
  });
});

describe("a server outside", () => {
  const DAY = 86_400_000;
  const servers: readonly (readonly [what: string, want: string, shown: () => tls.TlsOptions])[] = [
    ["expired", "upstream-certificate-expired", () => world.server(HOST, { notAfter: new Date(Date.now() - DAY) })],
    ["self-made", "upstream-certificate-untrusted", (): Shown => worldAuthority().server(HOST)],
    ["of another name", "upstream-certificate-other-name", () => world.server("b.test")],
    [
      "of old TLS",
      "upstream-tls-too-old",
      () => ({ ...good, maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT@SECLEVEL=0" }),
    ],
    [
      "that wants a client's certificate",
      "upstream-certificate-asked",
      () => ({ ...good, requestCert: true, rejectUnauthorized: true, ca: world.certificate, maxVersion: "TLSv1.2" }),
    ],
  ];
  test.each(servers)("%s: 502 with the reason, never the answer", async (_, want, shown) => {
    const bad = await tlsServer(
      shown(),
      (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"),
    );
    const { inside, reasons } = await scene({ allow: [{ text: `${HOST}:${bad}`, at }], inspect: "all" });
    const answer = await talk(await inside(`${HOST}:${bad}`), get("/", `${HOST}:${bad}`));
    expect(answer).toMatch(/^HTTP\/1\.1 502/);
    expect(answer).toContain(want);
    expect(answer).not.toContain("secret");
    expect(reasons()).toEqual([want]);
  });

  test("that wants one, in TLS 1.3, says so after the handshake: 502 all the same", async () => {
    const demanding = {
      requestCert: true,
      rejectUnauthorized: true,
      ca: world.certificate,
      minVersion: "TLSv1.3",
    } as const;
    const bad = await tlsServer({ ...good, ...demanding }, (socket) => void socket.end("secret"));
    const { inside } = await scene({ allow: [{ text: `${HOST}:${bad}`, at }], inspect: "all" });
    const answer = await talk(await inside(`${HOST}:${bad}`), get("/", `${HOST}:${bad}`));
    // The request may cross the alert on its way, and a connection that is reset then carries no last word.
    expect(answer).toMatch(/^HTTP\/1\.1 502 upstream-(?:certificate-asked|ended)/);
    expect(answer).not.toContain("secret");
  });

  test("that ends in the middle of an answer breaks the program's connection", async () => {
    const bad = await tlsServer(good, (socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        setTimeout(() => socket.destroy(), 50);
      });
    });
    const { inside } = await scene({ allow: [{ text: `${HOST}:${bad}`, at }], inspect: "all" });
    const socket = await inside(`${HOST}:${bad}`);
    const answer = await talk(socket, get("/", `${HOST}:${bad}`));
    expect(answer).toMatch(/half$/);
    expect(socket.destroyed || socket.readableEnded).toBe(true);
  });

  test("no connection is left open when both have gone", async () => {
    let open = 0;
    const counted = await tlsServer(good, (socket) => {
      open += 1;
      socket.once("close", () => (open -= 1));
      socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    });
    const { inside } = await scene({ allow: [{ text: `${HOST}:${counted}`, at }], inspect: "all" });
    const sockets = await Promise.all(Array.from({ length: 20 }, () => inside(`${HOST}:${counted}`)));
    const answers = await Promise.all(sockets.map((socket) => talk(socket, get("/", `${HOST}:${counted}`), 2_000)));
    expect(answers.every((answer) => answer.endsWith("ok"))).toBe(true);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => open, { timeout: 5_000 }).toBe(0);
  });
});
