// What a server says on its standard error, for whoever reads ours: whole lines, escaped, and not without end. A reader that does not read holds nobody up.
import type { Readable } from "node:stream";
import { forTerminal } from "#core/text";

/** Where its lines go. `false`: not now. */
export type TakeLine = (line: string) => boolean;

const LINE_MOST = 4_096;
/** Of one session: a log, not a channel. */
const ALL_MOST = 4 << 20;

/** Reads it to its end. */
export function passErrors(source: Readable, take: TakeLine): void {
  let rest = "";
  let told = 0;
  let lost = 0;
  const say = (line: string): void => {
    const shown = forTerminal(line, { max: LINE_MOST });
    if (told + shown.length > ALL_MOST || !take(`${shown}\n`)) lost += 1;
    else told += shown.length + 1;
  };
  source.setEncoding("utf8");
  source.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) say(line.replace(/\r$/, ""));
    if (rest.length <= LINE_MOST) return;
    say(rest);
    rest = "";
  });
  source.once("close", () => {
    if (rest !== "") say(rest);
    if (lost > 0) take(`ringfence: ${lost} more lines of the server's standard error are not shown\n`);
  });
  source.on("error", () => source.destroy());
}
