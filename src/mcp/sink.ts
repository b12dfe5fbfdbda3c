// Where messages are written, one a line and whole, with word of when there is room again.
import type { Writable } from "node:stream";

/** The writing end of one side. */
export interface Sink {
  /** Writes one message and its line's end. `false` when it is best to wait for `room`. */
  write(bytes: Uint8Array): boolean;
  /** Resolves when there is room, or when nobody will read any more. */
  room(): Promise<void>;
  /** No more messages: what was written still goes out. */
  end(): void;
}

const LF = Buffer.from("\n");
/** What is shorter is copied, which costs less than a list of two. */
const BRIEF = 16_384;

function line(bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(bytes.length + 1);
  whole.set(bytes);
  whole[bytes.length] = 0x0a;
  return whole;
}

/** A sink over a stream. A reader that goes away is no fault here: whoever owns the stream hears of it. */
export function sinkOver(stream: Writable): Sink {
  let open = true;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const one of waiting) one();
    waiting.clear();
  };
  const gone = (): void => {
    open = false;
    wake();
  };
  stream.on("drain", wake).on("close", gone).on("error", gone);
  return {
    write(bytes) {
      if (!open) return true;
      if (bytes.length < BRIEF) return stream.write(line(bytes));
      stream.cork();
      stream.write(bytes);
      const room = stream.write(LF);
      stream.uncork();
      return room;
    },
    room: () => (open && stream.writableNeedDrain ? new Promise((done) => waiting.add(done)) : Promise.resolve()),
    end() {
      if (open) stream.end();
    },
  };
}
