// What bounds a leak that no search knows: budgets for each host, also where nobody reads, and well-known tokens towards others than their issuers.
import { randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type BudgetHit, type HttpFilter, hostBudget, tokenFilter } from "#egress";
import { bed, clientHello, echoServer, get, listen, talk } from "../support/proxy-bed.ts";

const HINT = "sandbox.network.budget";

describe("a budget", () => {
  const opened = async (filter: HttpFilter, port: number) => bed({ allow: [`ok.test:${port}`], filters: [filter] });
  const post = (port: number, body: string): string =>
    `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

  it("of bytes ends what goes up to a host, and is told and recorded once", async () => {
    const port = await echoServer();
    const hits: BudgetHit[] = [];
    const budget = hostBudget({ upBytes: 5_000, now: () => 0, onHit: (hit) => hits.push(hit) });
    const { socketPath } = await opened(budget, port);
    expect(await talk(socketPath, post(port, "x".repeat(3_000)))).toContain("200 OK");
    for (let times = 0; times < 3; times += 1) {
      const answer = await talk(socketPath, post(port, "x".repeat(3_000)));
      expect(answer).toContain("403 budget-up");
      expect(answer).toContain(HINT);
    }
    // The address line counts as well.
    expect(await talk(socketPath, get(`http://ok.test:${port}/${"y".repeat(3_000)}`, `ok.test:${port}`))).toContain(
      "403 budget-up",
    );
    expect(hits).toEqual([{ limit: "network.up", host: "ok.test", most: 5_000 }]);
  });

  it("of requests comes back over the minute", async () => {
    const port = await echoServer();
    let now = 0;
    const { socketPath } = await opened(
      hostBudget({ requestsPerMinute: 6, now: () => now, onHit: () => undefined }),
      port,
    );
    const ask = (): Promise<string> =>
      talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`, "Connection: close\r\n"));
    for (let times = 0; times < 6; times += 1) expect(await ask()).toContain("200 OK");
    expect(await ask()).toContain("403 budget-requests");
    now += 10_000;
    expect(await ask()).toContain("200 OK");
    expect(await ask()).toContain("403 budget-requests");
  });

  it("holds in a tunnel that nobody reads", async () => {
    let got = 0;
    const port = await listen(
      net.createServer((socket) => {
        socket.on("data", (piece: Buffer) => (got += piece.length));
        socket.on("error", () => undefined);
      }),
    );
    const { records, socketPath } = await opened(
      hostBudget({ upBytes: 20_000, now: () => 0, onHit: () => undefined }),
      port,
    );
    const hello = clientHello("ok.test");
    let isOpen = false;
    await talk(socketPath, `CONNECT ok.test:${port} HTTP/1.1\r\nHost: ok.test:${port}\r\n\r\n`, (socket) => {
      if (isOpen) return;
      isOpen = true;
      socket.write(hello);
      for (let times = 0; times < 20; times += 1) setTimeout(() => socket.write(randomBytes(4_000)), 20 * times);
    });
    expect(got).toBeGreaterThan(hello.length);
    expect(got).toBeLessThanOrEqual(20_000);
    expect(records).toContainEqual(
      expect.objectContaining({ type: "net.blocked", data: expect.objectContaining({ reason: "budget-up" }) }),
    );
  });
});

describe("a well-known token", () => {
  const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const letters = (length: number): string => Array.from(randomBytes(length), (byte) => BASE62[byte % 62]).join("");
  const checked = (prefix: string): string => {
    const body = letters(30);
    let sum = crc32(body);
    let check = "";
    for (let digit = 0; digit < 6; digit += 1) {
      check = BASE62.charAt(sum % 62) + check;
      sum = Math.floor(sum / 62);
    }
    return `${prefix}_${body}${check}`;
  };
  const key = `-----BEGIN PRIVATE KEY-----\n${randomBytes(120).toString("base64")}\n-----END PRIVATE KEY-----`;
  const SHOWN = "glpat-shownonpurpose1234567890";
  const send = async (text: string, allowed = "ok.test"): Promise<number> => {
    const port = await echoServer();
    const { socketPath } = await bed({
      allow: [`${allowed}:${port}`],
      privateHosts: [allowed],
      filters: [tokenFilter({ trusts: (host) => host === "model.test", shown: () => [SHOWN] })],
    });
    const host = `${allowed}:${port}`;
    return new Promise((resolve, reject) => {
      const request = http.request(
        { socketPath, method: "POST", path: `http://${host}/`, headers: { host } },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      request.on("error", reject);
      request.end(text);
    });
  };

  it.each([
    ["GitHub", checked("ghp")],
    ["npm", checked("npm")],
    ["AWS", "AKIAQ7XLM2PZ6WBNTR5E"],
    ["GitLab", `glpat-${letters(20)}`],
    ["Anthropic", `sk-ant-api03-${letters(93)}AA`],
    ["OpenAI", `sk-proj-${letters(60)}`],
    ["Slack", `xoxb-123456789012-${letters(24)}`],
    ["Stripe", `sk_live_${letters(24)}`],
    ["a private key", key],
    ["a private key in JSON", JSON.stringify({ key })],
  ])("of %s is refused towards others, and passes to the agent's own model", async (_name, token) => {
    expect(await send(`value: ${token} .`)).toBe(403);
    expect(await send(`value: ${token} .`, "model.test")).toBe(200);
  });

  it("is none in the examples of manuals, in shapes without their check, or where it is shown on purpose", async () => {
    for (const text of [
      "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
      `ghp_${letters(36)}`,
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
      "sk-your-key-here",
      "AKIA followed by letters",
      SHOWN,
    ])
      expect([text, await send(text)]).toEqual([text, 200]);
  });

  it("passes to who gave it out", async () => {
    expect(await send(checked("ghp"), "api.github.com")).toBe(200);
    expect(await send(checked("ghp"), "github.com.evil.test")).toBe(403);
  });
});
