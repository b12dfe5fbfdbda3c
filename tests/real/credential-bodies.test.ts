// Somebody else's key in the body of a request to a host with a credential, in every form of a form, against a real server on loopback.
import { createHash } from "node:crypto";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { planSwap, resolveCredentials, type Standing } from "#core/credentials";
import { bodyGuard } from "../../src/credentials/body-guard.ts";
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
    expect(await sent({ type, text: Buffer.from(text), body })).toBe(status);
  });
});

const GITLAB = { TOKEN: "glpat-Real-0123456789abcdef" };
const THIEF = "glpat-Thief-9876543210zyxw";
const JSON_TYPE = "application/json";
const KEY = "k3yOfTheThief0123456789";

const BATCH = "multipart/mixed; boundary=b";
const inner = (head: string): string => `--b\r\nContent-Type: application/http\r\n\r\n${head}\r\n\r\n--b--\r\n`;

describe("an object", () => {
  const gzip = `${JSON_TYPE}\r\nContent-Encoding: gzip`;
  const cases = [
    ["the thief's key under its name", JSON_TYPE, `{"api_key":"${KEY}","q":"x"}`, 403],
    ["one level down", JSON_TYPE, `{"auth":{"access_token":"${KEY}"}}`, 403],
    ["with a name in escapes", JSON_TYPE, `{"\\u0061ccess_token":"${KEY}"}`, 403],
    ["behind a word", JSON_TYPE, `{"authorization":"Bearer ${KEY}"}`, 403],
    ["a password", JSON_TYPE, `{"name":"thief","password":"short"}`, 403],
    ["a token of the host's kind under any name", JSON_TYPE, `{"params":{"a":{"b":"${THIEF}"}}}`, 403],
    ["in a list", JSON_TYPE, `{"list":["x","${THIEF}"]}`, 403],
    ["that is called something else", "text/plain", `{"x":"${THIEF}"}`, 403],
    ["that is called a form", "application/x-www-form-urlencoded", `{"x":"${THIEF}"}`, 403],
    ["that is called a form in parts", IN_PARTS, `{"x":"${THIEF}"}`, 403],
    ["behind a byte order mark and blanks", JSON_TYPE, `\ufeff \n{"x":"${THIEF}"}`, 403],
    ["behind two megabytes", JSON_TYPE, `{"pad":"${"x".repeat(2_000_000)}","token":"${THIEF}"}`, 403],
    ["in gzip", gzip, gzipSync(`{"x":"${THIEF}"}`), 403],
    ["in what cannot be read", gzip, "no gzip", 403],
    ["in UTF-16", `${JSON_TYPE}; charset=utf-16le`, Buffer.from(`{"x":"${THIEF}"}`, "utf16le"), 403],
    ["in UTF-16 that does not say so", JSON_TYPE, Buffer.from(`\ufeff{"x":"${THIEF}"}`, "utf16le"), 403],
    ["in UTF-16, the other way round", JSON_TYPE, Buffer.from(`{"x":"${THIEF}"}`, "utf16le").swap16(), 403],
    ["in a request within the request", BATCH, inner(`GET /x HTTP/1.1\r\nAuthorization: Bearer ${KEY}`), 403],
    ["in the address of one", BATCH, inner(`GET /x?access_token=${KEY} HTTP/1.1`), 403],
    ["a request within the request", BATCH, inner("GET /x?page=2 HTTP/1.1\r\nAccept: */*"), 200],
    [
      "a message within the request",
      BATCH,
      `--b\r\nContent-Type: message/rfc822\r\n\r\nAuthorization: none\r\n--b--\r\n`,
      200,
    ],
    [
      "a frame that begins with its length",
      "application/grpc-web",
      Buffer.concat([Buffer.from([0, 0, 0, 0x5b, 0x10]), Buffer.alloc(40, 7)]),
      200,
    ],
    ["behind a hundred thousand blanks", JSON_TYPE, `${" ".repeat(100_000)}{"x":"${THIEF}"}`, 403],
    ["behind as many in UTF-16", JSON_TYPE, Buffer.from(`${" ".repeat(100_000)}{"x":"${THIEF}"}`, "utf16le"), 403],
    ["a file of noughts", "application/octet-stream", Buffer.alloc(100_000), 200],
    ["blanks alone", JSON_TYPE, "  \n ", 200],
    ["a short number", JSON_TYPE, "7", 200],
    ["an empty object", JSON_TYPE, "{}", 200],
    ["a form with the host's kind under any name", "application/x-www-form-urlencoded", `x=${THIEF}`, 403],
    ["parts with the host's kind under any name", IN_PARTS, parts("note", THIEF), 403],
    [
      "a conversation that speaks of keys",
      JSON_TYPE,
      `{"messages":[{"role":"user","content":[{"text":"${THIEF}"}]}]}`,
      200,
    ],
    ["a text that mentions one", JSON_TYPE, `{"title":"found ${THIEF} in a log"}`, 200],
    ["what is asked about", JSON_TYPE, `{"SecretId":"prod/db-0123456789abcdef","key_id":"568250167242549743"}`, 200],
    ["a webhook's own secret", JSON_TYPE, `{"config":{"secret":"0123456789abcdef0123456789abcdef"}}`, 200],
    ["where to go on", JSON_TYPE, `{"next_page_token":"Q0FFU0VBb01LZ3dJ0123456789"}`, 200],
    ["a plain word under such a name", JSON_TYPE, `{"token":"x","auth":"none"}`, 200],
    ["in gzip, harmless", gzip, gzipSync(`{"x":"y"}`), 200],
    ["two megabytes, harmless", JSON_TYPE, `{"pad":"${"x".repeat(2_000_000)}","n":[1,{"a":"b"}]}`, 200],
  ] as const;
  it.each(cases)("%s", async (_, type, text, status) => {
    expect(await sent({ type, text: Buffer.from(text), env: GITLAB })).toBe(status);
  });

  it("passes with the placeholder, piece by piece", async () => {
    const text = (placeholder: string): Buffer => Buffer.from(`{"a":"b","private_token":"${placeholder}"}`);
    expect(await sent({ type: JSON_TYPE, text, body: true, env: GITLAB, pieces: 3 })).toBe(200);
    expect(
      await sent({
        type: JSON_TYPE,
        text: Buffer.from(`{"private_token":"${THIEF}"}`),
        body: true,
        env: GITLAB,
        pieces: 3,
      }),
    ).toBe(403);
  });
});

