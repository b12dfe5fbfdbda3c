// A body that passes while its lines are read: no line is sent before it was judged.
import type { Body, Refused } from "./exchange.ts";

/** No header of a part, and no value that is looked at, is longer. */
export const LINE_MOST = 4_096;
const LF = 0x0a;

/** The reader. `judge` gets each line with its end; of a longer one the beginning, and then the rest as it comes. */
export function linewise(
  judge: (line: Buffer, isRest: boolean) => Refused | undefined,
  ended: () => Refused | undefined = () => undefined,
): Body {
  let held: Buffer = Buffer.alloc(0);
  /** What was judged was the beginning of a longer line. */
  let isRest = false;
  const judged = (line: Buffer): Refused | undefined => {
    const wasRest = isRest;
    isRest = line.at(-1) !== LF;
    return judge(line, wasRest);
  };
  return {
    keepsLength: true,
    take: (piece) => {
      held = Buffer.concat([held, piece]);
      let from = 0;
      for (let end = held.indexOf(LF); end >= 0; end = held.indexOf(LF, from)) {
        const no = judged(held.subarray(from, end + 1));
        if (no !== undefined) return no;
        from = end + 1;
      }
      // A line of this length is a file's, or an object.
      if (held.length - from > LINE_MOST) {
        const no = judged(held.subarray(from));
        if (no !== undefined) return no;
        from = held.length;
      }
      const passed = held.subarray(0, from);
      held = Buffer.from(held.subarray(from));
      return passed.length === 0 ? [] : [passed];
    },
    end: () => judged(held) ?? ended() ?? [held],
  };
}
