// Requests that two parsers could read differently, and destinations in every spelling: what the proxy answers, and that a server behind it never
// sees a request that nobody judged. `PORT` in a case is the server's.
import net from "node:net";
import { describe, expect, it } from "vitest";
import { readCases } from "../support/cases.ts";
import { bed, get, listen, talk } from "../support/proxy-bed.ts";

interface Attack {
  readonly name: string;
  readonly bytes: string;
  /** The statuses of the answers, in order. */
  readonly want: string;
  readonly why: string;
}

const [, ...attacks] = readCases<{ readonly about: string }, Attack>("proxy/attacks.jsonl");

/** A server that takes every byte and answers each piece as if it were one whole request. */
async function credulous(): Promise<{ port: number; heard: () => string }> {
  let heard = "";
  const port = await listen(
    net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (piece) => {
        heard += piece.toString("latin1");
        if (/\r\n\r\n/.test(heard)) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    }),
  );
  return { port, heard: () => heard };
}

describe("attacks on the proxy's parser", () => {
  it("are made against a proxy that does pass a request", async () => {
    const { port, heard } = await credulous();
    const { socketPath } = await bed({ allow: [`ok.test:${port}`, "ok.test"] });
    expect(await talk(socketPath, get(`http://ok.test:${port}/hidden`, `ok.test:${port}`), undefined, 100)).toContain(
      "200 OK",
    );
    expect(heard()).toContain("/hidden");
  });
  it.each(attacks)("$name", async ({ bytes, want }) => {
    const { port, heard } = await credulous();
    const { socketPath, records } = await bed({ allow: [`ok.test:${port}`, "ok.test"] });
    const answer = await talk(socketPath, Buffer.from(bytes.replaceAll("PORT", String(port)), "latin1"), undefined, 60);
    expect((answer.match(/HTTP\/1\.1 \d{3}/g) ?? []).map((line) => line.slice(-3)).join()).toBe(want);
    const requests = heard().match(/ HTTP\/1\.1\r\n/g) ?? [];
    expect(requests.length).toBeLessThanOrEqual(1);
    expect(heard()).not.toMatch(/hidden|evil|proxy-|h2c|^te:/im);
    if (/^4/.test(want)) expect(records.some(({ type }) => type === "net.blocked")).toBe(true);
  });
});
