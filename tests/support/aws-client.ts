// A client that signs as AWS's tools do, for tests: a whole request as bytes, in the form that goes to a proxy.
import { createHash, createHmac } from "node:crypto";
import { chunkSignature, type Hash, signatureOf, signingKey, writeAuthorization } from "#core/credentials";

const hash: Hash = {
  sha256: (data) => createHash("sha256").update(data).digest("hex"),
  hmac: (key, data) => createHmac("sha256", key).update(data).digest(),
};

/** Where it signs, if nothing else is said. */
export const AWS_SCOPE = { date: "20260102", region: "eu-central-1", service: "s3" } as const;
const TIME = "20260102T030405Z";

/** One request. */
export interface Wish {
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly id?: string;
  readonly secret?: string;
  readonly body?: string;
  readonly chunks?: readonly Buffer[];
  readonly chunkSecret?: string;
  readonly service?: string;
  readonly region?: string;
  /** The path that is sent, where it is not the signed one. */
  readonly sentPath?: string;
  /** Leaves `x-amz-content-sha256` out. */
  readonly unhashed?: boolean;
  readonly payload?: string;
}

/** Its bytes. */
export function signedRequest(wish: Wish): Buffer {
  const {
    body = "",
    chunks,
    host = "",
    id = "",
    method,
    path,
    region = AWS_SCOPE.region,
    secret = "",
    service = AWS_SCOPE.service,
  } = wish;
  const scope = { date: AWS_SCOPE.date, region, service };
  const payload = wish.payload ?? (chunks === undefined ? hash.sha256(body) : "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  const headers: (readonly [string, string])[] = [
    ["host", host],
    ["x-amz-date", TIME],
    ...(wish.unhashed === true ? [] : [["x-amz-content-sha256", payload] as const]),
  ];
  const signed = headers.map(([name]) => name).sort();
  const signature = signatureOf(
    { method, path, query: "", headers, signed, payload, time: TIME, scope, once: service === "s3" },
    secret,
    hash,
  );
  const authorization = writeAuthorization({ keyId: id, scope, signed, signature });
  const sent =
    chunks === undefined
      ? Buffer.from(body)
      : chunked(chunks, { scope, secret: wish.chunkSecret ?? secret, seed: signature });
  const lines = [
    `${method} http://${host}${wish.sentPath ?? path} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Authorization: ${authorization}`,
    `Content-Length: ${sent.length}`,
    "Connection: close",
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), sent]);
}

function chunked(
  chunks: readonly Buffer[],
  by: {
    readonly scope: typeof AWS_SCOPE | { date: string; region: string; service: string };
    readonly secret: string;
    readonly seed: string;
  },
): Buffer {
  const key = signingKey(by.scope, by.secret, hash);
  let before = by.seed;
  return Buffer.concat(
    [...chunks, Buffer.alloc(0)].flatMap((data) => {
      before = chunkSignature({ time: TIME, scope: by.scope, before, data }, key, hash);
      return [Buffer.from(`${data.length.toString(16)};chunk-signature=${before}\r\n`), data, Buffer.from("\r\n")];
    }),
  );
}
