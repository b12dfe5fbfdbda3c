// A socket read by turns, with back-pressure: what arrives waits in a short queue, and a full queue stops the sender.
import type { Socket } from "node:net";
import type { BodyWatch } from "./body.ts";
import { Flow } from "./flow.ts";
import { BadMessage, MAX_HEAD_BYTES } from "./head.ts";
import type { Landing } from "./landing.ts";

// A thousand connections that are all stuck hold a thousand of these, twice.
const QUEUE_MOST = 128 * 1024;
/** From its first byte on, a head may take this long. */
const HEAD_MS = 60_000;
const NOTHING = Buffer.alloc(0);

/** One reader at a time. `undefined` = the peer has ended its side. */
export class Intake {
  readonly socket: Socket;
  private readonly queue: Buffer[] = [];
  private queued = 0;
  private ended = false;
  private wake: (() => void) | undefined;
  private readonly landing: Landing | undefined;
  private isStopped = false;
  private flow: Flow | undefined;

  /** `landing`: where the bytes of a socket land that was made with one. */
  constructor(socket: Socket, landing?: Landing) {
    this.socket = socket;
    this.landing = landing;
    socket.on("end", this.onEnd);
    socket.on("close", this.onEnd);
    socket.on("error", this.onEnd);
    if (landing === undefined) {
      socket.on("data", this.onData);
      if (socket.isPaused()) socket.resume(); // another intake has released it
    } else if (landing.attach((piece) => this.onPiece(piece))) this.go();
  }

  /** The next piece, or `undefined` at the end. */
  async read(): Promise<Buffer | undefined> {
    while (this.queue.length === 0 && !this.ended) {
      await new Promise<void>((wake) => {
        this.wake = wake;
      });
    }
    return this.taken();
  }

  /** The next piece, when it is here already. */
  taken(): Buffer | undefined {
    const piece = this.queue.shift();
    if (piece === undefined) return undefined;
    this.queued -= piece.length;
    if (this.queued < QUEUE_MOST / 2 && this.isStopped) this.go();
    return piece;
  }

  /** Waits for something to read, an end too, but no longer than `ms`. False when nothing came. Whoever reads meanwhile ends the wait unanswered. */
  async arrives(ms?: number): Promise<boolean> {
    if (this.queue.length > 0 || this.ended) return true;
    await new Promise<void>((wake) => {
      const timer = ms === undefined ? undefined : setTimeout(wake, ms);
      this.wake = () => {
        clearTimeout(timer);
        wake();
      };
    });
    return this.queue.length > 0 || this.ended;
  }

  /** Exactly so many bytes; `undefined` when the peer ends before the first. Throws `BadMessage` for fewer. */
  async exactly(count: number): Promise<Buffer | undefined> {
    let bytes: Buffer = Buffer.alloc(0);
    while (bytes.length < count) {
      const piece = await this.read();
      if (piece === undefined) {
        if (bytes.length === 0) return undefined;
        throw new BadMessage("cut-off");
      }
      bytes = bytes.length === 0 ? piece : Buffer.concat([bytes, piece]);
    }
    this.unread(bytes.subarray(count));
    return bytes.subarray(0, count);
  }

  /** The first byte that waits, which stays; `undefined` at the end. */
  async peek(): Promise<number | undefined> {
    const piece = await this.read();
    if (piece === undefined) return undefined;
    this.unread(piece);
    return piece[0];
  }

  /** Puts bytes back in front. */
  unread(piece: Buffer): void {
    if (piece.length === 0) return;
    this.queue.unshift(piece);
    this.queued += piece.length;
  }

  /**
   * Everything up to the first empty line, without it, as latin-1. `undefined` when the peer ends before the first byte.
   * Throws `BadMessage` for a head that is too long or cut off; empty lines before it are not skipped.
   */
  async readHead(ms: number = HEAD_MS): Promise<string | undefined> {
    // The wait for a first byte is idling and bounded elsewhere; from then on a head has to come.
    const first = this.takeHead(NOTHING, await this.read());
    return Buffer.isBuffer(first) ? this.restOfHead(first, Math.min(ms, HEAD_MS)) : first;
  }