it("says what to do where tokens are exchanged", async () => {
  const form = "grant_type=refresh_token&refresh_token=thief";
  const answer = await post({ type: "application/x-www-form-urlencoded", text: Buffer.from(form) });
  expect(answer.answer).toContain("an exchange of tokens is made outside");
  expect(answer.answer).toContain("source: {command: [...]}");
});

describe("a thousand ordinary requests", () => {
  it("pass", () => {
    const refused: string[] = [];
    for (let at = 0; at < 1000; at += 1) {
      const { fields, target, text } = ordinary(at);
      const request = { scheme: "https", host: "ok.test", port: 443, method: "POST", target, fields } as const;
      const plan = planSwap(request, [STANDING]);
      if (plan.kind === "refuse") refused.push(`${target}: ${plan.hint}`);
      const place = {
        host: "ok.test",
        placeholders: STANDING.placeholders,
        inBodies: false,
        readsObjects: true,
        rule: "r",
      };
      const guard = bodyGuard(request, place);
      for (const said of guard === undefined ? [] : [guard.take(Buffer.from(text)), guard.end()])
        if ("reason" in said) refused.push(`${text.slice(0, 200)}: ${said.hint}`);
    }
    expect(refused).toEqual([]);
  });
});

const resolved = resolveCredentials(
  [
    {
      entry: { name: "api", source: { env: "TOKEN" }, inject: { hosts: ["ok.test"] } },
      at: { file: "p", line: 1, column: 1 },
    },
  ],
  { agent: [], has: () => true, handedIn: [], milliseconds: () => undefined },
);
const STANDING: Standing = {
  credential: (resolved.ok ? resolved.value : []).find(() => true) as Standing["credential"],
  placeholders: ["glpat-PLACEHOLDER-0123456789"],
};

