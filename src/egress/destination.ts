// The one place a request is for: its target, its Host and the tunnel it came through must say the same (NET-6). One spelling, or none.
import { parseHost, splitPort } from "#core/net";
import { BadMessage, type RequestHead, valuesOf } from "./head.ts";

/** What every request of a connection is for, when it came through a tunnel or was redirected. */
export interface FixedPlace {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

/** A request's place, and its target in origin form. */
export interface Destination extends FixedPlace {
  readonly path: string;
}

/** The port that a scheme means when none is written. */
export function defaultPort(scheme: FixedPlace["scheme"]): number {
  return scheme === "https" ? 443 : 80;
}

/** The destination of a request to the proxy, or within `fixed`. Throws `BadMessage`. */
export function destinationOf(head: RequestHead, fixed: FixedPlace | undefined): Destination {
  const hosts = valuesOf(head.fields, "host");
  if (hosts.length > 1 || (hosts.length === 0 && head.version === "1.1")) throw new BadMessage("host");
  const named = hosts[0] === undefined ? undefined : authority(hosts[0], defaultPort(fixed?.scheme ?? "http"));
  const target = fixed === undefined ? absolute(head.target) : within(head, fixed);
  if (named !== undefined && (named.host !== target.host || named.port !== target.port))
    throw new BadMessage("host-differs");
  return target;
}

/** What is asked of a proxy: the place is in the target. */
function absolute(target: string): Destination {
  if (/^https:/i.test(target)) throw new BadMessage("https-without-connect");
  const [, place = "", path = ""] = /^http:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(target) ?? [];
  if (place === "") throw new BadMessage("absolute-form");
  return { scheme: "http", ...authority(place, 80), path: path.startsWith("/") ? path : `/${path}` };
}

/** What is asked of a server, whose place is known. The absolute form is a server's to understand too (RFC 9112 section 3.2.2), and ureq 2 writes it
 * in a tunnel: it may say that place and no other. */
function within({ method, target }: RequestHead, fixed: FixedPlace): Destination {
  if (target.startsWith("/") || (target === "*" && method === "OPTIONS"))
    return { ...fixed, path: withoutFragment(target) };
  const [, scheme = "", place = "", path = ""] = /^(https?):\/\/([^/?#]+)([/?][^#]*)?$/i.exec(target) ?? [];
  if (place === "") throw new BadMessage("origin-form");
  const to = authority(place, defaultPort(fixed.scheme));
  if (scheme.toLowerCase() !== fixed.scheme || to.host !== fixed.host || to.port !== fixed.port)
    throw new BadMessage("target-differs");
  return { ...fixed, path: path.startsWith("/") ? path : `/${path}` };
}

// A fragment is never sent (RFC 9112 section 3.2); servers that get one cut the path there, or do not.
function withoutFragment(target: string): string {
  if (target.includes("#")) throw new BadMessage("fragment");
  return target;
}

/** `host[:port]`, strictly. Throws `BadMessage`. */
export function authority(text: string, defaultTo: number): { readonly host: string; readonly port: number } {
  const { name, port } = splitPort(text);
  const host = parseHost(name);
  const number = port === undefined ? defaultTo : Number(port);
  if (host === undefined || (port !== undefined && !/^[1-9]\d{0,4}$/.test(port)) || number < 1 || number > 65_535)
    throw new BadMessage("authority");
  return { host, port: number };
}
