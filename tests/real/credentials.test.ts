// The broker in the proxy, against real servers on loopback: what goes out, what comes back, and what is on record before either.
import { createHash } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AWS_SCOPE, signedRequest } from "../support/aws-client.ts";
import { brokerBed } from "../support/broker-bed.ts";
import { isSigned, stsServer } from "../support/credential-servers.ts";
import { get, listen, talk } from "../support/proxy-bed.ts";
import { plainServer } from "../support/tls-world.ts";

const REAL = "ghp_Real0123456789+/=abcdefghijklmnopqrst";
const env = { TOKEN: REAL };
const entries = [{ name: "api", source: { env: "TOKEN" } }] as const;

/** A server whose answers the test makes. */
function answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
  return listen(http.createServer(answer));
}

const bearer = (token: string): string => `Authorization: Bearer ${token}\r\nConnection: close\r\n`;

describe("a credential", () => {
  it("goes out instead of its placeholder, on record, and comes back as the placeholder again", async () => {
    const seen: string[] = [];
    const spy = await answering((request, response) => {
      seen.push(request.headers.authorization ?? "");
      response.end(`you are ${request.headers.authorization}`);
    });
    const { placeholder, socketPath, uses } = await brokerBed({ port: spy, entries, env });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${spy}/a?b=c`, `ok.test:${spy}`, bearer(placeholder("TOKEN"))),
    );
    expect(seen).toEqual([`Bearer ${REAL}`]);
    expect(answer).toContain(`you are Bearer ${placeholder("TOKEN")}`);
    expect(uses()).toEqual([{ credential: "api", host: "ok.test", port: spy, method: "GET", path: "/a" }]);
  });

  it("does not go out where its use cannot be recorded", async () => {
    let asked = 0;
    const port = await answering((_, response) => {
      asked += 1;
      response.end(`${asked}`);
    });
    const append = async ({ type }: { type: string }): Promise<number> => {
      if (type === "secret.use") throw new Error("disk full");
      return 1;
    };
    const { placeholder, socketPath } = await brokerBed({ port, entries, env, append });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer(placeholder("TOKEN"))),
    );
    expect(answer).toContain("x-ringfence-reason: not-recorded");
    expect(asked).toBe(0);
  });

  it("is refused elsewhere, and so is anybody else's key here; each request of a connection is judged", async () => {
    let asked = 0;
    const port = await answering((_, response) => {
      asked += 1;
      response.end(`${asked}`);
    });
    const { placeholder, records, socketPath } = await brokerBed({ port, entries, env });
    const refused = async (host: string, extra: string): Promise<string> =>
      /x-ringfence-reason: (\S+)/.exec(
        await talk(socketPath, get(`http://${host}:${port}/`, `${host}:${port}`, extra)),
      )?.[1] ?? "passed";
    expect(await refused("else.test", bearer(placeholder("TOKEN")))).toBe("credential-elsewhere");
    expect(await refused("ok.test", bearer("ghp_thief"))).toBe("foreign-credential");
    expect(await refused("else.test", bearer("ghp_thief"))).toBe("passed");
    const first = get(
      `http://ok.test:${port}/`,
      `ok.test:${port}`,
      `Authorization: Bearer ${placeholder("TOKEN")}\r\n`,
    );
    const second = get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer("ghp_thief"));
    const both = await talk(socketPath, `${first}${second}`);
    expect(both).toMatch(/200 OK[\s\S]*403 foreign-credential/);
    expect(asked).toBe(2);
    expect(JSON.stringify(records)).not.toContain(REAL);
  });

  it("goes out in a body where the policy says so, and stays a placeholder there where it does not", async () => {
    const post = (port: number, body: string): string =>
      `POST http://ok.test:${port}/ HTTP/1.1\r\nHost: ok.test:${port}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
    const seen = async (body: boolean): Promise<string> => {
      let got = "";
      const spy = await answering((request, response) => {
        request.on("data", (piece: Buffer) => (got += piece.toString()));
        request.on("end", () => response.end("done"));
      });
      const inject = { body, hosts: [`ok.test:${spy}`] };
      const opened = await brokerBed({ port: spy, entries: [{ name: "api", source: { env: "TOKEN" }, inject }], env });
      const text = `client_secret=${opened.placeholder("TOKEN")}&a=b`;
      await talk(opened.socketPath, post(spy, text));
      return got;
    };
    expect(await seen(true)).toBe(`client_secret=${REAL}&a=b`);
    expect(await seen(false)).toMatch(/^client_secret=ghp_[A-Za-z0-9]+&a=b$/);
  });
});

/** The value with each letter's two digits written somehow. */
const each = (write: (hex: string) => string): string =>
  [...Buffer.from(REAL)].map((byte) => write(byte.toString(16))).join("");

describe("an answer", () => {
  const forms: readonly (readonly [string, string])[] = [
    ["as it is", REAL],
    ["percent-encoded", encodeURIComponent(REAL)],
    ["in lower-case escapes", encodeURIComponent(REAL).replace(/%../g, (triple) => triple.toLowerCase())],
    ["in JSON", JSON.stringify(REAL).replaceAll("/", "\\/")],
    [
      "in JSON with every mark escaped",
      REAL.replaceAll("+", "\\u002B").replaceAll("/", "\\u002F").replaceAll("=", "\\u003D"),
    ],
    ["in hexadecimal", Buffer.from(REAL).toString("hex")],
    ...[0, 1, 2].map(
      (n) => [`in Base64 behind ${n} bytes`, Buffer.from(`${"u:".slice(0, n)}${REAL}`).toString("base64")] as const,
    ),
    ["in Base64 for URLs", Buffer.from(`x:${REAL}`).toString("base64url")],
    ["with one mark percent-encoded", REAL.replace("=", "%3D")],
    ["percent-encoded letter by letter", each((hex) => `%${hex}`)],
    ["percent-encoded twice", encodeURIComponent(encodeURIComponent(REAL))],
    ["in JSON, letter by letter", each((hex) => `\\u00${hex}`)],
    ["in JSON within JSON", each((hex) => `\\\\u00${hex}`)],
    ["in JSON with one mark escaped", REAL.replace("+", "\\u002b")],
    ["as Python prints bytes", each((hex) => `\\x${hex}`)],
    ["in HTML", REAL.replace(/[+/=]/g, (mark) => `&#${mark.charCodeAt(0)};`)],
    ["in HTML, letter by letter", each((hex) => `&#x${hex};`)],
    ["in hexadecimal of both cases with blanks", each((hex) => `${hex.toUpperCase()} `).replace("A", "a")],
    ["in Base64 of several lines", Buffer.from(`x:${REAL}`).toString("base64").replace(/.{16}/g, "$&\\r\\n")],
    ["over several lines", REAL.replace(/.{16}/g, "$&\\n  ")],
    ["in UTF-16", each((hex) => String.fromCharCode(Number.parseInt(hex, 16), 0))],
  ];
  it.each(forms)("that holds it %s is scrubbed, wherever pieces part it", async (_, form) => {
    const port = await answering((_request, response) => {
      if (/^[ -~]+$/.test(form)) response.writeHead(200, { "x-note": form, location: `/next?t=${form}` });
      const text = `<${form}><${form}>`;
      const at = 5 + Math.floor(form.length / 2);
      for (const piece of [text.slice(0, 3), text.slice(3, at), text.slice(at)]) response.write(piece);
      response.end();
    });
    const { placeholder, socketPath } = await brokerBed({ port, entries, env });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer(placeholder("TOKEN"))),
    );
    expect(answer).toContain("200 OK");
    // the letters that the value alone decides
    expect(answer).not.toContain(form.slice(4, -4));
  });

  it("is asked for uncompressed; one that is compressed all the same passes when it holds nothing, and is cut off when it does", async () => {
    const coded = { "/gzip": gzipSync, "/deflate": deflateSync } as const;
    const port = await answering((request, response) => {
      expect(request.headers["accept-encoding"]).toBe("identity");
      const url = new URL(request.url ?? "", "http://x");
      const code = coded[url.pathname as keyof typeof coded];
      const body = code(url.search === "?echo" ? `${request.headers.authorization}` : "nothing here");
      response.writeHead(200, { "content-encoding": url.pathname.slice(1), "content-length": String(body.length) });
      response.end(body);
    });
    const { placeholder, records, socketPath } = await brokerBed({ port, entries, env });
    const ask = (path: string): Promise<string> =>
      talk(
        socketPath,
        get(
          `http://ok.test:${port}${path}`,
          `ok.test:${port}`,
          `Accept-Encoding: gzip\r\n${bearer(placeholder("TOKEN"))}`,
        ),
      );
    for (const path of ["/gzip", "/deflate"]) {
      const whole = coded[path as keyof typeof coded]("nothing here").toString("latin1");
      expect((await ask(path)).endsWith(whole)).toBe(true);
      const cut = coded[path as keyof typeof coded](`Bearer ${REAL}`).toString("latin1");
      expect(await ask(`${path}?echo`)).not.toContain(cut.slice(10));
    }
    expect(records.filter(({ type }) => type === "net.blocked").map(({ data }) => data["reason"])).toContain(
      "answer-holds-credential",
    );
  });

  it("echoes it in no other part of its head, nor in a trailer", async () => {
    const token = "ghp_RealToken0123456789abcdefghijklmnopqrst";
    const port = await plainServer((socket) => {
      socket.once("data", () =>
        socket.end(
          `HTTP/1.1 103 ${token}\r\nLink: <${token}>\r\n\r\nHTTP/1.1 200 ${token}\r\n${token}: 1\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n4\r\ndone\r\n0\r\nx-t: ${token}\r\n\r\n`,
        ),
      );
    });
    const { placeholder, socketPath } = await brokerBed({ port, entries, env: { TOKEN: token } });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer(placeholder("TOKEN"))),
    );
    expect(answer).toContain("HTTP/1.1 200 OK");
    expect(answer).toContain("done");
    expect(answer).not.toContain(token);
  });

  it("over a WebSocket is scrubbed too, and its messages come uncompressed", async () => {
    const token = "ghp_RealToken0123456789abcdefghijklmnopqrst";
    let heads = "";
    const port = await plainServer((socket) => {
      socket.once("data", (head: Buffer) => {
        heads += head.toString();
        const key = /^sec-websocket-key: *(\S+)/im.exec(heads)?.[1] ?? "";
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        const text = Buffer.from(`you are ${token}`);
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]));
      });
    });
    const { placeholder, socketPath } = await brokerBed({ port, entries, env: { TOKEN: token } });
    const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString("base64")}\r\nAuthorization: Bearer ${placeholder("TOKEN")}\r\n`;
    const answer = await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`, upgrade));
    expect(heads).toContain(`Bearer ${token}`);
    expect(heads.toLowerCase()).not.toContain("sec-websocket-extensions");
    expect(answer).toContain(`you are ${placeholder("TOKEN")}`);
  });

  it.each([
    ['{"type":"auth","access_token":"k3yOfTheThief0123456789"}', false],
    ['{"type":"say","text":"k3yOfTheThief0123456789"}', true],
  ] as const)("takes a message of a WebSocket for a body: %s", async (message, passes) => {
    let got = Buffer.alloc(0);
    const port = await plainServer((socket) => {
      socket.once("data", (head: Buffer) => {
        const key = /^sec-websocket-key: *(\S+)/im.exec(head.toString())?.[1] ?? "";
        const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.on("data", (more: Buffer) => {
          got = Buffer.concat([got, more]);
        });
      });
    });
    const { placeholder, records, socketPath } = await brokerBed({ port, entries, env });
    const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16, 1).toString("base64")}\r\nAuthorization: Bearer ${placeholder("TOKEN")}\r\n`;
    let isSent = false;
    await talk(socketPath, get(`http://ok.test:${port}/`, `ok.test:${port}`, upgrade), (socket, answer) => {
      if (isSent || !answer.includes("101 ")) return;
      isSent = true;
      // a mask of zeros leaves the letters as they are
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), Buffer.from(message)]));
    });
    expect(got.length > message.length).toBe(passes);
    expect(records.some(({ data }) => data["reason"] === "foreign-credential")).toBe(!passes);
  });

  it("hands no cookie on: the next request could not present it", async () => {
    const port = await answering((_, response) => response.writeHead(200, { "set-cookie": "session=1" }).end());
    const { placeholder, socketPath } = await brokerBed({ port, entries, env });
    const answer = await talk(
      socketPath,
      get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer(placeholder("TOKEN"))),
    );
    expect(answer.toLowerCase()).not.toContain("set-cookie");
  });

  it("streams: what cannot be the start of a value is not kept waiting", async () => {
    let finish = (): void => undefined;
    const port = await answering((_, response) => {
      response.write("data: one\n\n");
      finish = () => response.end();
    });
    const { placeholder, socketPath } = await brokerBed({ port, entries, env });
    const answer = talk(
      socketPath,
      get(`http://ok.test:${port}/`, `ok.test:${port}`, bearer(placeholder("TOKEN"))),
      (_, text) => {
        if (text.includes("data: one\n\n")) finish();
      },
    );
    expect(await answer).toContain("data: one");
  });
});

