// Where an upstream is, and the one way its address is read. What two parsers could read differently (a login in the address, a fragment, an odd host)
// is no address here.
import type { Duplex } from "node:stream";
import { domainToUnicode } from "node:url";
import { err, ok, type Problem, type Result } from "#core";
import { classifyAddress, parseHost } from "#core/net";
import { forTerminal } from "#core/text";

/** One origin. */
export interface HttpPlace {
  readonly scheme: "http" | "https";
  /** Canonical (`parseHost`). */
  readonly host: string;
  readonly port: number;
}

/** One endpoint: its origin, and path and query as they are sent. */
export interface HttpTarget extends HttpPlace {
  readonly path: string;
}

/** How anything here reaches a place. The monitor gives it. */
export interface Way {
  /**
   * A connection without TLS: the name judged, looked up once, every address judged, the attempt on record, the judged address dialled (I8).
   */
  dial(to: { readonly host: string; readonly port: number }): Promise<Result<Duplex, Problem>>;
  /** True for a place that plain HTTP may go to: this machine, or a private address that the policy names. */
  mayBePlain(to: HttpPlace): boolean;
  /** PEM of the authorities that servers are verified by, read when the first one is. */
  readonly roots: () => Promise<string>;
}

const LENGTH_MOST = 4096;

/** Reads an address. `relativeTo`: what a redirect's relative address is below. */
export function readTarget(text: string, relativeTo?: HttpTarget): Result<HttpTarget, Problem> {
  const shown = `\`${forTerminal(text, { max: 200 })}\``;
  const bad = (why: string): Result<HttpTarget, Problem> =>
    err({
      code: "mcp-url",
      message: `${shown} ${why}`,
      hint: "write it as https://host/path, with nothing secret in it",
    });
  if (text.length > LENGTH_MOST) return bad("is too long for an address");
  // The platform's parser drops tabs and line breaks and turns backslashes: what it would mend is refused.
  if (!/^[\x21-\x7e\u0080-\u{10ffff}]+$/u.test(text) || text.includes("\\")) return bad("is no address of a server");
  const base = relativeTo === undefined ? undefined : urlOf(relativeTo);
  if (!URL.canParse(text, base)) return bad("is no address of a server");
  const url = new URL(text, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") return bad("is not reached over http or https");
  if (url.username !== "" || url.password !== "") return bad("holds a login");
  if (url.hash !== "") return bad("holds a fragment, which is never sent");
  const host = parseHost(url.hostname);
  if (host === undefined) return bad("names no host");
  const scheme = url.protocol === "https:" ? "https" : "http";
  const port = url.port === "" ? (scheme === "https" ? 443 : 80) : Number(url.port);
  if (port === 0) return bad("names no port");
  return ok({ scheme, host, port, path: `${url.pathname}${url.search}` });
}

/** `https://host[:port]`, as RFC 6454 writes it. */
export function originOf({ scheme, host, port }: HttpPlace): string {
  return `${scheme}://${authorityOf({ scheme, host, port })}`;
}

/** The `Host` of a request. */
export function authorityOf({ scheme, host, port }: HttpPlace): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === (scheme === "https" ? 443 : 80) ? name : `${name}:${port}`;
}

/** The whole address. */
export function urlOf(target: HttpTarget): string {
  return `${originOf(target)}${target.path}`;
}

/** True for one origin written twice. */
export function isSameOrigin(a: HttpPlace, b: HttpPlace): boolean {
  return a.scheme === b.scheme && a.host === b.host && a.port === b.port;
}

/** An address of this machine itself, or its own name for it. Names are not looked up here. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || classifyAddress(host) === "loopback";
}

/** An address that only this machine or its network reaches. A name is looked up when it is dialled, and judged then. */
export function isInside(host: string): boolean {
  const kind = classifyAddress(host);
  return isLoopback(host) || (kind !== "public" && kind !== "invalid");
}

/** An address for a person's eyes: whole, escaped, and a host of other scripts in both its spellings. */
export function shownUrl(target: HttpTarget): string {
  const unicode = domainToUnicode(target.host);
  const also = unicode === "" || unicode === target.host ? "" : ` (the host reads ${forTerminal(unicode)})`;
  return `${forTerminal(urlOf(target), { max: LENGTH_MOST * 3 })}${also}`;
}
