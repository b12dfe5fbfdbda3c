// The webhook against a real server on loopback that answers rightly, and in every wrong way.
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Question } from "#core";
import { webhookChannel } from "../../../src/monitor/approvals/webhook.ts";

const SECRET = "a secret of sixteen or more";
const question: Question = {
  id: "k7m2x9",
  session: "s",
  agent: "claude",
  digest: "d".repeat(64),
  act: { kind: "exec", text: "npm test", cwd: "/w" },
  why: ["no rule allows it"],
  legs: [],
  contained: true,
  askedAt: 0,
  expiresAt: 1,
};

interface Asked {
  readonly id: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/** A server that does `reply` with each request, and keeps what it was asked. */
async function server(
  reply: (response: ServerResponse, asked: Asked, turn: number) => void,
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const http = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const one = { id: `${request.headers["webhook-id"]}`, body, headers: request.headers };
      asked.push(one);
      reply(response, one, asked.length);
    });
  });
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/hook`, asked };
}

function sign(id: string, body: string, secret = SECRET, at = Math.floor(Date.now() / 1000)): Record<string, string> {
  const signature = createHmac("sha256", secret).update(`${id}.${at}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": `v1,${signature}` };
}

const answer = (changes: object = {}): string =>
  JSON.stringify({
    type: "approval.answer",
    question: question.id,
    digest: question.digest,
    verdict: "allow",
    ...changes,
  });

async function ask(url: string, ms = 20_000): Promise<unknown> {
  const channel = webhookChannel({ url, secret: SECRET, pauseMs: 10 });
  return channel?.ask(question, undefined, AbortSignal.timeout(ms));
}

describe("the webhook", () => {
  it("sends the question signed, and takes a signed answer", async () => {
    const { url, asked } = await server((response, { id }) =>
      response.writeHead(200, sign(id, answer())).end(answer()),
    );
    expect(await ask(url)).toEqual({ verdict: "allow", scope: "once" });
    const [first] = asked;
    expect(JSON.parse(first?.body ?? "")).toMatchObject({ type: "approval.question", question });
    expect(first?.headers["webhook-signature"]).toBe(
      sign(first?.id ?? "", first?.body ?? "", SECRET, Number(first?.headers["webhook-timestamp"]))[
        "webhook-signature"
      ],
    );
  });

  it("asks again while the answer is 202", async () => {
    const { url, asked } = await server((response, { id }, turn) =>
      turn === 1
        ? response.writeHead(202, { "retry-after": "0" }).end()
        : response.writeHead(200, sign(id, answer({ verdict: "deny" }))).end(answer({ verdict: "deny" })),
    );
    expect(await ask(url)).toEqual({ verdict: "deny", scope: "once" });
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
  });

  it.each<[string, (response: ServerResponse, asked: Asked) => void]>([
    ["no signature", (r) => r.writeHead(200).end(answer())],
    ["another secret", (r, { id }) => r.writeHead(200, sign(id, answer(), "another secret of sixteen")).end(answer())],
    [
      "a signature of another body",
      (r, { id }) => r.writeHead(200, sign(id, answer({ verdict: "deny" }))).end(answer()),
    ],
    ["a signature for another request", (r) => r.writeHead(200, sign("msg_x", answer())).end(answer())],
    [
      "an old signature",
      (r, { id }) => r.writeHead(200, sign(id, answer(), SECRET, Math.floor(Date.now() / 1000) - 400)).end(answer()),
    ],
    ["our own question, sent back", (r, { id, body }) => r.writeHead(200, sign(id, body)).end(body)],
    [
      "another question",
      (r, { id }) => r.writeHead(200, sign(id, answer({ question: "zzzzzz" }))).end(answer({ question: "zzzzzz" })),
    ],
    [
      "another digest",
      (r, { id }) =>
        r.writeHead(200, sign(id, answer({ digest: "e".repeat(64) }))).end(answer({ digest: "e".repeat(64) })),
    ],
    ["a rule", (r, { id }) => r.writeHead(200, sign(id, answer({ scope: "rule" }))).end(answer({ scope: "rule" }))],
    [
      "an unknown verdict",
      (r, { id }) => r.writeHead(200, sign(id, answer({ verdict: "yes" }))).end(answer({ verdict: "yes" })),
    ],
    ["no JSON", (r, { id }) => r.writeHead(200, sign(id, "yes")).end("yes")],
    ["a redirect", (r, { id }) => r.writeHead(302, { ...sign(id, answer()), location: "/elsewhere" }).end(answer())],
    ["an error with an answer", (r, { id }) => r.writeHead(500, sign(id, answer())).end(answer())],
    ["too much", (r, { id }) => r.writeHead(200, sign(id, answer())).end(answer() + " ".repeat(100_000))],
    ["a cut connection", (r) => void r.destroy()],
  ])("takes no answer from %s", async (_name, reply) => {
    const { url, asked } = await server(reply);
    expect(await ask(url)).toBeUndefined();
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(asked.length).toBeGreaterThan(0);
  });

  it("ends with its signal, also while the server keeps silent", async () => {
    const { url } = await server(() => undefined);
    expect(await ask(url, 200)).toBeUndefined();
  });

  it.each([
    ["http://example.org/hook", SECRET],
    ["http://127.0.0.1.example.org/hook", SECRET],
    ["ftp://127.0.0.1/", SECRET],
    ["https://user@example.org/", SECRET],
    ["not a url", SECRET],
    ["https://example.org/", "short"],
    ["https://example.org/", "whsec_c2hvcnQ="],
  ])("%s with `%s` is no channel", (url, secret) => {
    expect(webhookChannel({ url, secret })).toBeUndefined();
  });
});
