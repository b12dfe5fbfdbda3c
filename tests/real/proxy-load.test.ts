// Many clients, slow ones and stuck ones, and a plan that changes while they are connected.
import http from "node:http";
import net, { type Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { expandNetwork } from "#core/net";
import { bed, clientHello, echoServer, get, listen, talk } from "../support/proxy-bed.ts";

/** A connection that keeps what it got. */
async function open(socketPath: string): Promise<{ socket: Socket; got: () => string; ended: Promise<void> }> {
  const socket = net.connect(socketPath);
  onTestFinished(() => void socket.destroy());
  let got = "";
  socket.on("data", (piece) => {
    got += piece.toString("latin1");
  });
  socket.on("error", () => undefined);
  const ended = new Promise<void>((done) => socket.once("close", () => done()));
  await new Promise<void>((done) => socket.once("connect", () => done()));
  return { socket, got: () => got, ended };
}

/** The number when it has not changed for a while. */
async function settled(count: () => number): Promise<number> {
  for (;;) {
    const before = count();
    await new Promise((done) => setTimeout(done, 700));
    if (count() === before) return before;
  }
}

describe("many", () => {
  it("a thousand clients at once are connected together and each gets its own answer, twice", async () => {
    const waiting: http.ServerResponse[] = [];
    let most = 0;
    const server = http.createServer((request, response) => {
      waiting.push(response);
      response.setHeader("x-path", request.url ?? "");
      most = Math.max(most, waiting.length);
      // nobody is answered before all have asked
      if (waiting.length === 1_000) for (const one of waiting.splice(0)) one.end("x");
    });
    const port = await listen(server);
    onTestFinished(() => server.closeAllConnections());
    const { socketPath, egress } = await bed({ allow: [`ok.test:${port}`], maxConnections: 1_000 });
    const clients = await Promise.all(Array.from({ length: 1_000 }, () => open(socketPath)));
    for (const round of [1, 2]) {
      for (const [i, { socket }] of clients.entries())
        socket.write(get(`http://ok.test:${port}/${i}`, `ok.test:${port}`));
      await vi.waitFor(
        () => expect(clients.every(({ got }, i) => got().split(`x-path: /${i}\r\n`).length === round + 1)).toBe(true),
        { timeout: 30_000, interval: 100 },
      );
    }
    expect(most).toBe(1_000);
    expect(egress.summary().allowed).toMatchObject([{ count: 1_000 }]);
  }, 60_000);
});

describe("stuck peers", () => {
  it("a hundred clients that do not read hold a bounded part of what is sent, and nobody else waits", async () => {
    let written = 0;
    const server = http.createServer((request, response) => {
      if (request.url === "/small") return void response.end("small");
      const piece = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed) {
          written += piece.length;
          if (!response.write(piece)) return void response.once("drain", more);
        }
      };
      more();
    });
    const port = await listen(server);
    onTestFinished(() => server.closeAllConnections());
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const before = process.memoryUsage();
    for (let i = 0; i < 100; i += 1) {
      const socket = net.connect(socketPath).pause();
      onTestFinished(() => void socket.destroy());
      socket.on("error", () => undefined);
      socket.write(get(`http://ok.test:${port}/large`, `ok.test:${port}`));
    }
    await settled(() => written);
    const sofar = written;
    expect(await talk(socketPath, get(`http://ok.test:${port}/small`, `ok.test:${port}`))).toContain("small");
    expect(await settled(() => written)).toBe(sofar); // the server waits too
    const after = process.memoryUsage();
    const held = after.arrayBuffers + after.external - before.arrayBuffers - before.external;
    expect(held / 100).toBeLessThan(2 * 1024 * 1024);
  });
  it("a client that sends its head drop by drop is let go, and one that ends its side is answered", async () => {
    const port = await echoServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`], idleMs: 400 });
    const slow = await open(socketPath);
    const head = get(`http://ok.test:${port}/`, `ok.test:${port}`);
    const drops = setInterval(() => slow.socket.write(head[at++] ?? ""), 50);
    let at = 0;
    await slow.ended;
    clearInterval(drops);
    expect(slow.got()).toBe("");
    const half = await open(socketPath);
    half.socket.end(head);
    await half.ended;
    expect(half.got()).toContain("200 OK");
  });
  it("a server that never answers is a 504, one that stops within its answer breaks the connection", async () => {
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", (piece) => {
          if (piece.includes("/part")) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
        });
      }),
    );
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`], stallMs: 200 });
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toMatch(
      /^HTTP\/1\.1 504 upstream-stalled/,
    );
    const part = await open(socketPath);
    part.socket.write(get(`http://ok.test:${port}/part`, `ok.test:${port}`));
    await part.ended;
    expect(part.got()).toMatch(/part$/);
    await vi.waitFor(() => expect(records.filter(({ type }) => type === "net.close")).toHaveLength(2));
  });
  it("a client that stops within its body is let go", async () => {
    const port = await echoServer();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`], stallMs: 200 });
    const client = await open(socketPath);
    client.socket.write(
      `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Length: 100\r\n\r\npart`,
    );
    await client.ended;
    expect(client.got()).toMatch(/^HTTP\/1\.1 504 upstream-stalled/);
  });
});

describe("a plan that changes", () => {
  const at = { file: "policy.yaml", line: 9, column: 1 };
  const planOf = (allow: readonly string[], deny: readonly string[] = []) => {
    const expanded = expandNetwork(
      {
        ...{ mode: "enforce", inspect: "auto", inspectExcept: [] },
        allow: allow.map((text) => ({ text, at })),
        deny: deny.map((text) => ({ text, at })),
        allowPrivate: [{ host: "ok.test", cidr: "127.0.0.1/32", reason: "the test's own server", at }],
      },
      { registries: {}, files: [], caFile: undefined },
    );
    if (!expanded.ok) throw new Error(JSON.stringify(expanded.error));
    return { ...expanded.value, maxConnections: 100 };
  };
  it("holds from the next request on, on a kept connection too, both ways", async () => {
    const port = await echoServer();
    const { socketPath, egress, records } = await bed({ allow: [`ok.test:${port}`] });
    const kept = await open(socketPath);
    const ask = (): void => void kept.socket.write(get(`http://ok.test:${port}/`, `ok.test:${port}`));
    ask();
    await vi.waitFor(() => expect(kept.got()).toContain("200 OK"));
    egress.reload(planOf(["other.test"]));
    ask();
    await kept.ended;
    expect(kept.got()).toMatch(/200 OK[\s\S]*403 no-rule/);
    egress.reload(planOf([`ok.test:${port}`]));
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toContain("200 OK");
    expect(records.map(({ data }) => data["reason"])).toContain("policy-changed");
  });
  it("closes a tunnel and an answer that are under way, and no other", async () => {
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart"));
      }),
    );
    const { socketPath, egress } = await bed({ allow: [`ok.test:${port}`] });
    const tunnel = await open(socketPath);
    tunnel.socket.write(`CONNECT ok.test:${port} HTTP/1.1\r\nHost: ok.test:${port}\r\n\r\n`);
    await vi.waitFor(() => expect(tunnel.got()).toContain("established"));
    tunnel.socket.write(clientHello("ok.test"));
    const answer = await open(socketPath);
    answer.socket.write(get(`http://ok.test:${port}/`, `ok.test:${port}`));
    await vi.waitFor(() => expect([tunnel.got(), answer.got()].every((got) => got.endsWith("part"))).toBe(true));
    egress.reload(planOf([`ok.test:${port}`, "more.test"]));
    await new Promise((done) => setTimeout(done, 100));
    expect([tunnel.socket.destroyed, answer.socket.destroyed]).toEqual([false, false]);
    egress.reload(planOf([`ok.test:${port}`], [`ok.test:${port}`]));
    await Promise.all([tunnel.ended, answer.ended]);
  });
});
