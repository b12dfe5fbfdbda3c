// Who may speak to the listener: this machine's own client, by the secret it was given, and no page that a browser was led to (DNS rebinding, CSRF).
// Everything is refused here before a byte of a body is read.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isPlainEncoding, mediaType } from "./body.ts";

/** What the listener is called by, and its secret. */
export interface ListenerName {
  readonly port: number;
  /** The endpoint without its secret: `/mcp`. */
  readonly path: string;
  /** Of the client, as `Authorization: Bearer` or as the path's last part. */
  readonly token: string;
}

/** A refusal: a status, and a word for the record. */
export interface Refused {
  readonly status: 400 | 403 | 404 | 405 | 406 | 415;
  readonly why: string;
}

/** Names of this machine's own addresses. */
const HOSTS = ["127.0.0.1", "localhost", "[::1]"];
const METHODS: readonly (string | undefined)[] = ["POST", "GET", "DELETE"];

/** Judges a request's head. `undefined` lets it pass. */
export function guardRequest(
  name: ListenerName,
  asked: {
    readonly method?: string | undefined;
    readonly url?: string | undefined;
    readonly headers: IncomingHttpHeaders;
  },
): Refused | undefined {
  const { method, headers } = asked;
  const own = HOSTS.map((host) => `${host}:${name.port}`);
  if (headers.host === undefined || !own.includes(headers.host)) return { status: 403, why: "host" };
  const { origin } = headers;
  if (origin !== undefined && !own.some((host) => origin === `http://${host}`)) return { status: 403, why: "origin" };
  // A browser says so of itself; a page elsewhere has no business here, whatever it knows.
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") return { status: 403, why: "site" };
  if (!isPlace(name, asked.url ?? "", headers.authorization)) return { status: 404, why: "endpoint" };
  if (!METHODS.includes(method)) return { status: 405, why: "method" };
  if (method === "GET")
    return accepts(headers.accept, "text/event-stream") ? undefined : { status: 406, why: "accept" };
  if (method !== "POST") return undefined;
  if (mediaType(headers["content-type"]) !== "application/json") return { status: 415, why: "content-type" };
  if (!isPlainEncoding(headers["content-encoding"])) return { status: 415, why: "content-encoding" };
  const both = accepts(headers.accept, "application/json") && accepts(headers.accept, "text/event-stream");
  return both ? undefined : { status: 406, why: "accept" };
}

/** What of a client's headers may go on to the upstream. */
const PASSING = /^(?:user-agent|traceparent|tracestate|last-event-id|mcp-param-.+)$/;

/** Judges the headers that go on: a known secret of the session (which `redact` takes out) leaves in them as little as in a message. */
export function leakingFields(headers: IncomingHttpHeaders, redact: (text: string) => string): Refused | undefined {
  const passing = Object.entries(headers).filter(([field]) => PASSING.test(field));
  const text = JSON.stringify(passing);
  return passing.length === 0 || redact(text) === text ? undefined : { status: 400, why: "secret" };
}

/** Credentials that the client sent for somebody else: they stay here. */
export function strayCredentials(name: ListenerName, headers: IncomingHttpHeaders): readonly string[] {
  return Object.keys(headers).filter((field) => {
    if (field === "authorization") return !isBearer(name, headers.authorization);
    return /^(?:cookie|proxy-authorization|x-api-key|api-key|x-auth-token|x-forwarded-.+|forwarded|x-upstream-.+|x-real-ip)$/.test(
      field,
    );
  });
}

function isPlace(name: ListenerName, url: string, authorization: string | undefined): boolean {
  const path = url.split("?", 1)[0] ?? "";
  if (path === name.path) return isBearer(name, authorization);
  return path.startsWith(`${name.path}/`) && isSame(path.slice(name.path.length + 1), name.token);
}

function isBearer({ token }: ListenerName, authorization: string | undefined): boolean {
  const [, given] = /^bearer ([\x21-\x7e]+)$/i.exec(authorization ?? "") ?? [];
  return given !== undefined && isSame(given, token);
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}

function accepts(accept: string | undefined, type: string): boolean {
  const [family = ""] = type.split("/");
  return (accept ?? "").split(",").some((one) => [type, `${family}/*`, "*/*"].includes(mediaType(one)));
}
