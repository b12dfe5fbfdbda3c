// The socket on which a person's own terminal answers a session's questions. It is another one than the agent's, in a folder that no fence mounts, and who
// connects is judged by what the kernel says of that process (core/session/answerer.ts).
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { ticksNow } from "#sandbox";
import { type ApprovalRequest, parseRequest, WIRE_MOST } from "./approval-wire.ts";
import type { Approvals } from "./approvals.ts";
import { refuseNobody } from "./person-at-socket.ts";
import type { OpenQuestion } from "./question-race.ts";

/** What it serves, and for whom. */
export interface ApprovalServerOptions {
  readonly approvals: Approvals;
  readonly session: string;
  readonly contained: boolean;
  readonly stateDir: string;
  /** The native helper: it alone can ask the kernel who connected. */
  readonly helper: string;
  /** The agent's processes as far as they are known; this process is always one. */
  readonly agentPids?: () => readonly number[];
}

/** An open one. */
export interface ApprovalServer extends AsyncDisposable {
  readonly socketPath: string;
  /** Idempotent. */
  close(): Promise<void>;
}

const CONNECTIONS_MOST = 16;
/** A request is one short line, and comes at once. */
const REQUEST_MS = 5_000;
/** Longest path of a Unix socket on Linux, without its zero. */
const PATH_MOST = 107;

/** The folder of the sockets, one a session, named after it. */
export function approvalFolder(stateDir: string): string {
  return join(stateDir, "approvals");
}

/** Opens the socket, or says why not: the session then has no answers from outside, and nothing else is different. */
export async function serveApprovals(options: ApprovalServerOptions): Promise<Result<ApprovalServer, Problem>> {
  const folder = approvalFolder(options.stateDir);
  const socketPath = join(folder, `${options.session}.sock`);
  const cannot = (why: string): Result<never, Problem> =>
    err({
      code: "approval-socket",
      message: `questions cannot be answered from another terminal: ${why}`,
      hint: "set XDG_STATE_HOME to a short path of your own on a local disk",
    });
  if (Buffer.byteLength(socketPath) > PATH_MOST) return cannot(`the path \`${socketPath}\` is too long for a socket`);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    serve(socket, options).catch(() => socket.destroy());
  });
  server.maxConnections = CONNECTIONS_MOST;
  try {
    privateFolder(folder);
    await sweep(folder);
    await listening(server, socketPath);
    chmodSync(socketPath, 0o600);
  } catch (error) {
    server.close();
    return cannot((error as Error).message);
  }
  server.unref();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= new Promise((done) => {
      server.close(() => done());
      for (const socket of sockets) socket.destroy();
      rmSync(socketPath, { force: true });
    });
    return closing;
  };
  return ok({ socketPath, close, [Symbol.asyncDispose]: close });
}

async function serve(socket: Socket, options: ApprovalServerOptions): Promise<void> {
  const connectedTicks = ticksNow();
  const line = await readLine(socket);
  if (line === undefined) return void socket.destroy();
  const request = parseRequest(line);
  const refused = request.ok ? await refuse(socket, request.value, options, connectedTicks) : request.error;
  if (!request.ok || refused !== undefined) return reply(socket, { ok: false, problem: spoken(refused) }, true);
  await obey(socket, request.value, options.approvals);
}

/** Looking is free, and so is a no: neither lets anything happen. */
async function refuse(
  socket: Socket,
  request: ApprovalRequest,
  options: ApprovalServerOptions,
  connectedTicks: number,
): Promise<Problem | undefined> {
  if (request.do === "list" || (request.do === "answer" && request.verdict === "deny")) return undefined;
  return refuseNobody(socket, options, connectedTicks);
}

async function obey(socket: Socket, request: ApprovalRequest, approvals: Approvals): Promise<void> {
  switch (request.do) {
    case "list":
      return reply(socket, { ok: true, questions: approvals.pending().map(wire) }, true);
    case "watch": {
      const watching = approvals.watch((open) => reply(socket, { ok: true, questions: [wire(open)] }, false));
      socket.setTimeout(0);
      socket.resume(); // its end is seen only when it is read
      socket.once("end", () => socket.destroy());
      socket.once("close", () => watching.leave());
      return;
    }
    case "answer": {
      const { id, digest, verdict, scope } = request;
      const done = await approvals.answer(id, digest, { verdict, scope });
      return reply(
        socket,
        done.ok ? { ok: true, result: done.value } : { ok: false, problem: spoken(done.error) },
        true,
      );
    }
    default:
      return request satisfies never;
  }
}

function wire({ question, late, effect }: OpenQuestion): object {
  return { question, late, ...(effect === undefined ? {} : { effect }) };
}

function spoken(problem: Problem | undefined): object {
  const { code, message, hint } = problem ?? { code: "bad-request", message: "the request is not understood" };
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}

function reply(socket: Socket, value: object, last: boolean): void {
  if (socket.destroyed || socket.writableEnded) return;
  // A watcher that does not read has gone to sleep: it is let go, not waited for.
  if (socket.writableLength > WIRE_MOST.reply) return void socket.destroy();
  const line = `${JSON.stringify(value)}\n`;
  if (last) socket.end(line);
  else socket.write(line);
}

/** The first line; undefined when it does not come whole, short and in time. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((settle) => {
    let text = "";
    const give = (line: string | undefined): void => {
      clearTimeout(timer);
      socket.removeListener("data", take);
      socket.pause();
      settle(line);
    };
    const take = (chunk: string): void => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) give(end === text.length - 1 ? text.slice(0, end) : undefined);
      else if (text.length > WIRE_MOST.request) give(undefined);
    };
    const timer = setTimeout(() => give(undefined), REQUEST_MS);
    socket
      .setEncoding("utf8")
      .on("data", take)
      .once("end", () => give(undefined))
      .once("close", () => give(undefined));
  });
}

/** Made 0700; one that somebody else owns or may enter is refused. */
function privateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.())
    throw new Error(`\`${folder}\` is not a folder of yours`);
  if ((found.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** Sockets whose session is gone (I16). */
async function sweep(folder: string): Promise<void> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sock"));
  await Promise.all(
    names.map(async (name) => (await isServed(join(folder, name))) || rmSync(join(folder, name), { force: true })),
  );
}

function isServed(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(path);
    socket.once("connect", () => settle(true)).once("error", () => settle(false));
    socket.once("connect", () => socket.destroy());
  });
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once("error", failed);
    server.listen(path, () => {
      server.removeListener("error", failed);
      done();
    });
  });
}
