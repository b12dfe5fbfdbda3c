// The other ways in than HTTP's: SOCKS, connections that were turned to the proxy, and the preface that says who connects.
import { spawnSync } from "node:child_process";
import net, { type Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { preface } from "../support/preface.ts";
import { bed, clientHello, echoServer, get, proxyPort, rawServer, talk } from "../support/proxy-bed.ts";

const b = (...bytes: readonly number[]): Buffer => Buffer.from(bytes);
const u16 = (n: number): Buffer => b(n >> 8, n & 255);
const name = (text: string): Buffer =>
  Buffer.concat([b(3, Buffer.byteLength(text, "latin1")), Buffer.from(text, "latin1")]);
const HI = b(5, 1, 0);
const ask = (host: Buffer, port: number, command = 1): Buffer => Buffer.concat([b(5, command, 0), host, u16(port)]);

/** Sends `bytes` once the proxy has said `after` bytes. */
function then(after: number, bytes: Buffer | string): (socket: Socket, answer: string) => void {
  let sent = false;
  return (socket, answer) => {
    if (!sent && answer.length >= after) socket.write(bytes);
    sent ||= answer.length >= after;
  };
}

describe("SOCKS 5", () => {
  it("opens a tunnel by name and by address, on record, for TLS to that name", async () => {
    const { port, heard } = await rawServer();
    const { socketPath, records, asked } = await bed({
      allow: [`ok.test:${port}`, `127.0.0.1:${port}`],
      privateHosts: ["ok.test", "127.0.0.1"],
    });
    const answer = await talk(
      socketPath,
      Buffer.concat([HI, ask(name("OK.test"), port)]),
      then(12, clientHello("ok.test")),
    );
    expect(answer).toBe("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00answered");
    expect(heard()).toContain("ok.test");
    expect(asked).toEqual(["ok.test"]);
    await vi.waitFor(() => expect(records.map(({ type }) => type)).toEqual(["net.connect", "net.close"]));
    expect(await talk(socketPath, Buffer.concat([HI, ask(b(1, 127, 0, 0, 1), port)]), then(12, "bytes"))).toContain(
      "answered",
    );
    expect(
      await talk(socketPath, Buffer.concat([HI, ask(name("ok.test"), port)]), then(12, clientHello("evil.test"))),
    ).not.toContain("answered");
    expect(records.findLast(({ type }) => type !== "net.close")?.data).toMatchObject({ reason: "tls-name-differs" });
  });
  it("lets other bytes pass on a port that the rule names, and no request for another name in pieces", async () => {
    const { port, heard } = await rawServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    let isAsked = false;
    const inPieces = (socket: Socket, answer: string): void => {
      if (isAsked || answer.length < 12) return;
      isAsked = true;
      socket.write("GET / HT");
      setTimeout(() => socket.write("TP/1.1\r\nHost: evil.test\r\n\r\n"), 800);
    };
    await talk(socketPath, Buffer.concat([HI, ask(name("ok.test"), port)]), inPieces, 1200);
    expect(heard()).not.toContain("evil");
    expect(records).toContainEqual(
      expect.objectContaining({ data: expect.objectContaining({ reason: "bad-request-request-line" }) }),
    );
  });
  it("reads the requests of port 80, and takes a login without looking at it", async () => {
    const { socketPath } = await bed({ allow: ["ok.test"] });
    const login = Buffer.concat([b(5, 1, 2), b(1, 1, 0x75, 1, 0x70), ask(name("ok.test"), 80)]);
    const answer = await talk(socketPath, login, then(14, get("/", "evil.test")));
    expect(answer).toMatch(/^\x05\x02\x01\x00\x05\x00[\s\S]*400 bad-request-host-differs/);
  });
  it.each([
    ["a name without a rule", ask(name("evil.test"), 443), 2, "no-rule"],
    ["a port without a rule", ask(name("ok.test"), 22), 2, "port-not-allowed"],
    ["loopback by address", ask(b(1, 127, 0, 0, 1), 80), 2, "no-rule"],
    ["metadata by address", ask(b(1, 169, 254, 169, 254), 80), 2, "no-rule"],
    ["a mapped address", ask(b(4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1), 80), 2, "no-rule"],
    ["BIND", ask(name("ok.test"), 443, 2), 7, "socks-command"],
    ["UDP", ask(name("ok.test"), 443, 3), 7, "socks-command"],
    ["a NUL in the name", ask(name("evil.test\0.ok.test"), 443), 1, "bad-request-socks-host"],
    ["a NUL behind the name", ask(name("ok.test\0"), 443), 1, "bad-request-socks-host"],
    ["a line end in the name", ask(name("ok.test\r\n"), 443), 1, "bad-request-socks-host"],
    ["a space in the name", ask(name("ok.test evil"), 443), 1, "bad-request-socks-host"],
    ["a number for a name", ask(name("2130706433"), 443), 1, "bad-request-socks-host"],
    ["a percent sign", ask(name("ok%2etest"), 443), 1, "bad-request-socks-host"],
    ["a zone", ask(name("fe80::1%lo"), 443), 1, "bad-request-socks-host"],
    ["an empty name", ask(name(""), 443), 1, "bad-request-socks-host"],
    ["port zero", ask(name("ok.test"), 0), 1, "bad-request-socks-host"],
    ["an unknown form", ask(b(2, 1), 443), 8, "bad-request-socks-address"],
    ["a reserved byte", Buffer.concat([b(5, 1, 1), name("ok.test"), u16(443)]), 1, "bad-request-socks-request"],
  ])("refuses %s", async (_name, request, code, reason) => {
    const { socketPath, records, asked } = await bed({ allow: ["ok.test"] });
    const answer = await talk(socketPath, Buffer.concat([HI, request]), undefined, 150);
    expect(Buffer.from(answer, "latin1").subarray(0, 4)).toEqual(b(5, 0, 5, code));
    expect(records).toMatchObject([{ type: "net.blocked", data: { reason } }]);
    expect(asked).toEqual([]);
  });
  it.each([
    ["SOCKS 4", Buffer.concat([b(4, 1), u16(443), b(127, 0, 0, 1, 0)]), "bad-request-socks-version"],
    ["no method that it has", b(5, 1, 1), "bad-request-socks-method"],
    ["a broken login", b(5, 1, 2, 7, 7), "bad-request-socks-login"],
  ])("refuses %s", async (_name, bytes, reason) => {
    const { socketPath, records } = await bed({ allow: ["ok.test"] });
    await talk(socketPath, bytes, undefined, 150);
    expect(records).toMatchObject([{ type: "net.blocked", data: { reason } }]);
  });
});

describe("connections that were turned", () => {
  const who = { pid: 42, exe: "/usr/bin/thing" };
  it("reach the name that their address was given for, with the program on record", async () => {
    const { port, heard } = await rawServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`], preface: true });
    const first = preface({ ...who, to: { address: "198.18.0.7", port }, name: "ok.test" });
    expect(await talk(socketPath, Buffer.concat([first, clientHello("ok.test")]))).toBe("answered");
    expect(heard()).toContain("ok.test");
    await vi.waitFor(() => expect(records).toHaveLength(2));
    expect(records).toMatchObject([
      { type: "net.connect", actor: who, data: { host: "ok.test", dialled: `198.18.0.7:${port}` } },
      { type: "net.close", actor: who, data: { bytesDown: 8 } },
    ]);
    expect(records[1]?.data["ms"]).toBeTypeOf("number");
  });
  it("are recorded by the flight recorder's word where the kernel's came too late, and by the kernel's where it came", async () => {
    const told = async (address: string, port: number) =>
      address === "198.18.0.9" && port === 80 ? { pid: 7, exe: "/usr/bin/gone" } : undefined;
    const { socketPath, records } = await bed({ allow: ["ok.test"], preface: true, programAt: told });
    for (const [peer, address] of [
      [{}, "198.18.0.9"],
      [who, "198.18.0.9"],
      [{}, "198.18.0.10"],
    ] as const)
      await talk(socketPath, preface({ ...peer, to: { address, port: 80 }, name: "evil.test" }), undefined, 50);
    expect(records.map(({ actor }) => actor)).toEqual([{ pid: 7, exe: "/usr/bin/gone" }, who, undefined]);
  });
  it("are on record also when the fence has ended before the proxy came to read them", async () => {
    const { socketPath, egress, records } = await bed({ allow: ["ok.test"], preface: true });
    const said = preface({ ...who, to: { address: "198.18.0.9", port: 80 }, name: "evil.test" });
    const connect =
      "import socket,sys\nfor i in range(15): s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(bytes.fromhex(sys.argv[2])); s.close()";
    // This process stands still meanwhile: all fifteen wait in the socket's queue.
    spawnSync("python3", ["-c", connect, socketPath, said.toString("hex")]);
    await egress.close();
    expect(records.map(({ type }) => type)).toEqual(Array<string>(15).fill("net.blocked"));
  });
  it("answer plain HTTP with what is wrong, TLS with an alert, other bytes with an end, all on record", async () => {
    const { port: named } = await rawServer();
    const { socketPath, records, asked } = await bed({ allow: ["ok.test", `ok.test:${named}`], preface: true });
    const turned = (port: number, host = "evil.test"): Buffer =>
      preface({ ...who, to: { address: "198.18.0.9", port }, name: host });
    expect(await talk(socketPath, Buffer.concat([turned(80), Buffer.from(get("/", "evil.test"))]))).toMatch(
      /^HTTP\/1\.1 403 no-rule evil\.test/,
    );
    expect(await talk(socketPath, Buffer.concat([turned(443), clientHello("evil.test")]))).toBe(
      "\x15\x03\x03\x00\x02\x02\x31",
    );
    expect(await talk(socketPath, Buffer.concat([turned(22), Buffer.from("SSH-2.0-x\r\n")]))).toBe("");
    expect(await talk(socketPath, Buffer.concat([turned(named, "ok.test"), clientHello("evil.test")]))).toBe("");
    expect(await talk(socketPath, Buffer.concat([turned(80, "ok.test"), Buffer.from(get("/", "evil.test"))]))).toMatch(
      /^HTTP\/1\.1 400 bad-request-host-differs/,
    );
    expect(await talk(socketPath, Buffer.concat([turned(80, "ok\0.test"), Buffer.from(get("/", "ok.test"))]))).toMatch(
      /bad-host/,
    );
    expect(
      records
        .filter(({ type }) => type === "net.blocked")
        .map(({ data, actor }) => [data["host"], data["reason"], actor?.pid]),
    ).toEqual([
      ["evil.test", "no-rule", 42],
      ["evil.test", "no-rule", 42],
      ["evil.test", "no-rule", 42],
      ["ok.test", "tls-name-differs", 42],
      ["ok.test", "bad-request-host-differs", 42],
      ["ok\0.test", "bad-host", 42],
    ]);
    expect(asked).toEqual(["ok.test"]);
  });
  it("to an address alone are judged as that address", async () => {
    const { socketPath, records } = await bed({ allow: ["ok.test"], preface: true });
    for (const address of ["1.2.3.4", "169.254.169.254", "2001:4860:4860::8888", "::ffff:7f00:1"])
      await talk(
        socketPath,
        Buffer.concat([preface({ to: { address, port: 443 } }), clientHello("ok.test")]),
        undefined,
        100,
      );
    expect(records.map(({ data }) => data["reason"])).toEqual(["no-rule", "no-rule", "no-rule", "no-rule"]);
  });
});

describe("the preface", () => {
  it("names the program of one that asks the proxy", async () => {
    const port = await echoServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`], preface: true });
    const first = preface({ pid: 7, exe: "/usr/bin/curl", to: { address: "127.0.0.1", port: 3128 } });
    const asking = get(`http://ok.test:${port}/`, `ok.test:${port}`);
    expect(await talk(socketPath, Buffer.concat([first, Buffer.from(asking)]))).toContain("200 OK");
    expect(records[0]).toMatchObject({ type: "net.connect", actor: { pid: 7, exe: "/usr/bin/curl" } });
    expect(records[0]?.data["dialled"]).toBeUndefined();
    expect(await talk(socketPath, Buffer.concat([preface({}), Buffer.from(asking)]))).toContain("200 OK");
    expect(records.findLast(({ type }) => type === "net.connect")?.actor).toBeUndefined();
  });
  it("is not believed from a program: behind the bridge's, and where none is expected, it is a broken request", async () => {
    const own = preface({ pid: 1, exe: "/usr/bin/git", to: { address: "127.0.0.1", port: 3128 } });
    const forged = Buffer.concat([
      preface({ pid: 1, exe: "/usr/bin/ssh" }),
      Buffer.from(get("http://ok.test/", "ok.test")),
    ]);
    const bridged = await bed({ allow: ["ok.test"], preface: true });
    expect(await talk(bridged.socketPath, Buffer.concat([own, forged]))).toMatch(/^HTTP\/1\.1 400 /);
    const bare = await bed({ allow: ["ok.test"] });
    expect(await talk(bare.socketPath, forged)).toMatch(/^HTTP\/1\.1 400 /);
    expect(bare.records[0]?.actor).toBeUndefined();
  });
  it.each([
    ["no preface", Buffer.from(get("http://ok.test/", "ok.test"))],
    ["version 1", Buffer.from("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n\r\n")],
    ["UDP", Buffer.concat([preface({}).subarray(0, 12), b(0x21, 0x12, 0, 12), Buffer.alloc(12)])],
    ["an unknown version", Buffer.concat([preface({}).subarray(0, 12), b(0x31, 0x11, 0, 12), Buffer.alloc(12)])],
    ["a length beyond all", Buffer.concat([preface({}).subarray(0, 12), b(0x20, 0, 0xff, 0xff), Buffer.alloc(100)])],
    ["a field beyond its end", Buffer.concat([preface({}).subarray(0, 12), b(0x20, 0, 0, 4, 0xe0, 0, 9, 1)])],
    [
      "a field twice",
      Buffer.concat([preface({}).subarray(0, 12), b(0x20, 0, 0, 8, 0xe1, 0, 1, 0x2f, 0xe1, 0, 1, 0x2f)]),
    ],
  ])("is refused as %s", async (_name, bytes) => {
    const { socketPath, records } = await bed({ allow: ["ok.test"], preface: true });
    expect(await talk(socketPath, bytes, undefined, 150)).toBe("");
    expect(records).toMatchObject([{ type: "net.blocked", data: { reason: "bad-request-preface" } }]);
  });
});

describe("a client of the wild", () => {
  it("curl speaks SOCKS to it by name", async ({ skip }) => {
    const has = spawnSync("curl", ["--version"], { encoding: "utf8" });
    if (has.status !== 0) skip("no curl here");
    const port = await echoServer();
    const { socketPath } = await bed({ allow: ["ok.test", `ok.test:${port}`] });
    const front = await proxyPort(socketPath);
    const curl = (host: string): Promise<string> =>
      new Promise((done) => {
        const child = net.connect(front);
        child.destroy();
        void import("node:child_process").then(({ execFile }) =>
          execFile(
            "curl",
            ["-sS", "--noproxy", "", "-x", `socks5h://127.0.0.1:${front}`, `http://${host}:${port}/`],
            (_e, out, err) => done(out + err),
          ),
        );
      });
    expect(await curl("ok.test")).toContain('"url":"/"');
    expect(await curl("evil.test")).toMatch(/curl: \(97\)/);
  });
});
