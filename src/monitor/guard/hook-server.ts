// The monitor's end of the hook wire: a Unix socket on which each connection is one call (hook-wire.ts). It knows no agent and no policy;
// its promises are bounds, so that no client can take the monitor from the others, and that every complete call gets an answer or a refusal.
import { chmodSync, lstatSync, renameSync, rmSync } from "node:fs";
import net from "node:net";
import { err, type HookReply, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import { encodeReply, type HookCall, type HookCaller, parseHeader, utf8, WAIT_LINE, WIRE } from "./hook-wire.ts";

/** What a server needs. */
export interface HookServerOptions {
  /** In a folder that only the caller may enter. A socket that is there is replaced: whoever may do that holds the folder's lock. */
  readonly socketPath: string;
  /** Answers a call. `signal` is aborted when nobody waits for the answer any more. A rejection is a refusal. */
  readonly answer: (call: HookCall, signal: AbortSignal) => Promise<HookReply>;
  /** Who is at the other end, by the kernel's word. */
  readonly peer?: (socket: net.Socket) => Promise<number | undefined>;
  /** A refusal in the words of this agent, or of none when it is not known. */
  readonly refuse: (agent: string | undefined, reason: string) => HookReply;
  readonly limits?: Partial<HookServerLimits>;
  /** Between taking the name away and listening no more: whoever found the name has connected by then. None where nobody is left. */
  readonly lingerMs?: number;
}

/** Bounds of one server. */
export interface HookServerLimits {
  readonly connections: number;
  /** Bytes of all calls that are being read or answered. */
  readonly bytes: number;
  /** A call must be complete this soon; clients have read their agent's event before they connect. */
  readonly requestMs: number;
  /** A client must take its answer this soon. */
  readonly drainMs: number;
}

/** An open server. */
export interface HookServer {
  readonly connections: number;
  /** False when the socket's name leads elsewhere now, or nowhere: then nobody will call any more. */
  readonly isReachable: boolean;
  /** Refuses what is under way, then ends. Nobody who connected before is left without an answer. Idempotent. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const LIMITS: HookServerLimits = { connections: 256, bytes: 64 * 1_048_576, requestMs: 5_000, drainMs: 5_000 };
const WAIT_MS = 1_000;

/** Opens the socket. */
export async function openHookServer(options: HookServerOptions): Promise<Result<HookServer, Problem>> {
  const limits = { ...LIMITS, ...options.limits };
  const open = new Set<Conversation>();
  const makeRoom = (): void => {
    const [largest] = [...open].sort((a, b) => b.bytes - a.bytes);
    largest?.refuse("the monitor is busy with too much at once");
  };
  const shared: Shared = { options, limits, bytes: 0, makeRoom };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    const talk = new Conversation(socket, shared);
    open.add(talk);
    socket.once("close", () => open.delete(talk));
    if (open.size <= limits.connections) return;
    // The one that has been talking longest without asking anything makes room; where all have asked, the newcomer is refused.
    const slow = [...open].find((other) => other !== talk && other.isReading);
    (slow ?? talk).refuse("the monitor is busy with too many calls at once");
  });
  const bound = await listen(server, options.socketPath);
  if (!bound.ok) return bound;
  const ticker = setInterval(() => {
    for (const talk of open) talk.sayWait();
  }, WAIT_MS);
  ticker.unref();
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      if (bound.value.isOurs()) rmSync(options.socketPath, { force: true });
      if (options.lingerMs !== undefined) await new Promise((done) => setTimeout(done, options.lingerMs));
      await end(server, open);
      clearInterval(ticker);
    })();
    return closing;
  };
  return ok({
    get connections(): number {
      return open.size;
    },
    get isReachable(): boolean {
      return bound.value.isOurs();
    },
    close,
    [Symbol.asyncDispose]: close,
  });
}

/** Listens under a name of its own and puts that in place: there is no moment in which a client finds half a server. */
async function listen(server: net.Server, path: string): Promise<Result<{ isOurs(): boolean }, Problem>> {
  const aside = `${path}.${process.pid}`;
  try {
    rmSync(aside, { force: true });
    await new Promise<void>((done, failed) => {
      server.once("error", failed);
      server.listen({ path: aside, backlog: 1024 }, () => {
        server.off("error", failed);
        done();
      });
    });
    // A failing accept (no descriptors left) is that client's loss.
    server.on("error", () => undefined);
    chmodSync(aside, 0o600);
    const { ino } = lstatSync(aside);
    renameSync(aside, path);
    return ok({ isOurs: () => lstatSync(path, { throwIfNoEntry: false })?.ino === ino });
  } catch (error) {
    server.close();
    const message = `the hooks' socket \`${path}\` cannot be opened: ${(error as Error).message}`;
    return err({ code: "hook-socket", message, hint: "is its folder on a local disk, and its path below 100 bytes?" });
  }
}

