// A body on its straight way from where it lands to the socket that it is for: no queue, no copy. The memory is free again when the socket has taken
// the piece to the kernel; until then nothing more lands, which is also the back-pressure.
import type { Socket } from "node:net";
import type { BodyWatch } from "./body.ts";

/** What a flow is made of. */
export interface FlowParts {
  readonly to: Socket;
  readonly watch: BodyWatch;
  readonly count: (bytes: number) => void;
  /** Lets more land. */
  readonly go: () => void;
  /** Called once: complete or not, or what the watch threw; `rest` is what came behind the body. */
  readonly end: (how: unknown, rest: Buffer) => void;
}

const NOTHING = Buffer.alloc(0);

/** One body. */
export class Flow {
  private readonly parts: FlowParts;
  private isOver = false;
  private readonly onClose = (): void => this.cut();

  constructor(parts: FlowParts) {
    this.parts = parts;
    parts.to.once("close", this.onClose);
  }

  /** A `Take` (landing.ts). */
  take(piece: Buffer): boolean {
    const { count, go, to, watch } = this.parts;
    if (to.destroyed || to.writableEnded) {
      this.cut();
      return false;
    }
    let taken: ReturnType<BodyWatch["take"]>;
    try {
      taken = watch.take(piece);
    } catch (error) {
      this.finish(error, NOTHING);
      return false;
    }
    count(taken.bytes);
    const own = piece.subarray(0, taken.bytes);
    // Copied: it outlives the turn.
    const rest = taken.done ? Buffer.from(piece.subarray(taken.bytes)) : NOTHING;
    let isInUse = false;
    to.write(own, () => {
      if (!isInUse) return;
      if (taken.done) this.finish(true, rest);
      go();
    });
    isInUse = to.writableLength > 0;
    if (!isInUse && taken.done) this.finish(true, rest);
    return !isInUse;
  }

  /** The source has ended. */
  cut(): void {
    this.finish(false, NOTHING);
  }

  private finish(how: unknown, rest: Buffer): void {
    if (this.isOver) return;
    this.isOver = true;
    this.parts.to.off("close", this.onClose);
    this.parts.end(how, rest);
  }
}
