// A PROXY protocol preface as the fence's bridge writes it (native/preface.c), for tests of the proxy.
import { parseHost } from "#core/net";

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** Without `to` the ends are unknown (LOCAL). */
export function preface(said: {
  readonly pid?: number;
  readonly exe?: string;
  readonly name?: string;
  readonly to?: { readonly address: string; readonly port: number };
}): Buffer {
  const field = (type: number, value: Buffer | undefined): Buffer =>
    value === undefined
      ? Buffer.alloc(0)
      : Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 255]), value]);
  const pid = Buffer.alloc(4);
  pid.writeUInt32BE(said.pid ?? 0);
  const rest = Buffer.concat([
    said.to === undefined ? Buffer.alloc(0) : ends(said.to),
    field(0xe0, said.pid === undefined ? undefined : pid),
    field(0xe1, said.exe === undefined ? undefined : Buffer.from(said.exe)),
    field(0xe2, said.name === undefined ? undefined : Buffer.from(said.name, "latin1")),
  ]);
  const family = said.to === undefined ? 0 : said.to.address.includes(":") ? 0x21 : 0x11;
  return Buffer.concat([
    SIGNATURE,
    Buffer.from([said.to === undefined ? 0x20 : 0x21, family, rest.length >> 8, rest.length & 255]),
    rest,
  ]);
}

function ends({ address, port }: { readonly address: string; readonly port: number }): Buffer {
  const to = bytesOf(address);
  return Buffer.concat([to, to, Buffer.from([0x9c, 0x40, port >> 8, port & 255])]);
}

function bytesOf(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [left = "", right = ""] = (parseHost(address) ?? "").split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const [before, after] = [groups(left), groups(right)];
  const all = [...before, ...Array<string>(8 - before.length - after.length).fill("0"), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
}
