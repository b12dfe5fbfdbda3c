// A form in parts (`multipart/form-data`): its files may be of any size, so it passes while its lines are read. A part that is named as a credential, or
// whose first line is a token of the host's own kind, has to hold a placeholder; nothing of its value has been sent when it does not.
import { isForeignKin, presentsAsPair, presentsByName, type ServedPlace } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";

/** No header of a part, and no value that is looked at, is longer. */
const LINE_MOST = 4_096;
const LF = 0x0a;

/** The guard. `foreign` is the refusal of a part by its name. */
export function partsGuard(place: ServedPlace, foreign: (name: string) => Refused): Body {
  let held: Buffer = Buffer.alloc(0);
  let inDisposition = false;
  /** The part's name; `isNext` when the line after this one is its value. */
  let suspect: { readonly name: string; readonly isNext: boolean } | undefined;

  /** What was judged was the beginning of a longer line. */
  let isRest = false;

  const judge = (bytes: Buffer): Refused | undefined => {
    const isJudged = isRest;
    isRest = bytes.at(-1) !== LF;
    if (isJudged) return undefined;
    const line = bytes.toString("latin1").replace(/\r?\n?$/, "");
    if (suspect?.isNext === true) {
      const { name } = suspect;
      suspect = undefined;
      if (line === "" || place.placeholders.includes(line)) return undefined;
      return presentsByName(name) || presentsAsPair({ name, value: line }) || isForeignKin(place, line)
        ? foreign(name)
        : undefined;
    }
    // A header may go on in the next line.
    inDisposition = /^content-disposition[ \t]*:/i.test(line) || (inDisposition && /^[ \t]/.test(line));
    if (inDisposition) {
      const names = namesIn(line);
      const name = names.find(presentsByName) ?? suspect?.name ?? names[0];
      if (name !== undefined) suspect = { name, isNext: false };
      return bytes.length > LINE_MOST ? foreign("Content-Disposition") : undefined;
    }
    if (suspect !== undefined && line === "") suspect = { ...suspect, isNext: true };
    return undefined;
  };

  return {
    keepsLength: true,
    take: (piece) => {
      held = Buffer.concat([held, piece]);
      let from = 0;
      for (let end = held.indexOf(LF); end >= 0; end = held.indexOf(LF, from)) {
        const no = judge(held.subarray(from, end + 1));
        if (no !== undefined) return no;
        from = end + 1;
      }
      // A line of this length is a file's, whose rest says nothing.
      if (held.length - from > LINE_MOST) {
        const no = judge(held.subarray(from));
        if (no !== undefined) return no;
        from = held.length;
      }
      const passed = held.subarray(0, from);
      held = Buffer.from(held.subarray(from));
      return passed.length === 0 ? [] : [passed];
    },
    end: () => judge(held) ?? [held],
  };
}

/** What stands behind `name=` in a Content-Disposition, quoted or not. */
function namesIn(line: string): readonly string[] {
  return [...line.matchAll(/\bname\*?[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]+))/gi)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}
