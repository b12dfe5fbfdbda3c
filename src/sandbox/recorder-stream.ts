// The recorder's stream (native/record.h): its lines as events, one after the other, and as slowly as the hearer wants: while it is busy
// nothing is read, the recorder waits with its next line, and the calls inside wait with it. Nothing is dropped.
import type { Readable } from "node:stream";
import { parseRecorderLine, type RecorderEvent } from "#core/sandbox";

/** Hears one event. A promise asks for a pause until it settles; it must not reject. */
export type OnSeen = (event: RecorderEvent) => Promise<void> | undefined;

/** No line of the recorder is longer (native/record_line.h). */
const LINE_MOST = 1 << 16;

/**
 * Reads the stream to its end. Resolves true when the recorder said that everything was told, else false: it died, or what came is not
 * its language, and then the rest is not read.
 */
export async function readRecorder(stream: Readable, onSeen: OnSeen): Promise<boolean> {
  let rest = "";
  let ended = false;
  stream.setEncoding("latin1");
  try {
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const event: RecorderEvent | undefined = ended ? undefined : parseRecorderLine(line);
        if (event === undefined) return false;
        ended = event.kind === "end";
        await onSeen(event);
      }
      if (rest.length > LINE_MOST) return false;
    }
  } catch {
    return false; // the fence was killed in the middle of a line
  }
  return ended && rest === "";
}
