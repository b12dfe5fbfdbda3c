// Lines of a stream that nobody trusts: a line that is longer than the bound is named as such and its bytes are let go as they
// come, so that a stream without a line feed costs no memory.

/** One line without its line feed; `undefined` bytes for one that was too long. */
export type OnLine = (bytes: Buffer | undefined, line: number) => void;

/** Cuts a stream into lines, numbered from 1. */
export interface LineCutter {
  push(chunk: Buffer): void;
  /** The stream is over: a last line without a line feed is one, too. */
  end(): void;
}

/** Opens a cutter; `onLine` is called during `push` and `end`. */
export function cutLines(bound: number, onLine: OnLine): LineCutter {
  let held: Buffer[] = [];
  let length = 0;
  let line = 1;
  const hold = (piece: Buffer): void => {
    if (piece.length === 0) return;
    length += piece.length;
    if (length > bound) held = [];
    else held.push(piece);
  };
  const finish = (last: Buffer): void => {
    hold(last);
    const whole = held.length === 1 ? held[0] : Buffer.concat(held);
    onLine(length > bound ? undefined : whole, line);
    [held, length] = [[], 0];
    line += 1;
  };
  return {
    push(chunk: Buffer): void {
      let start = 0;
      for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
        finish(chunk.subarray(start, end));
        start = end + 1;
      }
      hold(chunk.subarray(start));
    },
    end(): void {
      if (length > 0) finish(Buffer.alloc(0));
    },
  };
}