  private async restOfHead(before: Buffer, ms: number): Promise<string | undefined> {
    const slow = setTimeout(() => this.socket.destroy(), ms).unref();
    try {
      for (let head: Buffer = before; ; ) {
        const more = this.takeHead(head, await this.read());
        if (!Buffer.isBuffer(more)) return more;
        head = more;
      }
    } finally {
      clearTimeout(slow);
    }
  }

  /** The head when `piece` completes it, `undefined` at a clean end, else everything so far. */
  private takeHead(before: Buffer, piece: Buffer | undefined): string | Buffer | undefined {
    if (piece === undefined) {
      if (before.length === 0) return undefined;
      throw new BadMessage("cut-off");
    }
    const from = Math.max(0, before.length - 3);
    const bytes = before.length === 0 ? piece : Buffer.concat([before, piece]);
    const end = bytes.indexOf("\r\n\r\n", from, "latin1");
    if (end >= 0) {
      if (bytes.length > end + 4) this.unread(bytes.subarray(end + 4));
      return bytes.toString("latin1", 0, end);
    }
    if (bytes.length > MAX_HEAD_BYTES) throw new BadMessage("head-too-long");
    return bytes;
  }

  /**
   * Passes on a body without holding it, as far as `watch` says that it goes. True when it came to its own end. `undefined` where that cannot be
   * done: read it by turns.
   */
  straight(to: Socket, watch: BodyWatch, count: (bytes: number) => void): Promise<boolean> | undefined {
    if (this.landing === undefined || this.queue.length > 0 || this.ended) return undefined;
    return new Promise((resolve, reject) => {
      this.flow = new Flow({
        ...{ to, watch, count },
        go: () => this.go(),
        end: (how, rest) => {
          this.flow = undefined;
          this.unread(rest);
          // Where it broke off nothing lands any more, unless somebody reads on.
          this.isStopped = how !== true;
          if (typeof how === "boolean") resolve(how);
          else reject(how);
        },
      });
      this.go();
    });
  }

  /** Stops reading and answers what had arrived: the socket can be piped from now on. */
  release(): Buffer {
    this.socket.off("data", this.onData);
    this.socket.off("end", this.onEnd);
    this.socket.pause();
    return Buffer.concat(this.queue.splice(0));
  }

  /** True when the peer has ended its side. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** True when bytes wait that nobody has read. */
  get hasMore(): boolean {
    return this.queue.length > 0;
  }

  private readonly onData = (piece: Buffer): void => {
    this.queue.push(piece);
    this.queued += piece.length;
    if (this.queued > QUEUE_MOST) {
      this.isStopped = true;
      this.socket.pause();
    }
    this.wake?.();
  };

  /** A piece whose memory is the landing's. */
  private onPiece(piece: Buffer): boolean {
    if (this.flow !== undefined) return this.flow.take(piece);
    this.queue.push(Buffer.from(piece));
    this.queued += piece.length;
    this.isStopped = this.queued > QUEUE_MOST;
    this.wake?.();
    return !this.isStopped;
  }

  private go(): void {
    this.isStopped = false;
    this.socket.resume();
  }

  private readonly onEnd = (): void => {
    this.ended = true;
    this.flow?.cut();
    this.wake?.();
  };
}

/** A head, and what `body` writes at once, in one piece: they wake the reader once, and go before anything else is done here. */
export async function sendWith<T>(socket: Socket, head: string, body: () => Promise<T>): Promise<T> {
  socket.cork();
  const sent = send(socket, head);
  const rest = body();
  socket.uncork();
  const how = await rest;
  await sent; // a head that the peer does not take holds up what comes next, too
  return how;
}

/** Writes and waits until the peer keeps up; text byte by byte, as heads are read. False when the socket is gone. */
export async function send(socket: Socket, piece: Buffer | string): Promise<boolean> {
  if (socket.destroyed || socket.writableEnded) return false;
  if (typeof piece === "string" ? socket.write(piece, "latin1") : socket.write(piece)) return true;
  await new Promise<void>((go) => {
    const done = (): void => {
      socket.off("drain", done);
      socket.off("close", done);
      go();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
  return !socket.destroyed;
}
