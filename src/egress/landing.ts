// Where the bytes of a connection that we dialled land: one buffer that is used again and again, larger while much comes, instead of a new one for
// each read. A large body costs half of the processor's time so, and an idle connection holds little.
import type { OnReadOpts } from "node:net";
import type { HoldRoom } from "./hold-room.ts";

/**
 * Takes one piece. True: it is done with the memory, and more may land. False: nothing lands until the socket is resumed, and the memory is the
 * taker's until then.
 */
export type Take = (piece: Buffer) => boolean;

const SMALL = 16 * 1024;
const LARGE = 256 * 1024;

/** The landing of one connection; its maker closes it with the socket. */
export class Landing {
  /** For `net.connect`. */
  readonly onread: OnReadOpts = {
    buffer: () => this.fitting(),
    callback: (count, buffer) => this.land(Buffer.from(buffer.buffer, buffer.byteOffset, count)),
  };
  private readonly room: HoldRoom;
  private buffer: Buffer = Buffer.allocUnsafeSlow(SMALL);
  private last = 0;
  private take: Take | undefined;
  private early: Buffer | undefined;

  constructor(room: HoldRoom) {
    this.room = room;
  }

  /** From now on every piece is this taker's, with what came before. Answers what `take` does. */
  attach(take: Take): boolean {
    this.take = take;
    const { early } = this;
    this.early = undefined;
    return early === undefined || take(early);
  }

  /** Gives back the room of a large buffer. Idempotent. */
  close(): void {
    if (this.buffer.length === LARGE) this.room.give(LARGE);
    this.buffer = Buffer.alloc(0);
  }

  private land(piece: Buffer): boolean {
    this.last = piece.length;
    if (this.take !== undefined) return this.take(piece);
    this.early = Buffer.from(piece);
    return false;
  }

  /** Asked before the first read and after each. */
  private fitting(): Buffer {
    const { buffer, last } = this;
    if (buffer.length === SMALL && last === SMALL && this.room.take(LARGE)) {
      this.buffer = Buffer.allocUnsafeSlow(LARGE);
    } else if (buffer.length === LARGE && last < SMALL) {
      this.room.give(LARGE);
      this.buffer = Buffer.allocUnsafeSlow(SMALL);
    }
    return this.buffer;
  }
}
