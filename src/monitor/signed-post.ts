// One signed request to a server of the person's own (the form of standardwebhooks.com: `webhook-id`, `webhook-timestamp`,
// `webhook-signature: v1,BASE64`, HMAC-SHA256 over `id.timestamp.body`). No redirect is followed, no proxy of the environment is used, no certificate
// is taken on trust.
import { createHmac } from "node:crypto";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";

/** Where to, and what both sides know. */
export interface Endpoint {
  readonly url: URL;
  readonly key: Buffer;
  /** Milliseconds of the epoch. */
  readonly now: () => number;
}

/** What came back. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

const REPLY_MOST = 16_384;

/** The endpoint, or undefined when the URL (https, or http on loopback) or the secret (16 bytes at least; `whsec_BASE64` stands for its bytes) is none. */
export function endpointOf(options: {
  readonly url: string;
  readonly secret: string;
  readonly now?: () => number;
}): Endpoint | undefined {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  const key = keyOf(options.secret);
  if (url === undefined || key === undefined || !isAllowed(url)) return undefined;
  return { url, key, now: options.now ?? Date.now };
}

/** Posts a JSON text under this id. `undefined` when no whole answer came before the signal. */
export function postSigned(
  endpoint: Endpoint,
  message: { readonly id: string; readonly body: string },
  signal: AbortSignal,
): Promise<Reply | undefined> {
  const { url, key, now } = endpoint;
  const { id, body } = message;
  const timestamp = `${Math.floor(now() / 1000)}`;
  const headers = {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "user-agent": "ringfence",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatureOf(key, id, timestamp, body),
  };
  return new Promise((settle) => {
    const send = url.protocol === "https:" ? tlsRequest : plainRequest;
    const call = send(
      url,
      { method: "POST", headers, agent: false, signal, rejectUnauthorized: true, family: family(url) },
      (reply) => {
        let text = "";
        reply.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
          if (text.length > REPLY_MOST) call.destroy();
        });
        reply.on("end", () => settle({ status: reply.statusCode ?? 0, headers: reply.headers, body: text }));
        reply.on("error", () => settle(undefined)).on("close", () => settle(undefined));
      },
    );
    call.on("error", () => settle(undefined));
    call.end(body);
  });
}

/** The signature of a message, as both sides write it. */
export function signatureOf(key: Buffer, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

function keyOf(secret: string): Buffer | undefined {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice(6), "base64") : Buffer.from(secret);
  return key.length >= 16 ? key : undefined;
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

function isAllowed(url: URL): boolean {
  return (
    url.username === "" && (url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname)))
  );
}

/** `localhost` without TLS is taken as IPv4's: what a resolver makes of the name is not trusted further than that. */
function family(url: URL): number {
  return url.protocol === "http:" && url.hostname === "localhost" ? 4 : 0;
}
