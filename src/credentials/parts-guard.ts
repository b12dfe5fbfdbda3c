// A form in parts (`multipart/form-data`): its files may be of any size, so it passes while its lines are read. A part that is named as a credential, or
// whose first line is a token of the host's own kind, has to hold a placeholder; nothing of its value has been sent when it does not.
import { isForeignKin, presentsAsPair, presentsByName, type ServedPlace } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";
import { LINE_MOST, linewise } from "./linewise.ts";

/** The guard. `foreign` is the refusal of a part by its name. */
export function partsGuard(place: ServedPlace, foreign: (name: string) => Refused): Body {
  let inDisposition = false;
  /** The part's name; `isNext` when the line after this one is its value. */
  let suspect: { readonly name: string; readonly isNext: boolean } | undefined;

  return linewise((bytes) => {
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
  });
}

/** What stands behind `name=` in a Content-Disposition, quoted or not. */
function namesIn(line: string): readonly string[] {
  return [...line.matchAll(/\bname\*?[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]+))/gi)].map(
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );
}
