// The proxy of the person's own network in front of ours: read from their environment, and real ones on loopback.
import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { readOutsideProxy } from "#egress";
import { bed, clientHello, echoServer, get, listen, talk } from "../support/proxy-bed.ts";

function choose(env: Record<string, string>) {
  const read = readOutsideProxy(env);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
}

describe("the environment", () => {
  it("names a proxy for each scheme, lower case first, with login", () => {
    const by = choose({
      HTTPS_PROXY: "http://wrong.test:1",
      https_proxy: "http://me:p%40ss@proxy.corp:3128",
      HTTP_PROXY: "proxy.corp:8080",
      NO_PROXY: "corp, .internal:8443 10.0.0.0/8,[fd00::1],*.lab",
    });
    const at = (host: string, port = 443, scheme = "tls") => by?.({ host, port, scheme });
    expect(at("example.com")).toEqual({
      ...{ kind: "http", host: "proxy.corp", port: 3128 },
      login: { user: "me", password: "p@ss" },
    });
    expect(at("example.com", 80, "http")).toEqual({ kind: "http", host: "proxy.corp", port: 8080 });
    for (const [host, port = 443] of [
      ["corp"],
      ["git.corp"],
      ["a.internal", 8443],
      ["10.1.2.3"],
      ["fd00::1"],
      ["x.lab"],
      ["localhost"],
      ["127.0.0.1"],
      ["::1"],
    ] as const)
      expect([host, at(host, port)]).toEqual([host, undefined]);
    for (const host of ["a.internal", "notcorp", "11.0.0.1", "corp.evil.test"]) expect(at(host)).toBeDefined();
  });
  it("without one, or with `*` in NO_PROXY, leads directly; ALL_PROXY serves both", () => {
    expect(choose({ HTTPS_PROXY: "", NO_PROXY: "x" })).toBeUndefined();
    expect(
      choose({ HTTPS_PROXY: "http://p:1", NO_PROXY: "*" })?.({ scheme: "tls", host: "a.b", port: 1 }),
    ).toBeUndefined();
    const all = choose({ ALL_PROXY: "socks5h://p" });
    expect(all?.({ scheme: "http", host: "a.b", port: 80 })).toEqual({ kind: "socks5", host: "p", port: 1080 });
  });
  it.each(["ftp://p:1", "http://:7", "http://p:99999", "http://%zz@p:1", "http://u:%zz@p"])(
    "refuses `%s` without repeating it",
    (value) => {
      const read = readOutsideProxy({ HTTPS_PROXY: value });
      expect(read.ok).toBe(false);
      if (!read.ok) expect(JSON.stringify(read.error)).not.toContain(value);
    },
  );
});

interface Outside {
  readonly port: number;
  readonly asked: string[];
}

/** A forward proxy with a login; every name leads to loopback. */
async function outsideProxy(login?: string): Promise<Outside> {
  const asked: string[] = [];
  const allowed = (headers: http.IncomingHttpHeaders): boolean =>
    login === undefined || headers["proxy-authorization"] === `Basic ${Buffer.from(login).toString("base64")}`;
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (!allowed(request.headers)) return void response.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    const { hostname: _, port, pathname } = new URL(request.url ?? "");
    const headers = { ...request.headers };
    delete headers["proxy-authorization"];
    http
      .request({ host: "127.0.0.1", port, path: pathname, method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      })
      .end();
  });
  server.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    if (!allowed(request.headers)) return void socket.end("HTTP/1.1 407 No\r\n\r\n");
    const far = net.connect(Number(/\d+$/.exec(request.url ?? "")?.[0]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      far.pipe(socket).pipe(far);
    });
    for (const one of [socket, far]) one.on("error", () => undefined);
  });
  return { port: await listen(server), asked };
}

const connect = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;

