// One text of an argument in every spelling under which a server may read it: composed, without what is invisible, its escapes undone, its path or
// address made plain. For limits only; an allow compares what stands there.

/** No name, path or address is longer; whether a longer text is one is not looked at. */
export const LONGEST: number = 262_144;
const UNESCAPES = 3;

/** The text itself first. `complete`: no other spelling is left to look at. */
export function readings(text: string): { readonly texts: readonly string[]; readonly complete: boolean } {
  if (text.length > LONGEST) return { texts: [], complete: false };
  const found = new Set([text]);
  let plain = composed(text);
  for (let round = 0; ; round++) {
    for (const form of [plain, plain.trim(), located(plain)]) found.add(form);
    const next = unescaped(plain);
    if (next === plain) return { texts: [...found], complete: true };
    if (round >= UNESCAPES) return { texts: [...found], complete: false };
    plain = composed(next);
  }
}

function composed(text: string): string {
  return text.normalize("NFKC").replace(/[\p{Cf}\ufe00-\ufe0f]/gu, "");
}

/** `%2e` → `.`; what is no UTF-8 stays. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}

/** Of a path or an address: one kind of slash, no `.`, no `..`, no scheme of files. */
function located(text: string): string {
  const [, scheme = "", rest = ""] = /^\s*([a-z][a-z0-9+.-]*:\/\/[^/\\?#]*)?(.*)$/is.exec(text) ?? [];
  if (!/[/\\]/.test(rest)) return text;
  const slashed = rest.replaceAll("\\", "/").trimEnd();
  const kept: string[] = [];
  for (const part of slashed.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "." && part !== "") kept.push(part);
  }
  const path = `${slashed.startsWith("/") ? "/" : ""}${kept.join("/")}${/\/$/.test(slashed) && kept.length > 0 ? "/" : ""}`;
  return /^file:\/\/(?:localhost)?$/i.test(scheme) ? path : scheme + path;
}
