// WebSocket frames (RFC 6455 section 5), strictly: no reserved bit, no unknown kind, no length written longer than it is, masked by clients only.
import { randomBytes } from "node:crypto";
import { BadMessage } from "./head.ts";
import type { Intake } from "./intake.ts";

/** What a frame is, before its payload. */
export interface FrameHead {
  readonly isLast: boolean;
  readonly opcode: number;
  readonly length: number;
  /** Absent on what a server sends. */
  readonly key?: Buffer;
}

/** The opcodes that have a meaning without an extension. */
export const OPCODE = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

const KNOWN = new Set<number>(Object.values(OPCODE));

/** Reads one side's frames. One reader at a time; the payload has to be read before the next head. */
export class FrameReader {
  private readonly from: Intake;
  private readonly isClient: boolean;
  private isWithin = false;

  constructor(from: Intake, side: "client" | "server") {
    this.from = from;
    this.isClient = side === "client";
  }

  /** The next head; `undefined` when the side has ended between frames. Throws `BadMessage`. */
  async head(): Promise<FrameHead | undefined> {
    const first = await this.from.exactly(2);
    if (first === undefined) return undefined;
    const [b0 = 0, b1 = 0] = first;
    const opcode = b0 & 0x0f;
    const isLast = b0 >= 0x80;
    if ((b0 & 0x70) !== 0 || !KNOWN.has(opcode)) throw new BadMessage("websocket-frame");
    if (b1 >= 0x80 !== this.isClient) throw new BadMessage("websocket-mask");
    const length = await this.length(b1 & 0x7f);
    const isControl = opcode >= 8;
    if (isControl && (!isLast || length > 125)) throw new BadMessage("websocket-control");
    if (!isControl) {
      if ((opcode === OPCODE.more) !== this.isWithin) throw new BadMessage("websocket-fragment");
      this.isWithin = !isLast;
    }
    return { isLast, opcode, length, ...(this.isClient ? { key: await this.need(4) } : {}) };
  }

  /** The payload in pieces, unmasked. Throws `BadMessage` for one that is cut off. */
  async *payload({ length, key }: FrameHead): AsyncGenerator<Buffer> {
    for (let at = 0; at < length; ) {
      const piece = await this.from.read();
      if (piece === undefined) throw new BadMessage("cut-off");
      const own = piece.length > length - at ? piece.subarray(0, length - at) : piece;
      if (own.length < piece.length) this.from.unread(piece.subarray(own.length));
      yield key === undefined ? own : masked(own, key, at);
      at += own.length;
    }
  }

  private async length(short: number): Promise<number> {
    if (short < 126) return short;
    const bytes = await this.need(short === 126 ? 2 : 8);
    const length = short === 126 ? bytes.readUInt16BE(0) : Number(bytes.readBigUInt64BE(0));
    if (length < (short === 126 ? 126 : 65_536) || !Number.isSafeInteger(length))
      throw new BadMessage("websocket-length");
    return length;
  }

  private async need(count: number): Promise<Buffer> {
    const bytes = await this.from.exactly(count);
    if (bytes === undefined) throw new BadMessage("cut-off");
    return bytes;
  }
}

/** One frame as bytes, masked when it goes to a server. */
export function frame(
  { isLast, opcode }: Pick<FrameHead, "isLast" | "opcode">,
  payload: Buffer,
  to: "client" | "server",
): Buffer {
  const mask = to === "server" ? 0x80 : 0;
  const size = payload.length;
  const head = Buffer.alloc(size < 126 ? 2 : size < 65_536 ? 4 : 10);
  head[0] = (isLast ? 0x80 : 0) | opcode;
  head[1] = mask | (size < 126 ? size : size < 65_536 ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(size, 2);
  if (head.length === 10) head.writeBigUInt64BE(BigInt(size), 2);
  if (mask === 0) return Buffer.concat([head, payload]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, masked(payload, key, 0)]);
}

function masked(bytes: Buffer, key: Buffer, from: number): Buffer {
  const made = Buffer.allocUnsafe(bytes.length);
  for (let at = 0; at < bytes.length; at += 1) made[at] = (bytes[at] ?? 0) ^ (key[(from + at) & 3] ?? 0);
  return made;
}
