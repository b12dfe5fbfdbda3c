// Further commands of a running session: a socket in the session's own folder, which no fence shows. Each is judged by the policy as the first
// was, put on record, and only then announced to the fence (I6); its end goes on record too. Everybody who can connect is the person (0700).
import { randomBytes } from "node:crypto";
import { chmodSync, rmSync } from "node:fs";
import net from "node:net";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import { insideArgv } from "#core/presets";
import { isInside } from "#core/shell";
import type { Fence, FenceEvent } from "#sandbox";
import type { SnapshotMeta } from "../lifecycle/snapshots.ts";
import { deniedCommand } from "../prepare/judge-command.ts";
import {
  type ExecAnswer,
  type ExecEnd,
  type ExecWish,
  LINE_MOST,
  type LifecycleRequest,
  parseExecRequest,
} from "./exec-wire.ts";

/** What it needs of the session. */
export interface ExecServerOptions {
  readonly socketPath: string;
  /** Where callers bring their streams. */
  readonly commandSocket: string;
  /** The running fence, once it runs: who asks earlier waits. */
  readonly fence: Promise<Pick<Fence, "announce" | "forget">>;
  readonly place: { readonly root: string; readonly cwd: string; readonly home: string };
  /** The environment inside, by name. */
  readonly env: Readonly<Record<string, string>>;
  readonly policy: Policy;
  readonly append: Append;
  /** Ends the session. */
  readonly stop: () => void;
  /** Lets the network follow the policy files, for a person at the other end of this socket. */
  readonly reload: (
    caller: net.Socket,
  ) => Promise<Result<{ readonly opened: readonly string[]; readonly closed: readonly string[] }, Problem>>;
  /** Pauses it, lets it go on, copies it. */
  readonly lifecycle: (request: LifecycleRequest) => Promise<Result<{ readonly snapshot?: SnapshotMeta }, Problem>>;
  /** Before a further command: ends a pause that nobody asked for, or says why nothing runs. */
  readonly wake: () => Promise<Problem | undefined>;
}

/** An open server. */
export interface ExecServer {
  /** Hears the fence. */
  event(event: FenceEvent): void;
  /** Commands that run or are about to. */
  readonly count: number;
  /** The fence is gone: every command still running ended with it. Resolves when that is on record. Idempotent. */
  close(end: { readonly limit?: string }): Promise<void>;
}

const CONNECTIONS_MOST = 64;
const REQUEST_MS = 5_000;
/** A command that was killed is told of this much later: it may have been its session that ended. */
const KILLED_MS = 300;
/** A caller that was told its token brings its streams at once. */
const COME_MS = 10_000;

interface Running {
  readonly socket: net.Socket;
  readonly id: string;
  timer: NodeJS.Timeout | undefined;
}

/** Opens the socket. */
export async function openExecServer(options: ExecServerOptions): Promise<Result<ExecServer, Problem>> {
  const commands = new Commands(options);
  const open = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    if (open.size > CONNECTIONS_MOST) socket.destroy();
    else readRequest(socket, (line) => commands.request(line, socket));
  });
  try {
    rmSync(options.socketPath, { force: true });
    await new Promise<void>((done, failed) => {
      server.once("error", failed);
      server.listen(options.socketPath, done);
    });
    server.on("error", () => undefined);
    chmodSync(options.socketPath, 0o600);
  } catch (error) {
    server.close();
    return err({
      code: "exec-socket",
      message: `the socket for further commands \`${options.socketPath}\` cannot be opened: ${(error as Error).message}`,
      hint: "is the state folder on a local disk, and its path below 60 bytes? XDG_STATE_HOME moves it",
    });
  }
  let closing: Promise<void> | undefined;
  const close = async (end: { readonly limit?: string }): Promise<void> => {
    server.close();
    rmSync(options.socketPath, { force: true });
    await commands.close(end);
    for (const socket of open) socket.destroySoon();
  };
  return ok({
    event: (event) => commands.event(event),
    get count(): number {
      return commands.count;
    },
    close: (end) => (closing ??= close(end)),
  });
}

/** One line, soon and short, or nothing. */
function readRequest(socket: net.Socket, take: (line: Uint8Array) => void): void {
  const parts: Buffer[] = [];
  let size = 0;
  const late = setTimeout(() => socket.destroy(), REQUEST_MS);
  socket.once("close", () => clearTimeout(late));
  const onData = (part: Buffer): void => {
    parts.push(part);
    size += part.length;
    if (size > LINE_MOST) return void socket.destroy();
    if (!part.includes(0x0a)) return;
    clearTimeout(late);
    socket.off("data", onData);
    socket.resume();
    const bytes = Buffer.concat(parts);
    take(bytes.subarray(0, bytes.indexOf(0x0a)));
  };
  socket.on("data", onData);
}

/** The commands under way. */
class Commands {
  private readonly options: ExecServerOptions;
  private readonly running = new Map<string, Running>();
  private readonly writing = new Set<Promise<unknown>>();
  /** Resolves when the session is over. */
  private readonly over: Promise<ExecEnd>;
  private hangUp: (end: ExecEnd) => void = () => undefined;
  private isOver = false;

  constructor(options: ExecServerOptions) {
    this.options = options;
    this.over = new Promise((done) => {
      this.hangUp = done;
    });
  }

