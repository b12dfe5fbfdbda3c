// What stands in front of a connection from the fence's bridge: the PROXY protocol, version 2 (haproxy.org, proxy-protocol.txt), with three fields of
// our own. It says which program connected, and where to before the connection was turned here. The bridge writes one before every connection, so
// what a program writes itself comes behind it and is no preface.
import { parseHost } from "#core/net";
import type { Peer } from "./filter.ts";
import { BadMessage } from "./head.ts";
import type { Intake } from "./intake.ts";

/** What it says. */
export interface Preface {
  readonly peer: Peer;
  /** Where a connection was meant to go that did not ask for the proxy; the name is the one that its address was given for. */
  readonly turned?: { readonly host: string; readonly port: number };
  /** No connection, but what the fence refused, in the bridge's word, with the name that was asked for. */
  readonly refused?: { readonly word: string; readonly name?: string };
}

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const MOST = 4096;
const FIELD = { pid: 0xe0, exe: 0xe1, name: 0xe2, refused: 0xe3 } as const;
/** Bytes of both addresses and ports, by the protocol's word for TCP over IPv4 and IPv6 and for a connection whose ends are unknown. */
const ENDS = new Map([
  [0x11, 12],
  [0x21, 36],
  [0x00, 0],
]);

/** Reads one. `undefined` when the peer ended before it; throws `BadMessage` for anything else in its place. */
export async function readPreface(client: Intake): Promise<Preface | undefined> {
  const head = await client.exactly(16);
  if (head === undefined) return undefined;
  const command = head[12];
  const family = head[13] ?? -1;
  const length = head.readUInt16BE(14);
  const ends = ENDS.get(family);
  if (!head.subarray(0, 12).equals(SIGNATURE) || (command !== 0x20 && command !== 0x21))
    throw new BadMessage("preface");
  if (ends === undefined || length > MOST || length < ends) throw new BadMessage("preface");
  const rest = length === 0 ? Buffer.alloc(0) : await client.exactly(length);
  if (rest === undefined) throw new BadMessage("preface");
  const fields = fieldsOf(rest.subarray(ends));
  const to = command === 0x21 && ends > 0 ? destination(rest, family === 0x11 ? 4 : 16) : undefined;
  const isTurned = to !== undefined && !isLoopback(to.host);
  const exe = fields.get(FIELD.exe)?.toString("utf8");
  const pid = fields.get(FIELD.pid);
  const name = fields.get(FIELD.name)?.toString("latin1");
  const word = fields.get(FIELD.refused)?.toString("latin1");
  if (to?.port === 0 && word === undefined) throw new BadMessage("preface");
  if (pid !== undefined && pid.length !== 4) throw new BadMessage("preface");
  return {
    peer: {
      ...(pid === undefined ? {} : { pid: pid.readUInt32BE(0) }),
      ...(exe === undefined ? {} : { exe }),
      ...(isTurned ? { dialled: `${to.host.includes(":") ? `[${to.host}]` : to.host}:${to.port}` } : {}),
    },
    ...(isTurned && word === undefined ? { turned: { host: name ?? to.host, port: to.port } } : {}),
    ...(word === undefined ? {} : { refused: { word, ...(name === undefined ? {} : { name }) } }),
  };
}

/** Type, length, value, one behind the other; ours at most once each. */
function fieldsOf(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const fields = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) throw new BadMessage("preface");
    const type = bytes.readUInt8(at);
    const value = bytes.subarray(at + 3, at + 3 + bytes.readUInt16BE(at + 1));
    at += 3 + bytes.readUInt16BE(at + 1);
    if (at > bytes.length || fields.has(type)) throw new BadMessage("preface");
    fields.set(type, value);
  }
  return fields;
}

function destination(bytes: Buffer, size: 4 | 16): { readonly host: string; readonly port: number } {
  const address = bytes.subarray(size, 2 * size);
  const groups = Array.from({ length: 8 }, (_, i) => (size === 16 ? address.readUInt16BE(2 * i).toString(16) : "0"));
  const host = parseHost(size === 4 ? address.join(".") : groups.join(":"));
  const port = bytes.readUInt16BE(2 * size + 2);
  if (host === undefined) throw new BadMessage("preface");
  return { host, port };
}

/** The proxy's own address inside: who connects there speaks to a proxy. */
function isLoopback(host: string): boolean {
  return host === "::1" || host.startsWith("127.");
}
