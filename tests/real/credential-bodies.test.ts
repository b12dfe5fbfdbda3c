// Somebody else's key in the body of a request to a host with a credential, in every form of a form, against a real server on loopback.
import http from "node:http";
import { describe, expect, it } from "vitest";
import { brokerBed } from "../support/broker-bed.ts";
import { listen, talk } from "../support/proxy-bed.ts";

const env = { TOKEN: "ghp_Real0123456789+/=abcdefghijklmnopqrst" };

const IN_PARTS = "multipart/form-data; boundary=b";
const parts = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`;

describe("a body", () => {
  const cases = [
    ["a form with the thief's token", "application/x-www-form-urlencoded", "channel=x&token=xoxb-thief", false, 403],
    [
      "a form with the thief's token, encoded",
      "application/x-www-form-urlencoded; charset=utf-8",
      "a=b&%74oken=xoxb-thief",
      false,
      403,
    ],
    [
      "a form with the thief's login",
      "application/x-www-form-urlencoded",
      "grant_type=refresh_token&refresh_token=thief",
      false,
      403,
    ],
    ["a plain form", "application/x-www-form-urlencoded", "a=b&c=d", false, 200],
    ["an object that speaks of tokens", "application/json", '{"messages":[{"token":"x"}],"api_key":"x"}', false, 200],
    [
      "an object with the thief's key, where the value stands in bodies",
      "application/json",
      '{"api_key":"thief","q":"x"}',
      true,
      403,
    ],
    ["an object with the thief's key one level down", "application/json", '{"auth":{"token":"thief"}}', true, 403],
    ["a compressed form", "application/x-www-form-urlencoded\r\nContent-Encoding: gzip", "token=thief", false, 403],
    ["a form that does not say so", "", "token=thief", false, 403],
    [
      "a form beside another type",
      "text/plain\r\nContent-Type: application/x-www-form-urlencoded",
      "token=thief",
      false,
      403,
    ],
    ["a form within a list of types", "text/plain, application/x-www-form-urlencoded", "token=thief", false, 403],
    [
      "a form that is also in parts",
      `${IN_PARTS}\r\nContent-Type: application/x-www-form-urlencoded`,
      parts("a", "b"),
      false,
      403,
    ],
    ["parts with the thief's token", IN_PARTS, parts("token", "thief"), false, 403],
    [
      "parts with the thief's token behind a file",
      IN_PARTS,
      `${parts("file", "x".repeat(300_000))}${parts("api_key", "thief")}`,
      false,
      403,
    ],
    [
      "a part whose header goes on in the next line",
      IN_PARTS,
      parts("token", "thief").replace("; ", ";\r\n "),
      false,
      403,
    ],
    ["a part whose name has no quotes", IN_PARTS, parts("token", "thief").replaceAll('"', ""), false, 403],
    [
      "a part whose header is too long",
      IN_PARTS,
      parts("token", "thief").replace("; ", `; x="${"y".repeat(9_000)}"; `),
      false,
      403,
    ],
    [
      "a part with a placeholder between it and its value",
      IN_PARTS,
      parts("token", `X-A: ${"y".repeat(4_200)}\r\n\r\nthief`),
      false,
      403,
    ],
    [
      "parts that present nothing",
      IN_PARTS,
      `${parts("file", `\n name="token"\r\n${"x".repeat(20_000)}`)}${parts("page_token", "b")}`,
      false,
      200,
    ],
  ] as const;
  it.each(cases)("%s", async (_, type, text, body, status) => {
    let asked = 0;
    const port = await listen(
      http.createServer((request, response) => {
        request.resume().on("end", () => {
          asked += 1;
          response.end("done");
        });
      }),
    );
    const inject = { body, hosts: [`ok.test:${port}`] };
    const { socketPath } = await brokerBed({ port, entries: [{ name: "api", source: { env: "TOKEN" }, inject }], env });
    const answer = await talk(
      socketPath,
      `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Type: ${type}\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`,
    );
    expect(answer).toContain(`HTTP/1.1 ${status} `);
    expect(asked).toBe(status === 200 ? 1 : 0);
  });
});
