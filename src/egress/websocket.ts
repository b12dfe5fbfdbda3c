// What passes after a switch to WebSocket: bytes as they are, or, where a filter looks, messages read and framed anew. Then nothing that a filter has
// not seen passes either: pings are answered here and go on empty, a closing frame keeps its code and loses its words.
import type { Socket } from "node:net";
import { accepted } from "./body-reader.ts";
import type { BodyFilter } from "./filter.ts";
import { type FrameHead, FrameReader, frame, OPCODE } from "./frames.ts";
import { BadMessage, UpstreamFault } from "./head.ts";
import { type Intake, send } from "./intake.ts";
import { passRaw } from "./pass.ts";
import type { Upstream } from "./upstream.ts";

/** What looks at each direction. */
export interface FrameFilters {
  readonly up: BodyFilter | undefined;
  readonly down: BodyFilter | undefined;
}

/** One side has ended: the other may finish what it says, for so long. */
const HALF_OPEN_MS = 60_000;

/** Bytes both ways until either ends. */
export async function passSwitched(client: Intake, upstream: Upstream): Promise<void> {
  const { intake } = upstream;
  const close = { kind: "close" } as const;
  await Promise.all([
    passRaw(intake, client.socket, close, (bytes) => (upstream.bytesDown += bytes)).then(() => half(client.socket)),
    passRaw(client, intake.socket, close, (bytes) => (upstream.bytesUp += bytes)).then(() => half(intake.socket)),
  ]);
}

/** Messages both ways until either ends. Throws `BadMessage`, `UpstreamFault` and `FilterStop`. */
export async function passFrames(client: Intake, upstream: Upstream, filters: FrameFilters): Promise<void> {
  if (filters.up === undefined && filters.down === undefined) return passSwitched(client, upstream);
  const server = upstream.intake;
  const down = new Direction(server, client.socket, { to: "client", filter: filters.down });
  const up = new Direction(client, server.socket, { to: "server", filter: filters.up });
  await Promise.all([
    down
      .pass((bytes) => (upstream.bytesDown += bytes))
      .catch((error: unknown) => {
        throw error instanceof BadMessage ? new UpstreamFault(error.message) : error;
      }),
    up.pass((bytes) => (upstream.bytesUp += bytes)),
  ]).finally(() => {
    filters.up?.gone?.();
    filters.down?.gone?.();
  });
}

function half(ended: Socket): void {
  ended.end();
  ended.setTimeout(HALF_OPEN_MS, () => ended.destroy());
}

class Direction {
  private readonly from: Intake;
  private readonly target: Socket;
  private readonly to: "client" | "server";
  private readonly filter: BodyFilter | undefined;
  /** Of the message that is under way; `more` once its first frame was sent. */
  private opcode: number = OPCODE.binary;

  constructor(from: Intake, target: Socket, options: { to: "client" | "server"; filter: BodyFilter | undefined }) {
    this.from = from;
    this.target = target;
    this.to = options.to;
    this.filter = options.filter;
  }

  async pass(count: (bytes: number) => void): Promise<void> {
    const reader = new FrameReader(this.from, this.to === "server" ? "client" : "server");
    const write = async (bytes: Buffer): Promise<boolean> => {
      count(bytes.length);
      return send(this.target, bytes);
    };
    for (;;) {
      const head = await reader.head();
      if (head === undefined) break;
      const went = head.opcode >= 8 ? await this.control(head, reader, write) : await this.data(head, reader, write);
      if (!went) break;
    }
    half(this.target);
  }

  private async data(
    head: FrameHead,
    reader: FrameReader,
    write: (bytes: Buffer) => Promise<boolean>,
  ): Promise<boolean> {
    if (head.opcode !== OPCODE.more) this.opcode = head.opcode;
    for await (const piece of reader.payload(head)) {
      const made = Buffer.concat(accepted(await (this.filter?.take(piece) ?? [piece])));
      if (made.length > 0 && !(await write(this.part(made, false)))) return false;
    }
    if (!head.isLast) return true;
    return write(this.part(Buffer.concat(accepted(await (this.filter?.flush?.() ?? []))), true));
  }

  private part(payload: Buffer, isLast: boolean): Buffer {
    const bytes = frame({ isLast, opcode: this.opcode }, payload, this.to);
    this.opcode = OPCODE.more;
    return bytes;
  }

  private async control(
    head: FrameHead,
    reader: FrameReader,
    write: (bytes: Buffer) => Promise<boolean>,
  ): Promise<boolean> {
    const pieces: Buffer[] = [];
    for await (const piece of reader.payload(head)) pieces.push(piece);
    const said = Buffer.concat(pieces);
    const { opcode } = head;
    if (opcode === OPCODE.pong) return true; // answered here
    if (opcode === OPCODE.close) return write(frame({ isLast: true, opcode }, said.subarray(0, 2), this.to));
    await send(
      this.from.socket,
      frame({ isLast: true, opcode: OPCODE.pong }, said, this.to === "server" ? "client" : "server"),
    );
    return write(frame({ isLast: true, opcode }, Buffer.alloc(0), this.to));
  }
}
