// What the proxy does when an end misbehaves: stale and broken servers, broken and vanished clients, limits.
import { randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { describe, expect, it } from "vitest";
import { bed, echoServer, get, listen, talk } from "../support/proxy-bed.ts";

describe("faults", () => {
  /** A server that answers the nth request of all with `answers[n]`; `null` ends the connection without a byte. */
  async function scripted(answers: readonly (string | null)[]): Promise<{ port: number; asked: () => number }> {
    let asked = 0;
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.on("data", () => {
          const answer = answers[asked] ?? null;
          asked += 1;
          if (answer === null) socket.end();
          else socket.write(answer);
        });
      }),
    );
    return { port, asked: () => asked };
  }
  const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

  it("asks once more on a fresh connection when a kept one ends without a byte", async () => {
    const { port, asked } = await scripted([OK, null, OK]);
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const one = get(`http://ok.test:${port}/`, `ok.test:${port}`);
    const answer = await talk(socketPath, one + one);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200"]);
    expect(asked()).toBe(3);
    expect(records.filter(({ type }) => type === "net.connect")).toHaveLength(2);
  });
  it("asks a fresh connection once only, and a POST never again", async () => {
    const { port, asked } = await scripted([null, OK, null, OK]);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const one = get(`http://ok.test:${port}/`, `ok.test:${port}`);
    expect(await talk(socketPath, one)).toMatch(/^HTTP\/1\.1 502 upstream-ended/);
    expect(await talk(socketPath, one + one.replace("GET", "POST"))).toMatch(/200 OK[\s\S]*502 upstream-ended/);
    expect(asked()).toBe(3);
  });
  it("tells a server's broken answer from a client's broken request", async () => {
    const { port } = await scripted(["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"]);
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const answer = await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`));
    expect(answer).toMatch(/^HTTP\/1\.1 502 upstream-content-length/);
    expect(records.find(({ type }) => type === "net.blocked")?.data).toMatchObject({ host: "ok.test", port });
  });
  it("writes no second answer into a body that breaks", async () => {
    const { port } = await scripted(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\n"]);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const answer = await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`));
    expect(answer.match(/HTTP\/1\.1 \d+/g) ?? []).not.toContain("HTTP/1.1 400");
    expect(answer).not.toContain("ringfence");
  });
  it("records a malformed body with the host it was for", async () => {
    const port = await echoServer();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const head = `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await talk(socketPath, `${head}5;ext=1\r\nhello\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 bad-request-chunk/);
    expect(records.find(({ type }) => type === "net.blocked")?.data).toMatchObject({ host: "ok.test", port });
  });
  it("gives a client of HTTP/1.0 a body without chunks, which ends with the connection", async () => {
    const { port } = await scripted(["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"]);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    const answer = await talk(socketPath, `GET http://ok.test:${port}/ HTTP/1.0\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nConnection: close\r\n\r\nok$/);
  });
  it.each([
    ["of a length", "Content-Length: 300000\r\n", (body: Buffer) => [body]],
    [
      "in chunks",
      "Transfer-Encoding: chunked\r\n",
      (body: Buffer) => [Buffer.from("493e0\r\n"), body, Buffer.from("\r\n0\r\n\r\n")],
    ],
  ])(
    "keeps a connection over bodies %s that come behind their heads, byte for byte, to a slow client",
    async (_name, framing, wrap) => {
      const bodies = Array.from({ length: 6 }, () => randomBytes(300_000));
      let asked = 0;
      const port = await listen(
        net.createServer((socket) => {
          socket.on("error", () => undefined);
          socket.on("data", () => {
            const body = bodies[asked++] ?? Buffer.alloc(0);
            socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n`);
            setTimeout(() => {
              for (const piece of wrap(body)) socket.write(piece);
            }, 20);
          });
        }),
      );
      const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
      for (const body of bodies) {
        const got = await new Promise<Buffer>((done, fail) => {
          const headers = { host: `ok.test:${port}` };
          const asking = http.get({ agent, socketPath, path: `http://ok.test:${port}/`, headers }, (response) => {
            const pieces: Buffer[] = [];
            response.on("data", (piece: Buffer) => {
              pieces.push(piece);
              response.pause();
              setTimeout(() => response.resume(), 2);
            });
            response.on("end", () => done(Buffer.concat(pieces)));
          });
          asking.on("error", fail);
        });
        expect(got.equals(body)).toBe(true);
      }
      agent.destroy();
      expect(records.filter(({ type }) => type === "net.connect")).toHaveLength(1);
    },
  );
  it("waits for a head that comes in pieces", async () => {
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => {
          for (const [i, piece] of ["HTTP/1.1 20", "0 OK\r\nContent-", "Length: 2\r\n\r", "\nok"].entries())
            setTimeout(() => socket.write(piece), i * 50);
        });
      }),
    );
    const { socketPath } = await bed({ allow: [`ok.test:${port}`] });
    expect(await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`))).toMatch(
      /^HTTP\/1\.1 200 OK[\s\S]*ok$/,
    );
  });
  it("ends the upstream of a client that aborts in its body, and blames nobody", async () => {
    let upstreamEnded: () => void = () => undefined;
    const ended = new Promise<void>((done) => {
      upstreamEnded = done;
    });
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined);
        socket.resume().on("close", upstreamEnded);
      }),
    );
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
    const head = `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Length: 100\r\n\r\n`;
    await talk(socketPath, `${head}part`, undefined, 150);
    await ended;
    expect(records.map(({ type }) => type)).not.toContain("net.blocked");
  });
  it("lets an idle client go, and never one that waits for a slow answer", async () => {
    const server = http.createServer((_, response) => setTimeout(() => response.end("late"), 400));
    const port = await listen(server);
    const { socketPath } = await bed({ allow: [`ok.test:${port}`], idleMs: 100 });
    const started = Date.now();
    const answer = await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`), undefined, 2_000);
    expect(answer).toContain("late");
    expect(Date.now() - started).toBeLessThan(1_900);
  });
  it("says once that the limit of connections is hit, and counts each refusal", async () => {
    const { socketPath, records, egress } = await bed({ allow: ["ok.test"], maxConnections: 1 });
    await Promise.all([1, 2, 3].map(() => talk(socketPath, "")));
    expect(records.filter(({ type }) => type === "limit.hit")).toMatchObject([{ data: { limit: "connections" } }]);
    expect(egress.summary().blocked).toMatchObject([{ reason: "too-many-connections", count: 2 }]);
  });
});