  request(line: Uint8Array, socket: net.Socket): void {
    const request = parseExecRequest(line);
    if (!request.ok) return this.refuse(socket, 125, request.error);
    if (request.value.op === "stop") {
      say(socket, { kind: "stopping" });
      this.options.stop();
      return;
    }
    if (request.value.op === "reload") return void this.reload(socket);
    if (request.value.op !== "exec") return void this.live(request.value, socket);
    const { wish } = request.value;
    this.start(wish, socket).catch((error: Error) =>
      this.refuse(socket, 125, { code: "not-recorded", message: `the command cannot be recorded: ${error.message}` }),
    );
  }

  get count(): number {
    return this.running.size;
  }

  private async reload(socket: net.Socket): Promise<void> {
    const done = await this.options
      .reload(socket)
      .catch((error: Error) => err({ code: "not-recorded", message: error.message }));
    if (!done.ok) return this.refuse(socket, 126, done.error);
    say(socket, { kind: "reloaded", ...done.value });
    socket.end();
  }

  private async live(request: LifecycleRequest, socket: net.Socket): Promise<void> {
    const done = await this.options
      .lifecycle(request)
      .catch((error: Error) => err({ code: "not-recorded", message: error.message }));
    if (!done.ok) return this.refuse(socket, 125, done.error);
    say(socket, { kind: "done", ...done.value });
    socket.end();
  }

  private async start(wish: ExecWish, socket: net.Socket): Promise<void> {
    const { append, place, policy } = this.options;
    const cwd = wish.cwd ?? place.cwd;
    if (!isInside(place.root, cwd)) return this.refuse(socket, 125, elsewhere(cwd, place.root));
    const argv = insideArgv(wish.argv);
    const denied = deniedCommand(policy, { argv: wish.argv, cwd, root: place.root, home: place.home });
    if (denied !== undefined) return this.refuse(socket, 126, denied);
    const fence = await Promise.race([this.over, this.options.fence]);
    if ("kind" in fence) return this.refuse(socket, 125, ENDED);
    const paused = await this.options.wake();
    if (paused !== undefined) return this.refuse(socket, 125, paused);
    const token = randomBytes(16).toString("hex");
    const id = token.slice(0, 8);
    await append({ type: "exec.start", origin: "observed", data: { argv: [...argv], cwd, further: id } });
    if (this.isOver) {
      await this.recordEnd(id, { code: 125 });
      return this.refuse(socket, 125, ENDED);
    }
    const [stdinTty, stdoutTty, stderrTty] = wish.tty;
    const named = stdoutTty && wish.term !== undefined && this.options.env["TERM"] === undefined;
    const timer = setTimeout(() => {
      fence.forget(token);
      const problem = { code: "exec-nobody", message: "nobody brought the command its streams" };
      this.end(token, { kind: "failed", problem }, { code: 125 });
    }, COME_MS);
    this.running.set(token, { socket, id, timer });
    const streams = { stdinTty, stdoutTty, stderrTty };
    await fence.announce(token, { argv, cwd, env: named ? { TERM: wish.term ?? "" } : {}, streams });
    if (this.running.has(token)) say(socket, { kind: "announced", token, socket: this.options.commandSocket });
  }

  event(event: FenceEvent): void {
    if (event.kind !== "began" && event.kind !== "ended" && event.kind !== "failed") return;
    const command = this.running.get(event.token);
    if (command === undefined) return;
    clearTimeout(command.timer);
    command.timer = undefined;
    if (event.kind === "ended") this.end(event.token, { kind: "ended", code: event.code }, event);
    if (event.kind === "failed") this.end(event.token, { kind: "failed", problem: event.problem }, { code: 125 });
  }

  private end(token: string, last: ExecEnd, exit: { readonly code: number; readonly signal?: number }): void {
    const command = this.running.get(token);
    if (command === undefined) return;
    this.running.delete(token);
    // Nobody hears of an end that is not on record, unless the record itself has ended the session.
    const written = this.recordEnd(command.id, exit).then(async () => {
      const killed = last.kind === "ended" && exit.signal === SIGKILL;
      const ending = killed ? await Promise.race([this.over, pause(KILLED_MS)]) : undefined;
      say(command.socket, ending ?? last);
      command.socket.end();
      this.writing.delete(written);
    });
    this.writing.add(written);
  }

  private async recordEnd(id: string, exit: { readonly code: number; readonly signal?: number }): Promise<void> {
    const { code, signal = 0 } = exit;
    const data = { further: id, code, ...(signal === 0 ? {} : { signal }) };
    await this.options.append({ type: "exec.exit", origin: "observed", data }).catch(() => undefined); // a log that takes no more has ended the session
  }

  async close(end: { readonly limit?: string }): Promise<void> {
    this.isOver = true;
    this.hangUp({ kind: "session-ended", ...end });
    for (const [token, { timer }] of [...this.running]) {
      clearTimeout(timer);
      this.end(token, { kind: "session-ended", ...end }, { code: 137, signal: 9 });
    }
    await Promise.all(this.writing);
  }

  private refuse(socket: net.Socket, exitCode: 125 | 126, problem: Problem): void {
    say(socket, { kind: "refused", exitCode, problem });
    socket.end();
  }
}

const SIGKILL = 9;

function pause(ms: number): Promise<undefined> {
  return new Promise((done) => setTimeout(done, ms, undefined));
}

/** The same words do something else in another folder: a command runs where it was judged, or not at all. */
function elsewhere(cwd: string, root: string): Problem {
  return {
    code: "exec-elsewhere",
    message: `the working directory \`${cwd}\` is not in the session's workspace`,
    hint: `cd ${root}`,
  };
}

const ENDED: Problem = {
  code: "session-ended",
  message: "the session is not running",
  hint: "`ringfence sessions` lists what runs",
};

function say(socket: net.Socket, message: ExecAnswer | ExecEnd): void {
  if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
}
