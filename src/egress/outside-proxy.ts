// The proxy that the person's own network wants between itself and the world: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY of their shell, read
// as curl and Go read them. Nothing inside the fence can set or see them.
import { err, ok, type Problem, type Result } from "#core";
import { isAddress, isInside, parseHost, splitPort } from "#core/net";

/** One of them. */
export interface OutsideProxy {
  readonly kind: "http" | "https" | "socks5";
  readonly host: string;
  readonly port: number;
  readonly login?: { readonly user: string; readonly password: string };
}

/** Which one a destination is reached by; `undefined` = directly. */
export type ChooseProxy = (to: {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
}) => OutsideProxy | undefined;

const DEFAULT_PORT = { http: 80, https: 443, socks5: 1080 } as const;
const SCHEMES: Readonly<Record<string, OutsideProxy["kind"]>> = {
  http: "http",
  https: "https",
  socks5: "socks5",
  socks5h: "socks5",
};

/** Reads them from the person's environment. `undefined` when none is set; a Problem, without the value, for one that names no proxy. */
export function readOutsideProxy(
  env: Readonly<Record<string, string | undefined>>,
): Result<ChooseProxy | undefined, Problem> {
  const first = (names: readonly string[]): Result<OutsideProxy | undefined, Problem> => {
    const name = names.find((one) => (env[one] ?? "") !== "");
    if (name === undefined) return ok(undefined);
    const proxy = parseProxy(env[name] ?? "");
    if (proxy !== undefined) return ok(proxy);
    return err({
      code: "outside-proxy",
      message: `\`${name}\` names no proxy that can be used`,
      hint: "write `http://host:port`, `https://host:port` or `socks5://host:port`, with `user:password@` where it wants them, or unset it",
    });
  };
  const secure = first(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
  const plain = first(["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]);
  if (!secure.ok) return secure;
  if (!plain.ok) return plain;
  if (secure.value === undefined && plain.value === undefined) return ok(undefined);
  const skips = parseNoProxy(env["no_proxy"] ?? env["NO_PROXY"] ?? "");
  return ok(({ scheme, host, port }) => {
    if (isLoopback(host) || skips.some((skip) => skip(host, port))) return undefined;
    return scheme === "http" ? plain.value : secure.value;
  });
}

function parseProxy(text: string): OutsideProxy | undefined {
  const url = /^[a-z0-9]+:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, password, port, protocol, username } = new URL(url);
  const kind = SCHEMES[protocol.slice(0, -1)];
  const host = parseHost(hostname);
  if (kind === undefined || host === undefined) return undefined;
  try {
    const login = { user: decodeURIComponent(username), password: decodeURIComponent(password) };
    const place = { kind, host, port: port === "" ? DEFAULT_PORT[kind] : Number(port) };
    return username === "" ? place : { ...place, login };
  } catch {
    return undefined; // a percent sign that escapes nothing
  }
}

type Skip = (host: string, port: number) => boolean;

/** `*`, `host` and `.host` (with all below it), either with `:port`, an address, a block. What is none of these covers nothing. */
function parseNoProxy(text: string): readonly Skip[] {
  return text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "")
    .map((word): Skip => {
      if (word === "*") return () => true;
      if (/^[0-9a-f.:]+\/\d+$/.test(word)) return (host) => isAddress(host) && isInside(host, word);
      const { name, port } = splitPort(word);
      const named = parseHost(name.replace(/^\*?\./, ""));
      if (named === undefined) return () => false;
      const below = `.${named}`;
      return (host, at) => (port === undefined || Number(port) === at) && (host === named || host.endsWith(below));
    });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || isInside(host, "127.0.0.0/8");
}
