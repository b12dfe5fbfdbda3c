// A fence whose network is turned to the bridge, and outside it a stand-in for the proxy that reads the preface (native/preface.h) with its own eyes and
// lets through what a test says. The real proxy's judgement has its own tests.
import net, { type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** What a connection said of itself before its own first byte. */
export interface Preface {
  /** `address:port`, or `undefined` for LOCAL. */
  readonly from?: string;
  readonly to?: string;
  readonly pid?: number;
  readonly exe?: string;
  readonly name?: string;
  /** No connection: what was refused inside, in one word. */
  readonly refused?: string;
}

const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");

/** Reads it, strictly; `undefined` when more bytes are needed. Throws for anything else. */
export function readPreface(bytes: Buffer): { readonly preface: Preface; readonly size: number } | undefined {
  if (bytes.length < 16) return undefined;
  if (!bytes.subarray(0, 12).equals(SIGNATURE)) throw new Error(`no preface: ${bytes.subarray(0, 16).toString("hex")}`);
  const size = 16 + bytes.readUInt16BE(14);
  if (bytes.length < size) return undefined;
  const [command, family] = [bytes[12], bytes[13]];
  if (command === 0x20 && family === 0) return { preface: fields(bytes.subarray(16, size)), size };
  if (command !== 0x21 || (family !== 0x11 && family !== 0x21)) throw new Error("a preface of another kind");
  const width = family === 0x11 ? 4 : 16;
  const address = (at: number, port: number): string =>
    `${text(bytes.subarray(at, at + width))}:${bytes.readUInt16BE(port)}`;
  const ports = 16 + 2 * width;
  const ends = { from: address(16, ports), to: address(16 + width, ports + 2) };
  return { preface: { ...ends, ...fields(bytes.subarray(ports + 4, size)) }, size };
}

function text(address: Buffer): string {
  if (address.length === 4) return address.join(".");
  const words = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16));
  return new URL(`http://[${words.join(":")}]`).hostname;
}

function fields(bytes: Buffer): Preface {
  const found: { pid?: number; exe?: string; name?: string; refused?: string } = {};
  for (let at = 0; at < bytes.length; ) {
    const value = bytes.subarray(at + 3, at + 3 + bytes.readUInt16BE(at + 1));
    if (bytes[at] === 0xe0) found.pid = value.readUInt32BE(0);
    else if (bytes[at] === 0xe1) found.exe = value.toString();
    else if (bytes[at] === 0xe2) found.name = value.toString();
    else if (bytes[at] === 0xe3) found.refused = value.toString();
    else throw new Error(`field ${bytes[at]}`);
    at += 3 + value.length;
  }
  return found;
}

/** The stand-in: joins what `allows` answers with a port of loopback, and ends everything else. */
export async function prefaceProxy(
  folder: string,
  allows: (preface: Preface) => number | undefined,
): Promise<{ readonly socketPath: string; readonly seen: Preface[] }> {
  const seen: Preface[] = [];
  const live = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    live.add(socket);
    socket.on("error", () => socket.destroy());
    let bytes = Buffer.alloc(0);
    const more = (piece: Buffer): void => {
      bytes = Buffer.concat([bytes, piece]);
      const read = readPreface(bytes);
      if (read === undefined) return;
      socket.off("data", more);
      seen.push(read.preface);
      const port = allows(read.preface);
      if (port === undefined) return void socket.destroy();
      const upstream = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
      live.add(upstream);
      upstream.on("error", () => socket.destroy());
      upstream.write(bytes.subarray(read.size));
      socket.pipe(upstream).pipe(socket);
    };
    socket.on("data", more);
  });
  const socketPath = join(folder, "preface.sock");
  await new Promise<void>((done) => server.listen(socketPath, done));
  onTestFinished(() => {
    server.close();
    for (const socket of live) socket.destroy();
  });
  return { socketPath, seen };
}
