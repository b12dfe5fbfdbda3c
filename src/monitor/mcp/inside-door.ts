// The door for clients inside a fence: a socket at a fixed place, on which each connection is one server's client. It knows the wire and its bounds; what
// a server is and where it runs is somebody else's.
import { chmodSync, rmSync } from "node:fs";
import net from "node:net";
import { PassThrough, Writable } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import { frame, type InsideWish, parseWish, WISH_MOST } from "./inside-wire.ts";
import type { ClientEnds } from "./run-server.ts";

/** Where clients find it, inside. */
export const INSIDE_DOOR = "/run/ringfence/mcp.sock";

/** Runs one server for one client until both have ended; answers with its exit code. */
export type ServeInside = (
  wish: InsideWish,
  ends: ClientEnds,
  stop: AbortSignal,
) => Promise<Result<number, readonly Problem[]>>;

/** An open door. */
export interface InsideDoor {
  /** Servers that run. */
  readonly count: number;
  /** Ends them. Idempotent. */
  close(): Promise<void>;
}

/** An agent has tens of servers, and a client that probes starts each twice. */
const CONNECTIONS_MOST = 64;
const WISH_MS = 5_000;
/** What a client has not read of its server's standard error. */
const ERRORS_MOST = 65_536;

/** Opens it. */
export async function openInsideDoor(socketPath: string, serve: ServeInside): Promise<Result<InsideDoor, Problem>> {
  const open = new Map<net.Socket, Promise<void>>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    if (open.size >= CONNECTIONS_MOST) return void refuse(socket, [TOO_MANY]);
    open.set(
      socket,
      converse(socket, serve)
        .catch((error: Error) => refuse(socket, [{ code: "mcp-inside", message: error.message }]))
        .finally(() => open.delete(socket)),
    );
  });
  try {
    rmSync(socketPath, { force: true });
    await new Promise<void>((done, failed) => {
      server.once("error", failed);
      server.listen(socketPath, done);
    });
    server.on("error", () => undefined);
    chmodSync(socketPath, 0o600);
  } catch (error) {
    server.close();
    const message = `the socket for MCP servers \`${socketPath}\` cannot be opened: ${(error as Error).message}`;
    return err({
      code: "mcp-socket",
      message,
      hint: "is the state folder on a local disk, and its path below 60 bytes?",
    });
  }
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    server.close();
    rmSync(socketPath, { force: true });
    for (const socket of open.keys()) socket.destroy();
    await Promise.all(open.values());
  };
  return ok({
    get count(): number {
      return open.size;
    },
    close: () => (closing ??= close()),
  });
}

const TOO_MANY: Problem = {
  code: "mcp-inside-busy",
  message: "too many MCP servers run in this session",
  hint: "end some of them",
};

async function converse(socket: net.Socket, serve: ServeInside): Promise<void> {
  const stop = new AbortController();
  socket.once("close", () => stop.abort());
  const line = await firstLine(socket);
  if (line === undefined) return void socket.destroy();
  const wish = parseWish(line);
  if (!wish.ok) return refuse(socket, [wish.error]);
  const input = new PassThrough();
  socket.pipe(input);
  const output = new Writable({
    write: (chunk: Uint8Array, _, done) => void socket.write(frame("1", chunk), (error) => done(error)),
  });
  output.on("error", () => undefined);
  const errors = (text: string): boolean => {
    if (socket.writableLength > ERRORS_MOST) return false;
    socket.write(frame("2", text));
    return true;
  };
  const ended = await serve(wish.value, { input, output, errors }, stop.signal);
  if (!ended.ok) return refuse(socket, ended.error);
  finish(socket, ended.value);
}

/** The line that comes first; what follows it stays in the socket. `undefined` for none, soon and short. */
function firstLine(socket: net.Socket): Promise<Uint8Array | undefined> {
  return new Promise((done) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (line: Uint8Array | undefined): void => {
      clearTimeout(late);
      socket.off("data", onData).off("close", onEnd).off("end", onEnd);
      socket.pause();
      done(line);
    };
    const onEnd = (): void => settle(undefined);
    const onData = (part: Buffer): void => {
      parts.push(part);
      size += part.length;
      const at = part.indexOf(0x0a);
      if (at < 0) return size > WISH_MOST ? settle(undefined) : undefined;
      const rest = part.subarray(at + 1);
      const line = Buffer.concat(parts).subarray(0, size - rest.length - 1);
      settle(line);
      if (rest.length > 0) socket.unshift(rest);
    };
    const late = setTimeout(onEnd, WISH_MS);
    socket.on("data", onData).once("close", onEnd).once("end", onEnd);
  });
}

function refuse(socket: net.Socket, problems: readonly Problem[]): void {
  for (const { message, hint } of problems) {
    const said = `ringfence: ${forTerminal(message)}\n${hint === undefined ? "" : `hint: ${forTerminal(hint)}\n`}`;
    if (socket.writable) socket.write(frame("2", said));
  }
  finish(socket, 125);
}

/** The last frame. A client that keeps its end open does not keep ours. */
function finish(socket: net.Socket, code: number): void {
  if (socket.writable) socket.end(frame("x", String(code)), () => socket.destroy());
  else socket.destroy();
}