describe("a signed request, against a stub that verifies signatures", () => {
  const caller = { id: "AKIACALLER0000000001", secret: "caller/secret+key0123456789012345678901" };
  const given = {
    id: "ASIAGIVENGIVENGIVEN1",
    secret: "given/secret+0123456789012345678901234567",
    token: `token/${"t".repeat(200)}+/==`,
  };

  async function scene(sign?: { services?: readonly string[]; regions?: readonly string[] }): Promise<{
    readonly send: (request: Parameters<typeof signedRequest>[0]) => Promise<string>;
    readonly got: { signed: boolean; body: Buffer; headers: http.IncomingHttpHeaders }[];
    readonly bedOf: Awaited<ReturnType<typeof brokerBed>>;
  }> {
    const sts = await stsServer(caller, () => ({ ...given, seconds: 3600 }));
    const got: { signed: boolean; body: Buffer; headers: http.IncomingHttpHeaders }[] = [];
    const port = await answering((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { headers, method = "", url = "" } = request;
        const body = Buffer.concat(pieces);
        const signed = isSigned({ method, path: url, headers, body }, { ...given, service: "s3" });
        got.push({ signed, body, headers });
        response.writeHead(signed ? 200 : 403).end("done");
      });
    });
    const source = { aws: { region: "eu-central-1", endpoint: sts.url } };
    const bedOf = await brokerBed({
      port,
      entries: [{ name: "aws", source, inject: sign === undefined ? {} : { sign } }],
      env: { AWS_ACCESS_KEY_ID: caller.id, AWS_SECRET_ACCESS_KEY: caller.secret },
    });
    const keys = { id: bedOf.placeholder("AWS_ACCESS_KEY_ID"), secret: bedOf.placeholder("AWS_SECRET_ACCESS_KEY") };
    const send = (request: Parameters<typeof signedRequest>[0]): Promise<string> =>
      talk(bedOf.socketPath, signedRequest({ host: `ok.test:${port}`, ...keys, ...request }));
    return { send, got, bedOf };
  }

  it("is signed anew with the session's keys and their token", async () => {
    const { bedOf, got, send } = await scene({ services: ["s3"], regions: [AWS_SCOPE.region] });
    expect(await send({ method: "PUT", path: "/bucket/a-file.txt", body: "hello" })).toContain("200 OK");
    expect(await send({ method: "GET", path: "/bucket/a-file.txt" })).toContain("200 OK");
    expect(got.map(({ signed }) => signed)).toEqual([true, true]);
    expect(got[0]?.body.toString()).toBe("hello");
    expect(bedOf.uses()).toHaveLength(2);
  });

  it("hashes a body itself where no field states its hash, as many AWS services are asked", async () => {
    const { got, send } = await scene();
    expect(await send({ method: "POST", path: "/bucket/q", body: '{"TableName":"t"}', unhashed: true })).toContain(
      "200 OK",
    );
    expect(got.map(({ signed, body }) => [signed, body.toString()])).toEqual([[true, '{"TableName":"t"}']]);
  });

  it("keeps a body whose chunks are signed one by one", async () => {
    const { got, send } = await scene();
    const data = Buffer.alloc(70_000, "z");
    expect(
      await send({ method: "PUT", path: "/bucket/big", chunks: [data.subarray(0, 65_536), data.subarray(65_536)] }),
    ).toContain("200 OK");
    expect(got[0]?.signed).toBe(true);
    expect(
      got[0]?.body
        .toString("latin1")
        .replace(/[0-9a-f]+;chunk-signature=[0-9a-f]{64}\r\n/g, "")
        .replaceAll("\r\n", ""),
    ).toBe(data.toString());
  });

  it("by a service that gives out keys needs to be named", async () => {
    const { bedOf, send } = await scene({ regions: [AWS_SCOPE.region] });
    await send({ method: "POST", path: "/", service: "sts", body: "Action=GetSessionToken" });
    expect(bedOf.records.filter(({ type }) => type === "net.blocked").map(({ data }) => data["reason"])).toEqual([
      "credential-service",
    ]);
  });

  it.each([
    ["another service", { service: "dynamodb" }, "credential-service"],
    ["another region", { region: "us-east-1" }, "credential-region"],
    ["another's secret key", { secret: "thief/secret0123456789012345678901234567" }, "credential-signature"],
    ["another's key", { id: "AKIATHIEF00000000001" }, "foreign-credential"],
    ["a change after it", { sentPath: "/other-bucket/a" }, "credential-signature"],
    ["a large body without its hash", { body: "x".repeat(400_000), unhashed: true }, "credential-unhashed-body"],
    ["a signed trailer", { payload: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" }, "credential-signed-trailer"],
    ["a chunk that another key signed", { chunks: [Buffer.from("a")], chunkSecret: "thief" }, "credential-signature"],
  ] as const)("by %s is refused", async (_, change, reason) => {
    const { bedOf, got, send } = await scene({ services: ["s3"], regions: [AWS_SCOPE.region] });
    await send({ method: "PUT", path: "/bucket/a", ...change });
    expect(bedOf.records.filter(({ type }) => type === "net.blocked").map(({ data }) => data["reason"])).toEqual([
      reason,
    ]);
    expect(got.filter(({ signed }) => signed)).toEqual([]);
  });
});
