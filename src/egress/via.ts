// Through the outside proxy to a server: CONNECT (RFC 9110 section 9.3.6) or SOCKS 5 (RFC 1928), with the person's login where they gave one.
import type { Socket } from "node:net";
import net from "node:net";
import tls from "node:tls";
import { parseResponseHead } from "./head.ts";
import { Intake, send } from "./intake.ts";
import type { ChooseProxy, OutsideProxy } from "./outside-proxy.ts";

const TUNNEL_MS = 15_000;

/** Opens a connection to the proxy itself: for requests in absolute form. Rejects with a `code` or one stable word. */
export async function reachProxy(proxy: OutsideProxy, ms: number): Promise<Socket> {
  const options = { host: proxy.host, port: proxy.port, allowHalfOpen: true };
  const socket =
    proxy.kind === "https"
      ? tls.connect({
          ...options,
          servername: net.isIP(proxy.host) === 0 ? proxy.host : "",
          ALPNProtocols: ["http/1.1"],
        })
      : net.connect({ ...options, noDelay: true, keepAlive: true });
  const timer = setTimeout(() => socket.destroy(new Error("proxy-timeout")), ms);
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.once(proxy.kind === "https" ? "secureConnect" : "connect", () => {
        socket.off("error", reject);
        resolve();
      });
    });
  } finally {
    clearTimeout(timer);
  }
  socket.on("error", () => socket.destroy());
  return socket;
}

/** How the house's own questions go out, where the person's network has such a proxy; `undefined` for what is dialled directly. */
export function reachOutside(
  choose: ChooseProxy | undefined,
): (to: { readonly host: string; readonly port: number }) => Promise<Socket | undefined> {
  return async (to) => {
    const proxy = choose?.({ scheme: "https", ...to });
    return proxy === undefined ? undefined : tunnelThrough(proxy, to, TUNNEL_MS);
  };
}

/** Opens a tunnel through it. Rejects as `reachProxy` does. */
export async function tunnelThrough(
  proxy: OutsideProxy,
  to: { readonly host: string; readonly port: number },
  ms: number,
): Promise<Socket> {
  const started = performance.now();
  const socket = await reachProxy(proxy, ms);
  const timer = setTimeout(() => socket.destroy(), Math.max(1, ms - (performance.now() - started)));
  const intake = new Intake(socket);
  try {
    await (proxy.kind === "socks5" ? askSocks(intake, proxy, to) : askConnect(intake, proxy, to));
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const behind = intake.release();
  if (behind.length > 0) socket.unshift(behind);
  return socket;
}

/** The value of `Proxy-Authorization`; `undefined` where the proxy has no login. */
export function proxyAuthorization({ login }: OutsideProxy): string | undefined {
  if (login === undefined) return undefined;
  return `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`;
}

async function askConnect(intake: Intake, proxy: OutsideProxy, to: { host: string; port: number }): Promise<void> {
  const place = `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}`;
  const authorization = proxyAuthorization(proxy);
  const lines = [`CONNECT ${place} HTTP/1.1`, `Host: ${place}`];
  if (authorization !== undefined) lines.push(`Proxy-Authorization: ${authorization}`);
  await send(intake.socket, `${lines.join("\r\n")}\r\n\r\n`);
  const head = await intake.readHead();
  if (head === undefined) throw new Error("proxy-ended");
  const { status } = parseResponseHead(head);
  if (status < 200 || status > 299) throw new Error(`proxy-${status}`);
}

async function askSocks(intake: Intake, { login }: OutsideProxy, to: { host: string; port: number }): Promise<void> {
  await send(intake.socket, Buffer.from(login === undefined ? [5, 1, 0] : [5, 2, 0, 2]));
  const [version, method] = await need(intake, 2);
  if (version !== 5 || (method !== 0 && !(method === 2 && login !== undefined))) throw new Error("proxy-login");
  if (method === 2 && login !== undefined) {
    const [user, password] = [Buffer.from(login.user), Buffer.from(login.password)];
    if (user.length > 255 || password.length > 255) throw new Error("proxy-login");
    await send(
      intake.socket,
      Buffer.concat([Buffer.from([1, user.length]), user, Buffer.from([password.length]), password]),
    );
    if ((await need(intake, 2))[1] !== 0) throw new Error("proxy-login");
  }
  // By name, as every address is one too to a proxy that resolves.
  const name = Buffer.from(to.host);
  await send(
    intake.socket,
    Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([to.port >> 8, to.port & 255])]),
  );
  const [, code = 1, , kind] = await need(intake, 4);
  if (code !== 0) throw new Error(`proxy-socks-${code}`);
  const size = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? ((await need(intake, 1))[0] ?? 0) : 0;
  await need(intake, size + 2);
}

async function need(intake: Intake, count: number): Promise<Buffer> {
  const bytes = await intake.exactly(count);
  if (bytes === undefined) throw new Error("proxy-ended");
  return bytes;
}
