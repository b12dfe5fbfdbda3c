// Entries with an address. Only Streamable HTTP with fixed headers is handed to the gateway: what signs in by itself, and an address that may hold a
// secret, stay with the client.
import type { ClientForm } from "./client.ts";
import { type Entry, has, isValue, type Leaf, leavesBelow, textAt } from "./entry.ts";
import { type ClientServer, left } from "./kinds.ts";

/** Reads an entry with an address: Streamable HTTP that needs nothing but fixed headers. */
export function httpServer(form: ClientForm, entry: Entry, urlKey: string, named: boolean): ClientServer {
  const url = textAt(entry, urlKey);
  if (url === undefined) return left("its address is no text");
  if (has(entry, "env_http_headers"))
    return left("its headers come out of the client's own variables (`env_http_headers`)");
  const signIn = form.signIn.find((key) => has(entry, key) && !isValue(entry, key, false));
  if (signIn !== undefined)
    return left(`the client signs in by itself (\`${signIn}\`), and its token is for the server's address alone`);
  if (/[${}]|%\w+%/.test(url))
    return left("its address has a placeholder, whose value would stand among the arguments of a process");
  const address = /^https?:\/\/([^/?#\s]*)([^?#\s]*)([?#].*)?$/i.exec(url);
  if (address === null) return left("its address is not http or https");
  if (/@/.test(address[1] ?? "") || address[3] !== undefined)
    return left("its address may hold a secret, which would stand among the arguments of a process");
  if (/\/sse\/?$/.test(address[2] ?? ""))
    return left("its address is that of the older SSE, which the gateway does not speak");
  if (has(entry, "command") || has(entry, "args") || has(entry, form.env) || has(entry, "env_vars"))
    return left("it has an address and what belongs to a program");
  const headers = leavesBelow(entry, form.headers);
  const names = headers.map(({ path }) => path[1]).filter((name) => name !== undefined);
  const isText = ({ path, node }: Leaf): boolean =>
    path.length === 1 || (path.length === 2 && node.kind === "scalar" && typeof node.value === "string");
  if (!headers.every(isText)) return left("its headers are not names with texts");
  if (names.some((name) => !HEADER.test(name) || isProtocolHeader(name)))
    return left("its headers are not all the server's own: some are the protocol's");
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length) return left("a header is there twice");
  const bearer = textAt(entry, TOKEN);
  if (has(entry, TOKEN) && (bearer === undefined || !/^[A-Za-z_]\w*$/.test(bearer)))
    return left("the variable of its token is no name");
  if (bearer !== undefined && names.some((name) => name.toLowerCase() === "authorization"))
    return left("it has two tokens");
  if (names.length === 0 && bearer === undefined && !named)
    return { kind: "left", why: "it has no fixed header, so the client may sign in by itself", byName: true };
  return { kind: "http", url, urlKey, headers: names, ...(bearer === undefined ? {} : { bearer }) };
}

// A header's name, without the signs that clients replace.
const HEADER = /^[!#&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;

const TOKEN = "bearer_token_env_var";

/** True for headers that the protocol writes itself, or that belong to one connection: nobody sets them for a server. */
export function isProtocolHeader(name: string): boolean {
  return PROTOCOL_HEADERS.test(name);
}

const PROTOCOL_HEADERS =
  /^(?:host|connection|content-.*|transfer-encoding|te|trailer|upgrade|expect|accept.*|mcp-.*|last-event-id|proxy-.*)$/i;
