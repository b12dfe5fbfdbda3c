// A body read piece by piece, without its transfer coding and after the filters: what is left to do is to write it in another framing.
import { type BodyWatch, watchBody } from "./body.ts";
import { FilterStop } from "./chain.ts";
import type { BodyFilter } from "./filter.ts";
import type { Framing } from "./head.ts";
import type { Intake } from "./intake.ts";
import { inOrder, type Made, whenMade } from "./made.ts";

/** Reads one body. One reader at a time. */
export class BodyReader {
  private readonly from: Intake;
  private readonly framing: Framing;
  private readonly filter: BodyFilter | undefined;
  private readonly watch: BodyWatch;
  private over: "complete" | "cut-off" | undefined;

  constructor(from: Intake, framing: Framing, filter?: BodyFilter) {
    this.from = from;
    this.framing = framing;
    this.filter = filter;
    this.watch = watchBody(framing);
    if (framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0)) this.over = "complete";
  }

  /** True when the body came to its own end; for one that ends with the connection, when that ended. */
  get isComplete(): boolean {
    return this.over === "complete";
  }

  /** The next pieces, at once where they are here already; `undefined` behind the last. Throws or rejects with `BadMessage` and `FilterStop`. */
  next(): readonly Buffer[] | undefined | Promise<readonly Buffer[] | undefined> {
    if (this.over !== undefined) return undefined;
    const piece = this.from.taken();
    return piece === undefined ? this.from.read().then((later) => this.made(later)) : this.made(piece);
  }

  private made(piece: Buffer | undefined): readonly Buffer[] | undefined | Promise<readonly Buffer[] | undefined> {
    if (piece === undefined) {
      this.over = this.framing.kind === "close" ? "complete" : "cut-off";
      return this.isComplete ? whenMade(this.filter?.end() ?? [], accepted) : undefined;
    }
    const { bytes, done, data } = this.watch.take(piece);
    if (bytes < piece.length) this.from.unread(piece.subarray(bytes));
    if (done) this.over = "complete";
    const asks = data.map((one) => () => this.filter?.take(one) ?? [one]);
    return whenMade(inOrder(done ? [...asks, () => this.filter?.end() ?? []] : asks), accepted);
  }
}

/** What a filter made, or its no as a throw. */
export function accepted(made: Made): readonly Buffer[] {
  if ("reason" in made) throw new FilterStop(made);
  return made.filter(({ length }) => length > 0);
}

/** Writes pieces in a framing: each in a chunk of its own, or bare up to the announced length. */
export class BodyWriter {
  private readonly framing: Framing;
  private written = 0;

  constructor(framing: Framing) {
    this.framing = framing;
  }

  /** The bytes to send. Throws for a filter that promised to keep the length and did not. */
  wrap(pieces: readonly Buffer[]): Buffer {
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    this.written += size;
    if (this.framing.kind === "length" && this.written > this.framing.bytes) throw new FilterStop(LENGTH);
    if (this.framing.kind !== "chunked" || size === 0)
      return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
    return Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), ...pieces, Buffer.from("\r\n")]);
  }

  /** What follows the last piece. Throws as `wrap` does. */
  end(): Buffer {
    if (this.framing.kind === "length" && this.written !== this.framing.bytes) throw new FilterStop(LENGTH);
    return Buffer.from(this.framing.kind === "chunked" ? "0\r\n\r\n" : "");
  }
}

const LENGTH = {
  reason: "not-looked-at",
  hint: "what looks at this body changed its length against its word, so nothing more passes",
};
