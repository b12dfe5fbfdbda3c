// The bridge and the published ports, with real sockets: the helper's C code, compiled alone, in a network namespace where one can be made.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { publishPorts } from "../../src/sandbox/ports.ts";

const BRIDGE_SOURCES =
  "arrival bridge bridge_open bridge_sockets dns dns_service flow names netlink nft nft_rule owner packets preface redirect refused service".split(
    " ",
  );
const root = path.resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(path.join(tmpdir(), "rf-bridge-"));
const binary = path.join(folder, "bridge");
const open: { close(): void }[] = [];
let sequence = 0;

beforeAll(() => {
  const sources = BRIDGE_SOURCES.map((name) => path.join(root, "native", `${name}.c`));
  const main = path.join(root, "tests/support/native/bridge-main.c");
  execFileSync("gcc", ["-O2", "-static", "-Wall", "-Wextra", "-Werror", main, ...sources, "-o", binary]);
});
afterEach(() => {
  for (const it of open.splice(0)) it.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

async function bridge(socket: string, port: number, publish = "-", ports: number[] = []): Promise<ChildProcess> {
  const child = spawn(binary, [socket, String(port), publish, ...ports.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  open.push({ close: () => child.kill("SIGKILL") });
  await new Promise((done, fail) => {
    child.stdout?.once("data", done);
    child.once("exit", (code) => fail(new Error(`bridge ended: ${code}`)));
  });
  return child;
}

async function proxy(serve: (socket: net.Socket) => void): Promise<string> {
  const at = path.join(folder, `${sequence++}.sock`);
  const live = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    live.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => live.delete(socket));
    serve(socket);
  });
  await new Promise<void>((done) => server.listen(at, done));
  open.push({
    close: () => {
      server.close();
      for (const socket of live) socket.destroy();
    },
  });
  return at;
}

function collect(socket: net.Socket): Promise<Buffer> {
  return new Promise((done, fail) => {
    const parts: Buffer[] = [];
    socket.on("data", (part) => parts.push(part));
    socket.on("end", () => done(Buffer.concat(parts)));
    socket.on("error", fail);
  });
}

function dial(port: number, host = "127.0.0.1"): net.Socket {
  return net.connect({ port, host, allowHalfOpen: true });
}

const sha = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

test.each(["127.0.0.1", "::1"])("carries bytes both ways over %s, and keeps each half-close", async (host) => {
  const port = await freePort();
  // Answers only after the client's half has ended: a bridge that closes both at once gives nothing back.
  const at = await proxy(async (socket) => {
    const body = await collect(socket);
    socket.end(Buffer.concat([Buffer.from("got "), body]));
  });
  await bridge(at, port);
  const client = dial(port, host);
  const body = randomBytes(3_000_000);
  client.end(body);
  const answer = await collect(client);
  expect(answer.subarray(0, 4).toString()).toBe("got ");
  expect(sha(answer.subarray(4))).toBe(sha(body));
});

test("an answer that ends first does not cut the client's own stream", async () => {
  const port = await freePort();
  let received: Promise<Buffer> | undefined;
  const at = await proxy((socket) => {
    received = collect(socket);
    socket.end("early");
  });
  await bridge(at, port);
  const client = dial(port);
  expect((await collect(client)).toString()).toBe("early");
  const late = randomBytes(500_000);
  client.end(late);
  await new Promise((done) => client.once("close", done));
  expect(sha((await received) ?? Buffer.alloc(0))).toBe(sha(late));
});

test("a reader that does not read holds back its writer, and loses nothing", async () => {
  const port = await freePort();
  const total = 64 * 1024 * 1024;
  let written = 0;
  const at = await proxy((socket) => {
    const block = Buffer.alloc(1 << 20, 7);
    const more = (): void => {
      while (written < total) {
        written += block.length;
        if (!socket.write(block)) return void socket.once("drain", more);
      }
      socket.end();
    };
    more();
  });
  await bridge(at, port);
  const client = dial(port);
  client.pause();
  await new Promise((done) => setTimeout(done, 700));
  expect(written).toBeLessThan(total / 2);
  let read = 0;
  client.on("data", (part) => {
    read += part.length;
  });
  client.resume();
  await new Promise((done) => client.once("end", done));
  expect(read).toBe(total);
});

test("two thousand connections at once, then one more", async () => {
  const port = await freePort();
  const at = await proxy((socket) => socket.pipe(socket));
  await bridge(at, port);
  const clients = Array.from({ length: 2000 }, () => dial(port));
  const answers = await Promise.all(
    clients.map((client, index) => {
      client.end(`hello ${index}`);
      return collect(client);
    }),
  );
  expect(answers.map(String)).toEqual(clients.map((_, index) => `hello ${index}`));
  const last = dial(port);
  last.end("still here");
  expect((await collect(last)).toString()).toBe("still here");
});

test("outlives a time without descriptors", async () => {
  const port = await freePort();
  const at = await proxy((socket) => socket.pipe(socket));
  const child = spawn("prlimit", ["--nofile=40:40", binary, at, String(port), "-"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  open.push({ close: () => child.kill("SIGKILL") });
  await new Promise((done) => child.stdout.once("data", done));
  const clients = Array.from({ length: 60 }, () => dial(port));
  for (const client of clients) client.on("error", () => undefined);
  await new Promise((done) => setTimeout(done, 300));
  for (const client of clients) client.destroy();
  const last = dial(port);
  last.end("after");
  expect((await collect(last)).toString()).toBe("after");
  expect(child.exitCode).toBeNull();
});

test("a peer that resets ends its own connection only", async () => {
  const port = await freePort();
  const at = await proxy((socket) => socket.pipe(socket));
  const child = await bridge(at, port);
  for (let i = 0; i < 50; i++) {
    const client = dial(port);
    await new Promise((done) => client.once("connect", done));
    client.write(randomBytes(200_000));
    client.resetAndDestroy();
  }
  const last = dial(port);
  last.end("fine");
  expect((await collect(last)).toString()).toBe("fine");
  expect(child.exitCode).toBeNull();
});

test("refuses to start on a port that is taken", async () => {
  const port = await freePort();
  const at = await proxy((socket) => socket.end());
  await bridge(at, port);
  await expect(bridge(at, port)).rejects.toThrow("bridge ended: 1");
});

/** The bridge in a network namespace of its own, with a server inside that listens on `host`. */
function inner(publish: string, port: number, allowed: number[], host: string): ChildProcess {
  const server = `require("node:http").createServer((q,r)=>{q.pipe(r)}).on("upgrade",(q,s)=>{s.write("HTTP/1.1 101 ok\\r\\nConnection: upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n");s.pipe(s)}).listen(${port},"${host}")`;
  const script = `ip link set lo up 2>/dev/null; ${process.execPath} -e '${server}' & exec ${binary} - 0 ${publish} ${allowed.join(" ")}`;
  const child = spawn(
    "bwrap",
    [
      "--dev-bind",
      "/",
      "/",
      "--unshare-net",
      "--unshare-pid",
      "--proc",
      "/proc",
      "--die-with-parent",
      "sh",
      "-c",
      script,
    ],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  open.push({ close: () => child.kill("SIGKILL") });
  return child;
}

async function eventually<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (tries > 60) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

function request(port: number, agent: http.Agent, body: string): Promise<string> {
  return new Promise((done, fail) => {
    const sent = http.request({ host: "127.0.0.1", port, method: "POST", agent }, (answer) => {
      answer.setEncoding("utf8");
      let text = "";
      answer.on("data", (part) => {
        text += part;
      });
      answer.on("end", () => done(text));
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

test.each(["127.0.0.1", "::1"])(
  "publishes a server that listens on %s inside: keep-alive and upgrades",
  async (host) => {
    const port = await freePort();
    const socketPath = path.join(folder, `${sequence++}.publish`);
    const opened = await publishPorts({ ports: [port], socketPath });
    if (!opened.ok) throw new Error(opened.error.message);
    await using ports = opened.value;
    inner(socketPath, port, [port], host);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    expect(await eventually(() => request(port, agent, "one"))).toBe("one");
    for (let i = 0; i < 20; i++) expect(await request(port, agent, `again ${i}`)).toBe(`again ${i}`);
    agent.destroy();
    const many = await Promise.all(Array.from({ length: 100 }, (_, i) => request(port, new http.Agent(), `n${i}`)));
    expect(many).toEqual(many.map((_, i) => `n${i}`));
    const socket = await new Promise<net.Socket>((done) =>
      http
        .request({ host: "127.0.0.1", port, headers: { connection: "upgrade", upgrade: "echo" } })
        .on("upgrade", (_answer, raw) => done(raw as net.Socket))
        .end(),
    );
    socket.write("frame");
    expect(String(await new Promise((done) => socket.once("data", done)))).toBe("frame");
    socket.destroy();
    await ports.close();
  },
);

test("dials no port that was not published", async () => {
  const port = await freePort();
  const other = await freePort();
  const socketPath = path.join(folder, `${sequence++}.publish`);
  // The control: the same server answers when the port is in the bridge's list.
  const first = await publishPorts({ ports: [port], socketPath });
  if (!first.ok) throw new Error(first.error.message);
  inner(socketPath, port, [port], "127.0.0.1");
  expect(await eventually(() => request(port, new http.Agent(), "yes"))).toBe("yes");
  await first.value.close();
  const second = await publishPorts({ ports: [port], socketPath: `${socketPath}2` });
  if (!second.ok) throw new Error(second.error.message);
  await using _ports = second.value;
  inner(`${socketPath}2`, port, [other], "127.0.0.1");
  await new Promise((done) => setTimeout(done, 500));
  await expect(request(port, new http.Agent(), "no")).rejects.toThrow();
});

test("a port that is taken is one Problem, and nothing stays open", async () => {
  const port = await freePort();
  const free = await freePort();
  const holder = net.createServer().listen(port, "127.0.0.1");
  await new Promise((done) => holder.once("listening", done));
  open.push({ close: () => void holder.close() });
  const failed = await publishPorts({ ports: [free, port], socketPath: path.join(folder, `${sequence++}.publish`) });
  expect(failed).toMatchObject({
    ok: false,
    error: { code: "port-taken", message: `port ${port} of this machine is in use by another program` },
  });
  const again = net.createServer().listen(free, "127.0.0.1");
  await new Promise((done, fail) => again.once("listening", done).once("error", fail));
  again.close();
});
