// Host names as the network rules and the proxy compare them: one spelling, or none. Pure.
// What a resolver or another parser could read differently (NUL, percent, `0x7f.1`, userinfo) is not a host here.
import { canonicalAddress } from "./address.ts";

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
// A last label of digits or hex makes the whole an IPv4 number to the WHATWG parser and to inet_aton(3).
const NUMERIC = /^(\d+|0x[0-9a-f]*)$/;

/**
 * The canonical form: lower case, IDNA to ASCII, no trailing dot; IPv4 in four decimal parts, IPv6 compressed without brackets.
 * `undefined` when it is not exactly one host.
 */
export function parseHost(text: string): string | undefined {
  if (text.length === 0 || text.length > 255) return undefined;
  if (text.startsWith("[")) return text.endsWith("]") ? v6(text.slice(1, -1)) : undefined;
  if (text.includes(":")) return v6(text);
  const ascii = toAscii(text);
  if (ascii === undefined) return undefined;
  const name = ascii.endsWith(".") ? ascii.slice(0, -1) : ascii;
  const address = canonicalAddress(name);
  // `127.0.0.01` parses as an address to some and not to others: only the canonical spelling is one.
  if (address !== undefined) return address === name ? address : undefined;
  const labels = name.split(".");
  if (name.length > 253 || !labels.every((label) => LABEL.test(label))) return undefined;
  return NUMERIC.test(labels.at(-1) ?? "") ? undefined : name;
}

/** True for an address literal in canonical form. */
export function isAddress(host: string): boolean {
  return canonicalAddress(host) === host;
}

function v6(text: string): string | undefined {
  const address = canonicalAddress(text);
  return address?.includes(":") ? address : undefined;
}

// The platform's URL parser has the only IDNA that every client agrees with; plain ASCII never reaches it.
function toAscii(text: string): string | undefined {
  if (/^[\x21-\x7e]+$/.test(text)) return text.toLowerCase();
  if (/[\p{Cc}\p{Cf}\p{Z}%@/?#\\:[\]]/u.test(text)) return undefined;
  const url = `http://${text}/`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
