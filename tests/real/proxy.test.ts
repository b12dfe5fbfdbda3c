// The proxy against real servers on loopback. Names map to loopback by the test's own resolver, which the plan allows by allowPrivate.
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import type { Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { bed, clientHello, echoServer, get, listen, rawServer, talk } from "../support/proxy-bed.ts";

describe("plain HTTP", () => {
  it("reaches an allowed name, records it before the dial, and hides the proxy's own fields", async () => {
    const port = await echoServer();
    const { socketPath, records, egress } = await bed({ allow: [`ok.test:${port}`] });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/a?b`, `ok.test:${port}`, "Proxy-Authorization: Basic x\r\nX-Mine: 1\r\n"),
    );
    expect(answer).toContain("HTTP/1.1 200 OK");
    expect(answer).toContain('"url":"/a?b"');
    expect(answer).toContain('"x-mine":"1"');
    expect(answer).not.toContain("proxy-authorization");
    expect(records[0]).toMatchObject({
      type: "net.connect",
      data: { host: "ok.test", port, address: "127.0.0.1", rule: `ok.test:${port} (policy.yaml:7)` },
    });
    expect(egress.summary().allowed).toMatchObject([{ host: "ok.test", port, count: 1 }]);
  });

  it("refuses a name without a rule before it is looked up, in words for people and programs", async () => {
    const { socketPath, records, asked } = await bed({ allow: ["ok.test"] });
    const answer = await talk(socketPath, get("http://evil.test/", "evil.test"));
    expect(answer).toMatch(
      /^HTTP\/1\.1 403 no-rule evil\.test; a person can allow it: ringfence run --allow-domain evil\.test/,
    );
    expect(answer).toContain("x-ringfence-reason: no-rule");
    expect(answer).toContain("ringfence run --allow-domain evil.test");
    expect(asked).toEqual([]);
    expect(records).toMatchObject([{ type: "net.blocked", data: { host: "evil.test", port: 80, reason: "no-rule" } }]);
  });

  it("keeps one upstream for a keep-alive client and judges each request of a pipeline", async () => {
    const port = await echoServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const one = get(`http://ok.test:${port}/1`, `ok.test:${port}`);
    const two = get(`http://ok.test:${port}/2`, `ok.test:${port}`);
    const answer = await talk(socketPath, one + two + get("http://evil.test/3", "evil.test") + two);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 403"]);
    expect(records.filter(({ type }) => type === "net.connect")).toHaveLength(1);
  });

  it.each([
    ["Host differs", "GET http://ok.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"],
    ["two Hosts", "GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nHost: ok.test\r\n\r\n"],
    ["no Host", "GET http://ok.test/ HTTP/1.1\r\n\r\n"],
    ["origin form", "GET / HTTP/1.1\r\nHost: ok.test\r\n\r\n"],
    ["userinfo", "GET http://ok.test@evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n"],
    ["NUL in the name", "GET http://ok.test\0.evil.test/ HTTP/1.1\r\nHost: ok.test\r\n\r\n"],
    ["percent in the name", "GET http://ok.test%2eevil.test/ HTTP/1.1\r\nHost: ok.test\r\n\r\n"],
    [
      "both lengths",
      "POST http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    [
      "two lengths",
      "POST http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
    ],
    ["signed length", "POST http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nContent-Length: +4\r\n\r\nabcd"],
    ["odd coding", "POST http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"],
    ["space before colon", "GET http://ok.test/ HTTP/1.1\r\nHost : ok.test\r\n\r\n"],
    ["folded field", "GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\r\nX: a\r\n b\r\n\r\n"],
    ["bare line feed", "GET http://ok.test/ HTTP/1.1\nHost: ok.test\r\n\r\n"],
    ["bare line feed in a field", "GET http://ok.test/ HTTP/1.1\r\nHost: ok.test\nX: y\r\n\r\n"],
    ["HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["HTTP/0.9", "GET http://ok.test/\r\n\r\n"],
    ["ftp", "GET ftp://ok.test/ HTTP/1.1\r\nHost: ok.test\r\n\r\n"],
  ])("refuses %s", async (_name, bytes) => {
    const { socketPath, records } = await bed({ allow: ["ok.test"] });
    expect(await talk(socketPath, bytes)).toMatch(/^HTTP\/1\.1 400 bad-request/);
    expect(records.every(({ type }) => type === "net.blocked")).toBe(true);
  });

  it("passes bodies of every framing unchanged", async () => {
    const port = await echoServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const head = (extra: string): string =>
      `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\n${extra}\r\n`;
    expect(await talk(socketPath, `${head("Content-Length: 5\r\n")}hello`)).toContain('"body":"hello"');
    expect(
      await talk(socketPath, `${head("Transfer-Encoding: chunked\r\n")}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`),
    ).toContain('"body":"hello!"');
    expect(
      await talk(socketPath, `${head("Transfer-Encoding: chunked\r\n")}5;ext=1\r\nhello\r\n0\r\n\r\n`),
    ).not.toContain('"body":"hello"');
  });

  it("carries a large body byte for byte", async () => {
    const body = randomBytes(20_000_000);
    const server = http.createServer((_, response) => response.end(body));
    const port = await listen(server);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const digest = await new Promise<string>((resolve, reject) => {
      const hash = createHash("sha256");
      http
        .get({ socketPath, path: `http://ok.test:${port}/`, headers: { host: `ok.test:${port}` } }, (response) => {
          response.on("data", (piece) => hash.update(piece));
          response.on("end", () => resolve(hash.digest("hex")));
        })
        .on("error", reject);
    });
    expect(digest).toBe(createHash("sha256").update(body).digest("hex"));
    server.closeAllConnections();
  });

  it("answers two hundred clients at once", async () => {
    const port = await echoServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        talk(
          socketPath,
          get(`http://ok.test:${port}/${i}`, `ok.test:${port}`, "Connection: close\r\n"),
          undefined,
          5_000,
        ),
      ),
    );
    expect(answers.filter((answer, i) => answer.includes(`"url":"/${i}"`))).toHaveLength(200);
  });

  it("lets a WebSocket through to an allowed host", async () => {
    const server = http.createServer();
    server.on("upgrade", (_request, socket) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
      socket.on("data", (piece: Buffer) => socket.write(`echo:${piece}`));
      socket.on("end", () => socket.end());
    });
    const port = await listen(server);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/ws`, `ok.test:${port}`, "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
      (socket, sofar) => {
        if (sofar.endsWith("\r\n\r\n")) socket.write("frame");
      },
    );
    expect(answer).toContain("echo:frame");
  });
});

describe("addresses", () => {
  it("refuses an allowed name that resolves to where no rule allows, and says which line would", async () => {
    const { socketPath, records } = await bed({
      allow: ["rebind.test"],
      addresses: () => ["93.184.215.14", "169.254.169.254"],
    });
    const answer = await talk(socketPath, get("http://rebind.test/", "rebind.test"));
    expect(answer).toMatch(/^HTTP\/1\.1 403 address-metadata/);
    expect(answer).toContain("--allow-domain rebind.test=169.254.169.254/32");
    expect(records.map(({ type }) => type)).toEqual(["net.blocked"]);
  });
  it("dials the address it checked: a resolver that changes its mind is asked once a dial", async () => {
    const port = await echoServer();
    const flips = ["127.0.0.1", "169.254.169.254"];
    const { socketPath, asked } = await bed({
      allow: [`ok.test:${port}`],
      addresses: () => [flips.shift() ?? "10.0.0.1"],
    });
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toContain("200 OK");
    expect(asked).toEqual(["ok.test"]);
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toContain("address-metadata");
  });
  it.each(["127.1", "2130706433", "0x7f000001", "0177.0.0.1"])("takes `%s` for no host at all", async (host) => {
    const { socketPath, asked } = await bed({ allow: ["ok.test"] });
    expect(await talk(socketPath, get(`http://${host}/`, host))).toMatch(/^HTTP\/1\.1 400/);
    expect(asked).toEqual([]);
  });
  it.each(["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "localhost"])(
    "refuses `%s` without a rule",
    async (host) => {
      const { socketPath } = await bed({ allow: ["ok.test"] });
      expect(await talk(socketPath, get(`http://${host}/`, host))).toMatch(/^HTTP\/1\.1 403 no-rule/);
    },
  );
});

