// SOCKS5 (RFC 1928, RFC 1929), for the programs that speak it: one more way to ask for a tunnel. CONNECT only; user name and password mean nothing;
// a name is one spelling of a host or nothing (a NUL in one has opened other people's proxies).
import { parseHost } from "#core/net";
import type { DialDeps } from "./dial.ts";
import { BadMessage } from "./head.ts";
import { type Intake, send } from "./intake.ts";
import type { Refusal } from "./refusal.ts";
import { serveTunnel } from "./tunnel.ts";

const VERSION = 5;
const NO_LOGIN = 0;
const PASSWORD = 2;
const CONNECT = 1;
/** Slow enough for any client, too fast for one that only holds the connection. */
const HANDSHAKE_MS = 30_000;
// RFC 1928 section 6.
const REPLY = { done: 0, failure: 1, notAllowed: 2, unreachable: 4, refused: 5, command: 7, addressType: 8 } as const;

/** What a client asks for. */
interface Request {
  readonly command: number;
  readonly host: string;
  readonly port: number;
}

/** True for the first byte of a client that speaks SOCKS, in whatever version. */
export function isSocks(byte: number | undefined): boolean {
  return byte === VERSION || byte === 4;
}

/** Serves one client to its end. Every refusal is on record. */
export async function serveSocks(client: Intake, deps: DialDeps): Promise<void> {
  const slow = setTimeout(() => client.socket.destroy(), HANDSHAKE_MS);
  const deny = async (refusal: Refusal): Promise<void> => {
    await deps.tally.refuse(refusal, deps.peer);
    await send(client.socket, reply(codeOf(refusal)));
    client.socket.destroySoon();
  };
  const bad = (reason: string, at = { host: "?", port: 0 }): Promise<void> =>
    deny({ status: 400, ...at, reason, hint: "the request is not SOCKS 5 CONNECT as RFC 1928 writes it" });
  let asked: Request | undefined;
  try {
    await greet(client);
    asked = await readRequest(client);
  } catch (error) {
    if (error instanceof BadMessage) return await bad(`bad-request-${error.message}`);
    throw error;
  } finally {
    clearTimeout(slow);
  }
  if (asked === undefined) return void client.socket.destroySoon();
  const { command, host, port } = asked;
  if (command !== CONNECT) return bad("socks-command", { host, port });
  const accept = async (): Promise<void> => void (await send(client.socket, reply(REPLY.done)));
  await serveTunnel(client, { host, port }, { deps, greeting: { accept, refuse: deny } });
}

/** Agrees on a method. Throws `BadMessage`. */
async function greet(client: Intake): Promise<void> {
  const [version, count = 0] = await need(client, 2);
  if (version !== VERSION || count === 0) throw new BadMessage("socks-version");
  const methods = await need(client, count);
  // One that offers nothing else gets its login taken, and not read: whoever reaches this socket is inside the fence.
  const method = methods.includes(NO_LOGIN) ? NO_LOGIN : PASSWORD;
  if (!methods.includes(method)) {
    await send(client.socket, Buffer.from([VERSION, 0xff]));
    throw new BadMessage("socks-method");
  }
  await send(client.socket, Buffer.from([VERSION, method]));
  if (method === NO_LOGIN) return;
  const [login, nameSize = 0] = await need(client, 2);
  if (login !== 1 || nameSize === 0) throw new BadMessage("socks-login");
  await need(client, nameSize);
  const [passwordSize = 0] = await need(client, 1);
  if (passwordSize > 0) await need(client, passwordSize);
  await send(client.socket, Buffer.from([1, 0]));
}

/** Throws `BadMessage`; `undefined` when the client ended instead of asking. */
async function readRequest(client: Intake): Promise<Request | undefined> {
  const head = await client.exactly(4);
  if (head === undefined) return undefined;
  const [version, command = 0, reserved, kind] = head;
  if (version !== VERSION || reserved !== 0) throw new BadMessage("socks-request");
  const text = await readHost(client, kind);
  const port = (await need(client, 2)).readUInt16BE(0);
  const host = parseHost(text);
  if (host === undefined || port === 0) throw new BadMessage("socks-host");
  return { command, host, port };
}

async function readHost(client: Intake, kind: number | undefined): Promise<string> {
  switch (kind) {
    case 1:
      return (await need(client, 4)).join(".");
    case 4: {
      const bytes = await need(client, 16);
      return Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(":");
    }
    case 3: {
      const [size = 0] = await need(client, 1);
      if (size === 0) throw new BadMessage("socks-host");
      const text = (await need(client, size)).toString("latin1");
      if (!/^[\x21-\x7e]+$/.test(text) || /[[\]]/.test(text)) throw new BadMessage("socks-host");
      return text;
    }
    default:
      throw new BadMessage("socks-address");
  }
}

async function need(client: Intake, count: number): Promise<Buffer> {
  const bytes = await client.exactly(count);
  if (bytes === undefined) throw new BadMessage("cut-off");
  return bytes;
}

/** The bound address is nobody's business inside. */
function reply(code: number): Buffer {
  return Buffer.from([VERSION, code, 0, 1, 0, 0, 0, 0, 0, 0]);
}

function codeOf({ reason, status }: Refusal): number {
  if (reason === "socks-command") return REPLY.command;
  if (reason === "bad-request-socks-address") return REPLY.addressType;
  if (status === 403) return REPLY.notAllowed;
  if (reason === "upstream-econnrefused") return REPLY.refused;
  return status === 502 || status === 504 ? REPLY.unreachable : REPLY.failure;
}