describe("through it", () => {
  const nowhere = (): readonly string[] => {
    throw new Error("no resolver");
  };
  it("plain HTTP goes in absolute form with its login, which no server sees; a kept connection too", async () => {
    const port = await echoServer();
    const outside = await outsideProxy("me:word");
    const { socketPath, records } = await bed({
      allow: [`far.test:${port}`],
      addresses: nowhere,
      outside: () => ({ kind: "http", host: "127.0.0.1", port: outside.port, login: { user: "me", password: "word" } }),
    });
    const one = get(`http://far.test:${port}/a`, `far.test:${port}`);
    const answer = await talk(socketPath, one + one);
    expect(answer.match(/"url":"\/a"/g)).toHaveLength(2);
    expect(answer).not.toContain("proxy-authorization");
    expect(outside.asked).toEqual([`GET http://far.test:${port}/a`, `GET http://far.test:${port}/a`]);
    expect(records[0]).toMatchObject({
      type: "net.connect",
      data: { host: "far.test", through: `127.0.0.1:${outside.port}`, address: "" },
    });
    expect(JSON.stringify(records)).not.toContain("word");
  });
  it("TLS goes by CONNECT and by SOCKS, by name, to that name only", async () => {
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => socket.write("answered"));
      }),
    );
    const outside = await outsideProxy();
    const inner = await bed({ allow: [`far.test:${port}`], privateHosts: ["far.test"] });
    const socks = await listen(
      net.createServer((socket) => {
        const far = net.connect(inner.socketPath);
        for (const end of [socket, far]) end.on("error", () => undefined);
        socket.pipe(far).pipe(socket);
      }),
    );
    for (const proxy of [
      { kind: "http", host: "127.0.0.1", port: outside.port },
      { kind: "socks5", host: "127.0.0.1", port: socks, login: { user: "a", password: "b" } },
    ] as const) {
      const { socketPath } = await bed({ allow: [`far.test:${port}`], addresses: nowhere, outside: () => proxy });
      const say = (name: string): Promise<string> => {
        let sent = false;
        return talk(socketPath, connect(`far.test:${port}`), (socket) => {
          if (!sent) socket.write(clientHello(name));
          sent = true;
        });
      };
      expect(await say("far.test")).toContain("answered");
      expect(await say("evil.test")).not.toContain("answered");
    }
    expect(outside.asked).toEqual([`CONNECT far.test:${port}`, `CONNECT far.test:${port}`]);
    expect(inner.records[0]).toMatchObject({ type: "net.connect", data: { host: "far.test" } });
  });
  it("is not asked for what is refused, nor for a name that resolves here to where nothing may lead", async () => {
    const outside = await outsideProxy();
    const { socketPath } = await bed({
      allow: ["far.test"],
      addresses: () => ["169.254.169.254"],
      outside: () => ({ kind: "http", host: "127.0.0.1", port: outside.port }),
    });
    expect(await talk(socketPath, get("http://evil.test/", "evil.test"))).toContain("403 no-rule");
    expect(await talk(socketPath, get("http://far.test/", "far.test"))).toContain("403 address-metadata");
    expect(await talk(socketPath, connect("far.test:443"))).toContain("403 address-metadata");
    expect(outside.asked).toEqual([]);
  });
  it("says whose refusal it is when the login is wrong or nobody listens", async () => {
    const outside = await outsideProxy("me:word");
    const ask = async (port: number): Promise<string[]> => {
      const { socketPath } = await bed({
        allow: ["far.test", "far.test:81"],
        addresses: nowhere,
        outside: () => ({ kind: "http", host: "127.0.0.1", port }),
      });
      return [
        await talk(socketPath, get("http://far.test/", "far.test")),
        await talk(socketPath, connect("far.test:443")),
      ];
    };
    const [plain, tunnel] = await ask(outside.port);
    expect(plain).toContain("502 upstream-proxy-407");
    expect(tunnel).toMatch(/502 upstream-proxy-407[\s\S]*the proxy of your own network \(HTTPS_PROXY\)/);
    const gone = await ask(1);
    expect(gone[0]).toContain("502 upstream-econnrefused");
  });
});