describe("tunnels", () => {
  const connect = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
  const afterConnect =
    (bytes: Buffer | string) =>
    (socket: Socket, answer: string): void => {
      if (answer.endsWith("\r\n\r\n")) socket.write(bytes);
    };

  it("opens for TLS to the same name and not for another name, no name, or no TLS", async () => {
    // Port 443 cannot be had by an ordinary user, so an address rule stands for the preset's: its port is named, its bytes are TLS.
    const { port, heard } = await rawServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    expect(await talk(socketPath, connect(`ok.test:${port}`), afterConnect(clientHello("ok.test")))).toContain(
      "answered",
    );
    expect(heard()).toContain("ok.test");
    const before = heard();
    expect(await talk(socketPath, connect(`ok.test:${port}`), afterConnect(clientHello("evil.test")))).not.toContain(
      "answered",
    );
    expect(heard()).toBe(before);
    expect(records.findLast(({ type }) => type !== "net.close")).toMatchObject({
      type: "net.blocked",
      data: { reason: "tls-name-differs" },
    });
  });
  it("passes other bytes only where the rule names the port", async () => {
    const { port } = await rawServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    expect(await talk(socketPath, connect(`ok.test:${port}`), afterConnect("SSH-2.0-x\r\n"))).toContain("answered");
  });
  it("reads plain HTTP in a CONNECT to a preset's registry on a port of its own", async () => {
    const port = await echoServer();
    const { socketPath, records } = await bed({ allow: ["preset:npm"], npm: [{ host: "ok.test", port }] });
    const target = `ok.test:${port}`;
    const asking = async (bytes: string): Promise<string> => {
      let sent = false;
      return talk(socketPath, connect(target), (socket) => {
        if (!sent) socket.write(bytes);
        sent = true;
      });
    };
    expect(await asking(get("/pkg", target))).toContain('"url":"/pkg"');
    await vi.waitFor(() => expect(records.map(({ type }) => type)).toEqual(["net.connect", "net.close"]));
    expect(await asking(get("/pkg", "evil.test"))).toContain("400 bad-request-host-differs");
    expect(await asking("SSH-2.0-x\r\n\r\n")).toContain("400 bad-request-request-line");
  });
  it("passes records that follow the hello in the same piece, and answers after a half-close", async () => {
    const { port, heard } = await rawServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const early = Buffer.concat([clientHello("ok.test"), Buffer.from([0x14, 3, 3, 0, 1, 1]), Buffer.from("early")]);
    let closed = false;
    const answer = await talk(socketPath, connect(`ok.test:${port}`), (socket) => {
      if (!closed) socket.end(early);
      closed = true;
    });
    expect(heard()).toContain("early");
    expect(answer).toContain("answered");
  });
  it.each(["evil.test:443", "ok.test:22", "127.0.0.1:443"])("refuses CONNECT %s", async (target) => {
    const { socketPath, asked } = await bed({ allow: ["ok.test"] });
    expect(await talk(socketPath, connect(target))).toMatch(/^HTTP\/1\.1 403 /);
    expect(asked).toEqual([]);
  });
  it.each(["ok.test", "ok.test:", "ok.test:99999", "http://ok.test:443", "ok.test:443/x", "ok.test\0:443"])(
    "refuses CONNECT to `%s` as no request",
    async (target) => {
      const { socketPath } = await bed({ allow: ["ok.test"] });
      expect(await talk(socketPath, connect(target))).toMatch(/^HTTP\/1\.1 400 /);
    },
  );
  it("reads a CONNECT to port 80 as the plain HTTP it is", async () => {
    const { socketPath } = await bed({ allow: ["ok.test"] });
    const inside = await talk(socketPath, connect("ok.test:80"), afterConnect(get("/x", "evil.test")));
    expect(inside).toMatch(/HTTP\/1\.1 400 bad-request-host-differs/);
    expect(await talk(socketPath, connect("ok.test:80"), afterConnect(clientHello("ok.test")))).toMatch(
      /HTTP\/1\.1 400|established\r\n\r\n$/,
    );
  });
});

describe("the record", () => {
  it("dials nothing that cannot be recorded", async () => {
    const port = await echoServer();
    const control = await bed({ allow: [`ok.test:${port}`] });
    expect(await talk(control.socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toContain("200 OK");
    const { socketPath } = await bed({
      allow: [`ok.test:${port}`],
      append: async () => Promise.reject(new Error("full")),
    });
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toMatch(
      /^HTTP\/1\.1 503 not-recorded/,
    );
  });
  it("counts a flood of refusals without writing each", async () => {
    const { socketPath, records, egress } = await bed({ allow: ["ok.test"] });
    for (let i = 0; i < 50; i += 1) await talk(socketPath, get("http://evil.test/", "evil.test"));
    expect(egress.summary().blocked).toMatchObject([{ host: "evil.test", count: 50 }]);
    await egress.close();
    const written = records.filter(({ type }) => type === "net.blocked");
    expect(written.length).toBeLessThan(30);
    expect(written.reduce((sum, { data }) => sum + Number(data["repeats"] ?? 1), 0)).toBe(50);
  });
});