/** What clients of real services send: pages, packages, conversations, jobs, uploads, events. */
function ordinary(at: number): {
  readonly target: string;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
} {
  const hex = createHash("sha256").update(String(at)).digest("hex");
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*/, "$1-$2-$3-$4-$5");
  const b64 = createHash("sha512").update(String(at)).digest("base64url");
  const targets = [
    `/v1/messages?beta=true`,
    `/messages/?session_id=${hex.slice(0, 32)}`,
    `/messages?sessionId=${uuid}`,
    `/repos/acme/site/pulls?state=open&sort=created&per_page=100&page=${at}`,
    `/@types%2fnode/-/node-20.${at}.0.tgz`,
    `/api/items?continuationToken=${b64}&limit=20`,
    `/v2/acme/site/blobs/uploads/${uuid}?digest=sha256:${hex}`,
    `/search?q=how+to+rotate+an+api_key&author=x`,
    `/app;v=2/page;lang=en?key_type=ecdsa`,
    `/objects/${hex}?versionId=${b64.slice(0, 32)}&partNumber=3`,
  ];
  const texts: readonly (readonly [string, string])[] = [
    [
      JSON_TYPE,
      JSON.stringify({
        model: "m",
        max_tokens: 4096,
        messages: [{ role: "user", content: `my key is ${b64}` }],
        metadata: { user_id: `user_${hex}` },
      }),
    ],
    [
      JSON_TYPE,
      JSON.stringify({
        query: "mutation($i: I!) { x(i: $i) { id } }",
        variables: { i: { clientMutationId: uuid, body: hex } },
      }),
    ],
    [
      JSON_TYPE,
      JSON.stringify({
        title: "bump",
        head: "acme:fix",
        base: "main",
        commit_sha: hex.slice(0, 40),
        tree: [{ path: "a.ts", sha: hex.slice(0, 40), content: `const token = "${b64}";` }],
      }),
    ],
    [
      JSON_TYPE,
      JSON.stringify({
        jsonrpc: "2.0",
        id: at,
        method: "tools/call",
        params: { name: "fetch", arguments: { url: `https://x.example/${hex}` }, _meta: { progressToken: uuid } },
      }),
    ],
    [
      JSON_TYPE,
      JSON.stringify({
        name: "@acme/site",
        "dist-tags": { latest: "1.0.0" },
        versions: { "1.0.0": { dist: { shasum: hex.slice(0, 40), integrity: `sha512-${b64}` } } },
        access: "public",
      }),
    ],
    [JSON_TYPE, JSON.stringify({ encrypted_value: b64, key_id: "568250167242549743" })],
    [
      JSON_TYPE,
      JSON.stringify({
        name: "web",
        config: { url: "https://x.example/hook", secret: hex, content_type: "json" },
        events: ["push"],
      }),
    ],
    [
      JSON_TYPE,
      JSON.stringify({
        ClientRequestToken: uuid,
        SecretId: `prod/db-${hex.slice(0, 12)}`,
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      }),
    ],
    [
      "application/x-www-form-urlencoded",
      `Action=RunInstances&ClientToken=${uuid}&ImageId=ami-${hex.slice(0, 17)}&MaxCount=1`,
    ],
    ["application/x-www-form-urlencoded", `amount=2000&currency=eur&description=${hex}&metadata[order]=${uuid}`],
    [
      "application/x-ndjson",
      `{"index":{"_id":"${uuid}"}}\n{"at":"2026-01-01T00:00:00Z","message":"token ${b64} rejected"}\n`,
    ],
    ["text/plain", `some notes about ${b64}`],
    ["application/octet-stream", `\u0000\u0001${b64}`],
    [IN_PARTS, `${parts("file", `line one\r\n${b64}`)}${parts("description", `commit ${hex}`)}`],
  ];
  const [type = "", text = ""] = texts[at % texts.length] ?? [];
  const more = [
    { name: "Idempotency-Key", value: uuid },
    { name: "X-Request-Id", value: hex },
    { name: "Mcp-Session-Id", value: hex.slice(0, 32) },
    { name: "If-None-Match", value: `"${hex}"` },
    { name: "traceparent", value: `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-01` },
  ];
  return {
    target: targets[at % targets.length] ?? "/",
    fields: [
      { name: "Content-Type", value: type },
      { name: "User-Agent", value: "client/1.0 (linux; x64)" },
      ...more.slice(0, at % (more.length + 1)),
    ],
    text,
  };
}

interface Sent {
  readonly type: string;
  readonly text: Buffer | ((placeholder: string) => Buffer);
  readonly body?: boolean;
  readonly env?: { readonly TOKEN: string };
  readonly pieces?: number;
}

/** The status; a broken connection of a body that went too far is one more refusal. What was refused never reached its end. */
async function sent(what: Sent): Promise<number> {
  const { answer, asked } = await post(what);
  const status = Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1] ?? "403");
  expect(asked).toBe(status === 200 ? 1 : 0);
  return status;
}

async function post({ type, text, body = false, env: given = env, pieces = 1 }: Sent): Promise<{
  readonly answer: string;
  readonly asked: number;
}> {
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
  const entries = [{ name: "api", source: { env: "TOKEN" }, inject }];
  const { placeholder, socketPath } = await brokerBed({ port, entries, env: given });
  const bytes = typeof text === "function" ? text(placeholder("TOKEN")) : text;
  const head = `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Type: ${type}\r\nConnection: close\r\n`;
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
  const framed =
    pieces === 1
      ? [Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`), bytes]
      : [
          Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`),
          ...chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]),
          Buffer.from("0\r\n\r\n"),
        ];
  const answer = await talk(socketPath, Buffer.concat(framed));
  return { answer, asked };
}
