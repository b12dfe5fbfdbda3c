// Standard output, or any stream of this process: one line an event. Nothing is remembered: who reads the stream has it or has not.
import type { Writable } from "node:stream";
import { ok } from "#core";
import { asciiJson, type Format, linesOf, type Stream } from "#core/log/export";
import { forTerminal } from "#core/text";
import type { Sink } from "./sink.ts";

/** A sink on an open stream, which stays open. `terminal`: a person looks at it, and an agent wrote what it says. */
export function streamSink(
  output: Writable,
  { format, stream, terminal }: { readonly format: Format; readonly stream: Stream; readonly terminal: boolean },
): Sink {
  const shown = (line: string): string => (format === "cef" ? forTerminal(line) : asciiJson(line));
  return {
    room: { events: 500 },
    async deliver({ texts }) {
      const lines = linesOf(format, texts, stream).map((line) => `${terminal ? shown(line) : line}\n`);
      await new Promise<void>((resolve, reject) => {
        output.write(lines.join(""), (error) => (error == null ? resolve() : reject(error)));
      });
      return ok(undefined);
    },
    close: () => Promise.resolve(ok(undefined)),
  };
}
