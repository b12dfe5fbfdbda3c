// A URL that a tool is asked to open → the host and port it connects to. What two parsers could read differently is no address here.
import { parseHost } from "../net/host.ts";

/** Where a URL leads. */
export interface WebAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

const URL_SHAPE = /^(https?):\/\/(?:[^/?#@\\]*@)?(\[[0-9a-fA-F:.]+\]|[^/?#:@\\\s]+)(?::(\d{1,5}))?(?:[/?#]|$)/i;

/** The address of an http(s) URL; `undefined` for everything else. */
export function addressOf(url: string): WebAddress | undefined {
  const match = URL_SHAPE.exec(url);
  if (match?.[2] === undefined || /[\\\s\0-\x1f\x7f]/.test(url)) return undefined;
  const host = parseHost(match[2]);
  const port = match[3] === undefined ? (match[1]?.toLowerCase() === "http" ? 80 : 443) : Number(match[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port, url };
}

/**
 * Every address that a text names; `undefined` when one of them is none. For tools that take their URLs inside a prompt: those split at spaces and take
 * the rest, so `https://a.org)@b.org` is b.org to them, and what stands behind an address may be nothing but punctuation.
 */
export function addressesIn(text: string): readonly WebAddress[] | undefined {
  const found = [...text.matchAll(/\b([a-z][a-z0-9+.-]*:\/\/[^\s<>"'`)\]}]+)([^\s]*)/gi)];
  const addresses = found.map(([, url = "", rest = ""]) =>
    /^[^\p{L}\p{N}@:/\\[]*$/u.test(rest) ? addressOf(url.replace(/[.,;:!?]+$/, "")) : undefined,
  );
  return addresses.every((address) => address !== undefined) ? addresses : undefined;
}
