// A proxy with its record, for tests against real servers on loopback. Names map to loopback by the test's own resolver, which the plan allows by allowPrivate.
import { randomBytes } from "node:crypto";
import http from "node:http";
import net, { type AddressInfo, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { RecordBody } from "#core/log";
import { type EgressPlan, expandNetwork, type ToolHost } from "#core/net";
import { type ChooseProxy, type Consult, type Egress, type EgressOptions, type HttpFilter, openEgress } from "#egress";
import { tmp } from "./tmp.ts";

const at = { file: "policy.yaml", line: 7, column: 3 };
const LOOPBACK = { cidr: "127.0.0.1/32", reason: "the test's own server" };

export interface Bed {
  readonly socketPath: string;
  readonly egress: Egress;
  readonly records: RecordBody[];
  /** What the resolver was asked. */
  readonly asked: string[];
}

const onEnd = (close: () => Promise<void> | void): void => onTestFinished(async () => close());

export async function bed(options: {
  allow: readonly string[];
  deny?: readonly string[];
  privateHosts?: readonly string[];
  addresses?: () => readonly string[];
  /** Where `preset:npm` leads. */
  npm?: readonly ToolHost[];
  maxConnections?: number;
  idleMs?: number;
  append?: (body: RecordBody) => Promise<number>;
  consult?: Consult;
  filters?: readonly HttpFilter[];
  preface?: boolean;
  own?: NonNullable<EgressOptions["own"]>;
  programAt?: NonNullable<EgressOptions["programAt"]>;
  outside?: ChooseProxy;
  stallMs?: number;
}): Promise<Bed> {
  const texts = (rules: readonly string[] = []): { text: string; at: typeof at }[] =>
    rules.map((text) => ({ text, at }));
  const hosts = options.privateHosts ?? ["ok.test"];
  const expanded = expandNetwork(
    {
      allow: texts(options.allow),
      deny: texts(options.deny),
      allowPrivate: hosts.map((host) => ({ host, ...LOOPBACK, at })),
    },
    { registries: { npm: options.npm ?? [], debian: [] }, files: [], caFile: undefined },
  );
  if (!expanded.ok) throw new Error(JSON.stringify(expanded.error));
  const plan: EgressPlan = { ...expanded.value, maxConnections: options.maxConnections ?? 500 };
  const records: RecordBody[] = [];
  const asked: string[] = [];
  const socketPath = join(tmp(), "proxy.sock");
  const egress = await openEgress({
    plan,
    socketPath,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    ...(options.consult === undefined ? {} : { consult: options.consult }),
    ...(options.filters === undefined ? {} : { filters: options.filters }),
    ...(options.own === undefined ? {} : { own: options.own }),
    ...(options.outside === undefined ? {} : { outside: options.outside }),
    ...(options.stallMs === undefined ? {} : { stallMs: options.stallMs }),
    ...(options.preface === undefined ? {} : { preface: options.preface }),
    ...(options.programAt === undefined ? {} : { programAt: options.programAt }),
    append: options.append ?? (async (body) => records.push(body)),
    resolve: async (host) => {
      asked.push(host);
      return options.addresses?.() ?? ["127.0.0.1"];
    },
  });
  if (!egress.ok) throw new Error(egress.error.message);
  onEnd(() => egress.value.close());
  return { socketPath, egress: egress.value, records, asked };
}

export async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onEnd(() => new Promise((done) => server.close(() => done())));
  return (server.address() as AddressInfo).port;
}

/** A server that says what arrived and answers with a word. */
export async function rawServer(): Promise<{ port: number; heard: () => string }> {
  let heard = "";
  const port = await listen(
    net.createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (piece) => {
        heard += piece.toString("latin1");
        socket.write("answered");
      });
    }),
  );
  return { port, heard: () => heard };
}

/** A port of loopback that leads to the proxy, as the bridge inside a fence does. */
export function proxyPort(socketPath: string): Promise<number> {
  return listen(
    net.createServer((socket) => {
      const far = net.connect(socketPath);
      for (const end of [socket, far]) end.on("error", () => undefined);
      socket.pipe(far).pipe(socket);
    }),
  );
}

/** An HTTP server that answers with what it was asked. */
export function echoServer(): Promise<number> {
  const server = http.createServer((request, response) => {
    const body: Buffer[] = [];
    request.on("data", (piece: Buffer) => body.push(piece));
    request.on("end", () =>
      response.end(
        JSON.stringify({
          method: request.method,
          url: request.url,
          headers: request.headers,
          body: Buffer.concat(body).toString(),
        }),
      ),
    );
  });
  onEnd(() => server.closeAllConnections());
  return listen(server);
}

const STEPS = 8;

/** Sends bytes, optionally more after an answer, and gives everything that came back until the end or `ms` of silence. */
export function talk(
  socketPath: string,
  bytes: string | Buffer,
  more?: (socket: Socket, answer: string) => void,
  ms = 400,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    let answer = "";
    // Counted in small steps: a process that gets no time for a while has waited for one of them, and nobody has been silent.
    let quiet = 0;
    const timer = setInterval(() => {
      quiet += 1;
      if (quiet === STEPS) socket.destroy();
    }, ms / STEPS);
    socket.on("connect", () => socket.write(bytes));
    socket.on("data", (piece) => {
      answer += piece.toString("latin1");
      quiet = 0;
      more?.(socket, answer);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

export const get = (url: string, host: string, extra = ""): string =>
  `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${extra}\r\n`;

/** The smallest ClientHello that names a server. */
export function clientHello(name: string): Buffer {
  const host = Buffer.from(name, "latin1");
  const u16 = (n: number): Buffer => Buffer.from([n >> 8, n & 255]);
  const entry = Buffer.concat([Buffer.from([0]), u16(host.length), host]);
  const list = Buffer.concat([u16(entry.length), entry]);
  const extension = Buffer.concat([u16(0), u16(list.length), list]);
  const body = Buffer.concat([
    u16(0x0303),
    randomBytes(32),
    Buffer.from([0]),
    u16(2),
    u16(0x1301),
    Buffer.from([1, 0]),
    u16(extension.length),
    extension,
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
  return Buffer.concat([Buffer.from([0x16, 3, 1]), u16(handshake.length), handshake]);
}
