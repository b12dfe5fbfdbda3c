// What `--to` means, and what is refused before a byte leaves: secrets on the command line, and the record in clear across a network.
import { isAbsolute } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { classifyAddress } from "#core/net";
import type { SyslogPlace } from "./syslog-line.ts";

/** Where an export goes. */
export type Destination =
  | { readonly kind: "stdout" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "http"; readonly url: URL }
  | { readonly kind: "syslog"; readonly place: SyslogPlace };

/** Reads `-`, a file's name, `http(s)://…`, `syslog[+tcp|+tls]://host[:port]` (UDP without a word) or `syslog+unix:///path`. */
export function parseDestination(
  text: string,
  options: { readonly unencrypted: boolean },
): Result<Destination, Problem> {
  if (text === "-") return ok({ kind: "stdout" });
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return text === "" ? usage("`--to` names no place") : ok({ kind: "file", path: text });
  const url = parseUrl(text);
  if (url === undefined) return usage(`\`${text}\` is no address`);
  if (url.username !== "" || url.password !== "")
    return usage("a name and a password in an address are seen by everybody on this machine", HEADER_HINT);
  const found = scheme === "http" || scheme === "https" ? ok({ kind: "http", url } as const) : syslog(scheme, url);
  if (!found.ok || options.unencrypted || !isOpen(found.value)) return found;
  return usage(
    `\`${scheme}\` to \`${url.hostname}\` would send the record in clear`,
    "use https or syslog+tls, or say `--unencrypted` where the network is yours alone",
  );
}

const HEADER_HINT = "put it into a variable of the environment: `--header-env authorization=VARIABLE`";

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const KINDS: { readonly [scheme: string]: SyslogPlace["kind"] | undefined } = {
  ...{ syslog: "udp", "syslog+udp": "udp", "syslog+tcp": "tcp", "syslog+tls": "tls", "syslog+unix": "unix" },
};

function syslog(scheme: string, url: URL): Result<Destination, Problem> {
  const kind = KINDS[scheme];
  const hint = "- | FILE | http(s)://… | syslog[+tcp|+tls]://HOST[:PORT] | syslog+unix:///PATH";
  if (kind === undefined) return usage(`nothing is delivered by \`${scheme}\``, hint);
  if (url.search !== "" || url.hash !== "") return usage("a syslog address has no `?` and no `#`", hint);
  const path = decodeURIComponent(url.pathname);
  if (kind === "unix" || (scheme === "syslog" && url.hostname === "" && path !== "")) {
    if (url.hostname !== "" || !isAbsolute(path))
      return usage("a Unix socket is named by its path", "syslog+unix:///dev/log");
    return ok({ kind: "syslog", place: { kind: "unix", path } });
  }
  if (url.hostname === "" || (url.pathname !== "" && url.pathname !== "/"))
    return usage("a syslog address is a host and a port", hint);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // 514 by UDP (RFC 5426) and by custom on TCP, 6514 on TLS (RFC 5425).
  const port = url.port === "" ? (kind === "tls" ? 6514 : 514) : Number(url.port);
  return ok({ kind: "syslog", place: { kind, host, port } });
}

function isOpen(destination: Destination): boolean {
  if (destination.kind === "http") return destination.url.protocol === "http:" && !isHere(destination.url.hostname);
  if (destination.kind !== "syslog" || destination.place.kind === "unix") return false;
  return destination.place.kind !== "tls" && !isHere(destination.place.host);
}

function isHere(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return bare === "localhost" || classifyAddress(bare) === "loopback";
}

function usage(message: string, hint?: string): Result<never, Problem> {
  return err({ code: "usage", message, ...(hint === undefined ? {} : { hint }) });
}

/** The destination without anything that may be secret: a query may hold a token. */
export function destinationName(destination: Destination): string {
  switch (destination.kind) {
    case "stdout":
      return "-";
    case "file":
      return destination.path;
    case "http":
      return `${destination.url.origin}${destination.url.pathname}`;
    case "syslog": {
      const { place } = destination;
      return place.kind === "unix"
        ? `syslog+unix://${place.path}`
        : `syslog+${place.kind}://${place.host}:${place.port}`;
    }
    default:
      return destination satisfies never;
  }
}
