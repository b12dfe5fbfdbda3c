// A form in parts (`multipart/form-data`): its files may be of any size, so it passes while its lines are read. A part that is named as a credential, or
// whose first line is a token of the host's own kind, has to hold a placeholder; nothing of its value has been sent when it does not.
import { isForeignKin, presentsAsPair, type ServedPlace } from "#core/credentials";
import type { Body, Refused } from "./exchange.ts";
import { LINE_MOST, linewise } from "./linewise.ts";

/** The guard. `foreign` is the refusal of a part by its name. */
export function partsGuard(place: ServedPlace, foreign: (name: string) => Refused): Body {
  /** The header field that may go on in the next line. */
  let disposition: string | undefined;
  let names: readonly string[] = [];
  /** Where the part's value is awaited: whether a blank line was in front of it. */
  let value: { readonly isBehindBlank: boolean } | undefined;

  const judged = (line: string, isBehindBlank: boolean): Refused | undefined => {
    const [own, text] = [names, line.trim()];
    // Many who take a value cut off the blanks around it.
    if (text === "") {
      value = { isBehindBlank: true };
      return undefined;
    }
    [names, value] = [[], undefined];
    if (place.placeholders.includes(text) || (isBehindBlank && line.startsWith("--"))) return undefined;
    const name = own.find((one) => presentsAsPair({ name: one, value: text }));
    return name !== undefined || isForeignKin(place, text) ? foreign(name ?? own[0] ?? "") : undefined;
  };

  return linewise((bytes, isRest) => {
    const line = bytes.toString("latin1").replace(/\r?\n?$/, "");
    if (value !== undefined) return judged(line, value.isBehindBlank);
    if (isRest) return undefined;
    if (/^content-disposition[ \t]*:/i.test(line)) disposition = line;
    else if (/^[ \t]/.test(line) && disposition !== undefined) disposition += ` ${line.trim()}`;
    else disposition = undefined;
    if (disposition !== undefined) {
      names = namesIn(disposition);
      return disposition.length > LINE_MOST ? foreign("Content-Disposition") : undefined;
    }
    if (names.length > 0 && line === "") value = { isBehindBlank: false };
    return undefined;
  });
}

/** What stands behind `name=` in a Content-Disposition, quoted or not, also encoded and in pieces (RFC 2231): each, and all in a row. */
function namesIn(line: string): readonly string[] {
  const found = [...line.matchAll(/\bname(\*?\d*\*?)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^\s;]+))/gi)].map(
    ([, mark = "", quoted, plain = ""]) => (mark.endsWith("*") ? decoded(quoted ?? plain) : (quoted ?? plain)),
  );
  return found.length > 1 ? [...found, found.join("")] : found;
}

function decoded(text: string): string {
  return text
    .replace(/^[\w-]*'[^']*'/, "")
    .replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
