// Where a body ends, watched as its bytes pass by: fixed length, chunked (RFC 9112 section 7.1, strictly), or with the connection.
import { BadMessage, type Framing, parseField } from "./head.ts";

/** What of a piece of input belongs to the body, and whether it is complete. */
export interface Taken {
  readonly bytes: number;
  readonly done: boolean;
  /** What the piece says, without the transfer coding. */
  readonly data: readonly Buffer[];
}

/** Follows one body. `take` is called with every piece in order; bytes beyond the body are left. */
export interface BodyWatch {
  take(piece: Buffer): Taken;
}

/** The watch of a framing. */
export function watchBody(framing: Framing): BodyWatch {
  switch (framing.kind) {
    case "none":
      return { take: () => ({ bytes: 0, done: true, data: [] }) };
    case "close":
      return { take: (piece) => ({ bytes: piece.length, done: false, data: [piece] }) };
    case "length":
      return watchLength(framing.bytes);
    case "chunked":
      return new ChunkWatch();
    default:
      return framing satisfies never;
  }
}

function watchLength(length: number): BodyWatch {
  let left = length;
  return {
    take: (piece) => {
      const bytes = Math.min(left, piece.length);
      left -= bytes;
      return { bytes, done: left === 0, data: [piece.subarray(0, bytes)] };
    },
  };
}

const LINE_MOST = 4096;
const TRAILERS_MOST = 16_384;

class ChunkWatch implements BodyWatch {
  private state: "size" | "data" | "data-end" | "trailer" = "size";
  private line = "";
  private left = 0;
  private trailers = 0;

  take(piece: Buffer): Taken {
    let at = 0;
    const data: Buffer[] = [];
    while (at < piece.length) {
      if (this.state === "data") {
        const step = Math.min(this.left, piece.length - at);
        data.push(piece.subarray(at, at + step));
        at += step;
        this.left -= step;
        if (this.left === 0) this.state = "data-end";
        continue;
      }
      const end = piece.indexOf(0x0a, at);
      const upto = end < 0 ? piece.length : end + 1;
      this.line += piece.toString("latin1", at, upto);
      at = upto;
      if (this.line.length > LINE_MOST) throw new BadMessage("chunk-line");
      if (end >= 0 && this.endLine()) return { bytes: at, done: true, data };
    }
    return { bytes: at, done: false, data };
  }

  /** One line is complete, its CRLF included. True when it was the last of the body. */
  private endLine(): boolean {
    const line = this.line;
    this.line = "";
    if (!line.endsWith("\r\n") || /[\0\r]/.test(line.slice(0, -2))) throw new BadMessage("chunk-line");
    const text = line.slice(0, -2);
    if (this.state === "data-end") {
      if (text !== "") throw new BadMessage("chunk-end");
      this.state = "size";
    } else if (this.state === "size") {
      // Extensions mean nothing to anybody and have been used to smuggle: only the bare size passes.
      if (!/^[0-9A-Fa-f]{1,12}$/.test(text)) throw new BadMessage("chunk-size");
      this.left = Number.parseInt(text, 16);
      this.state = this.left === 0 ? "trailer" : "data";
    } else {
      this.trailers += line.length;
      if (this.trailers > TRAILERS_MOST) throw new BadMessage("trailers");
      if (text === "") return true;
      if (!mayTrail(parseField(text).name)) throw new BadMessage("trailer-field");
    }
    return false;
  }
}

// RFC 9110 section 6.5.1: what frames, routes, authenticates or is for this hop only means nothing behind a body, but to a server that merges it.
const NEVER_TRAILS =
  /^(?:content-(?:length|encoding|type|range)|transfer-encoding|host|trailer|te|connection|upgrade|expect|range|age|expires|date|location|vary|warning|authorization|cookie|set-cookie|cache-control|max-forwards|pragma|retry-after|proxy-.*|if-.*|x-forwarded-.*|forwarded)$/i;

function mayTrail(name: string): boolean {
  return !NEVER_TRAILS.test(name);
}
