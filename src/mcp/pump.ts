// One direction of a relay: lines are judged as they come, several at once, and written as their verdicts come. Nothing is read while the
// other side is full or too much waits.
import type { Readable } from "node:stream";
import { type Line, LineSplitter } from "./framing.ts";
import type { Passage } from "./gatekeeper.ts";
import type { Sink } from "./sink.ts";

/** A direction. */
export interface Lane {
  readonly source: Readable;
  /** The longest line that is held. */
  readonly maxLine: number;
  /** Where it goes on. */
  readonly ahead: Sink;
  /** Where answers to its sender go. */
  readonly back: Sink;
  judge(line: Line): Promise<Passage>;
  /** Called when the source has ended, before its last verdicts are there. */
  ended?(): void;
}

/** Bytes that may wait for verdicts beside the first message: as much as one message may have, so that a long one holds up no other. And what each message
 * counts beside its own bytes. */
const MAX_WAITING = 16 << 20;
const OVERHEAD = 1024;

/** Runs until the source has ended and all its verdicts are carried out. A source that breaks has ended. */
export function pump(lane: Lane): Promise<void> {
  const { source, ahead } = lane;
  const lines = new LineSplitter(lane.maxLine);
  let waiting = 0;
  let count = 0;
  let ended = false;
  let blocked = false;
  return new Promise((done) => {
    const settle = (): void => {
      if (ended && count === 0) done();
    };
    const flow = (): void => {
      const full = count > 1 && waiting > MAX_WAITING;
      if (!full && !blocked && source.isPaused()) source.resume();
      if (full && !source.isPaused()) source.pause();
    };
    const hold = (): void => {
      if (blocked) return;
      blocked = true;
      source.pause();
      void ahead.room().then(() => {
        blocked = false;
        flow();
      });
    };
    const take = async (line: Line): Promise<void> => {
      const size = OVERHEAD + (line.kind === "line" ? line.bytes.length : 0);
      waiting += size;
      count += 1;
      try {
        if (!carryOut(lane, await lane.judge(line))) hold();
      } catch {
        // What could not be judged or recorded goes nowhere; the session's own record says that it failed.
      }
      waiting -= size;
      count -= 1;
      flow();
      settle();
    };
    const end = (): void => {
      if (ended) return;
      ended = true;
      lane.ended?.();
      const rest = lines.end();
      if (rest !== undefined) void take(rest);
      settle();
    };
    source.on("data", (chunk: Uint8Array) => {
      for (const line of lines.push(chunk)) void take(line);
      flow();
    });
    source.on("end", end).on("close", end).on("error", end);
  });
}

/** `false` when the side ahead is full. */
function carryOut(lane: Lane, passage: Passage): boolean {
  switch (passage.kind) {
    case "forward": {
      const room = lane.ahead.write(passage.bytes);
      passage.delivered?.();
      return room;
    }
    case "answer":
      lane.back.write(passage.bytes);
      return true;
    case "drop":
      return true;
    case "several":
      return passage.parts.map((part) => carryOut(lane, part)).every((room) => room);
    default:
      return passage satisfies never;
  }
}