async function end(server: net.Server, open: ReadonlySet<Conversation>): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  for (const talk of open) talk.refuse("the monitor is ending");
  const late = setTimeout(() => {
    for (const talk of open) talk.destroy();
  }, 1_000);
  await closed;
  clearTimeout(late);
}

/** What the conversations of one server have in common. */
interface Shared {
  readonly options: HookServerOptions;
  readonly limits: HookServerLimits;
  /** Of all calls under way. */
  bytes: number;
  /** Refuses the largest call: whoever fills the memory pays for it, not whoever comes next. */
  readonly makeRoom: () => void;
}

/** One connection: its call is read, answered, and that is all. */
class Conversation {
  private readonly socket: net.Socket;
  private readonly shared: Shared;
  private readonly gone = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private caller: HookCaller | undefined;
  private state: "reading" | "answering" | "over" = "reading";

  constructor(socket: net.Socket, shared: Shared) {
    this.socket = socket;
    this.shared = shared;
    this.timer = setTimeout(() => this.refuse("the hook's event did not arrive in time"), shared.limits.requestMs);
    socket.on("data", (chunk: Buffer) => this.take(chunk));
    socket.once("end", () => this.answer());
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      this.settle("over");
      this.gone.abort();
    });
  }

  /** What it holds: its input, until it is answered. */
  get bytes(): number {
    return this.size;
  }

  get isReading(): boolean {
    return this.state === "reading";
  }

  /** Refuses the call, unless it has its answer. */
  refuse(reason: string): void {
    if (this.state === "over") return;
    this.reply(this.shared.options.refuse(this.caller?.agent, reason));
    this.gone.abort();
  }

  sayWait(): void {
    // To a client that does not read there is nothing more to say.
    if (this.state === "answering" && this.socket.writableLength === 0) this.socket.write(WAIT_LINE);
  }

  destroy(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    if (this.state !== "reading") return; // refused already: what still comes is not kept
    this.chunks.push(chunk);
    this.size += chunk.length;
    this.shared.bytes += chunk.length;
    if (this.shared.bytes > this.shared.limits.bytes) this.shared.makeRoom();
    if (this.state !== "reading") return;
    if (this.size > WIRE.headerMost + WIRE.inputMost) return this.refuse("the hook's event is too large");
    if (this.caller === undefined) this.readHeader(chunk);
  }

  private readHeader(last: Buffer): void {
    const at = last.indexOf(0x0a);
    const length = this.size - last.length + at;
    if ((at < 0 ? this.size : length) > WIRE.headerMost) return this.refuse("the hook's header is too long");
    if (at < 0) return;
    const bytes = Buffer.concat(this.chunks);
    const header = parseHeader(bytes.subarray(0, length));
    if (!header.ok) return this.refuse(header.error.message);
    this.caller = header.value;
    this.chunks.splice(0, this.chunks.length, bytes.subarray(length + 1));
  }

  private answer(): void {
    if (this.state !== "reading") return;
    if (this.caller === undefined) return this.refuse("the hook's header is cut short");
    const input = utf8(Buffer.concat(this.chunks));
    if (input === undefined) return this.refuse("the hook's event is not UTF-8");
    this.settle("answering");
    const peer = async (): Promise<number | undefined> => this.shared.options.peer?.(this.socket);
    this.shared.options
      .answer({ ...this.caller, input, peer }, this.gone.signal)
      .then((reply) => this.reply(reply))
      .catch((error: Error) => this.refuse(`the monitor failed: ${forTerminal(error.message, { max: 300 })}`));
  }

  private reply(reply: HookReply): void {
    if (this.state === "over") return;
    const bytes = encodeReply(reply);
    this.settle("over");
    this.socket.resume();
    this.socket.end(bytes);
    const late = setTimeout(() => this.socket.destroy(), this.shared.limits.drainMs);
    late.unref();
    this.socket.once("close", () => clearTimeout(late));
  }

  /** Moves on. The input's bytes are given back when it is over: whoever answers still holds it. */
  private settle(state: "answering" | "over"): void {
    if (this.state === "reading") clearTimeout(this.timer);
    this.state = state;
    this.chunks.length = 0;
    if (state === "answering") return;
    this.shared.bytes -= this.size;
    this.size = 0;
  }
}
