// The path of a request as rules compare it: one reading, or none. A server may decode, resolve `..`, join slashes or drop parameters before or
// after it picks a handler; where two of them could pick different ones, the path is ambiguous and no allow rule covers it. Pure.

const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
// RFC 3986 `pchar` without `;`, which some servers cut off (RFC 3986 section 3.3 lets them).
const PLAIN = /^[A-Za-z0-9\-._~!$&'()*+,=:@]*$/;
// Encoded, these are a separator, a cut, an end or a second decoding to somebody.
const TREACHEROUS = /[/\\;%?#\0-\x1f\x7f]/;
// Left out or turned into slashes where names are compared or converted: HFS+ and Windows have been tricked with these.
const FADING = /[\p{Default_Ignorable_Code_Point}\u2044\u2215\u2216]/u;

/**
 * The normal form of a request target's path: percent-decoded once where that means nothing (RFC 3986 section 6.2.2.2), the rest encoded in upper
 * case. `undefined` when servers could read it differently. The query is left out.
 */
export function normalPath(target: string): string | undefined {
  const [path = ""] = target.split("?", 1);
  if (!path.startsWith("/") || !/^[\x21-\x7e]+$/.test(path)) return undefined;
  const segments: string[] = [];
  for (const raw of path.slice(1).split("/")) {
    const segment = normalSegment(raw);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  // an empty segment anywhere but at the end: to some servers `//` is `/`
  if (segments.slice(0, -1).includes("")) return undefined;
  return `/${segments.join("/")}`;
}

function normalSegment(raw: string): string | undefined {
  if (PLAIN.test(raw)) return isDots(raw) ? undefined : raw;
  let out = "";
  for (const [piece] of raw.matchAll(/(?:%[0-9a-fA-F]{2})+|[\s\S]/g)) {
    const next = piece.length === 1 ? (PLAIN.test(piece) ? piece : undefined) : normalEscapes(piece);
    if (next === undefined) return undefined;
    out += next;
  }
  return isDots(out) ? undefined : out;
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
}

/** A run of `%XX`. Letters and digits need no escape: whoever hides them is not read the same by everybody. */
function normalEscapes(run: string): string | undefined {
  let text: string;
  try {
    text = decodeURIComponent(run);
  } catch {
    return undefined; // no UTF-8: overlong forms, single bytes
  }
  if (TREACHEROUS.test(text) || FADING.test(text) || /[A-Za-z0-9]/.test(text) || [...text].some(becomesAscii))
    return undefined;
  return [...text].map((char) => (UNRESERVED.test(char) ? char : encoded(char))).join("");
}

/** A full-width dot, a Kelvin sign, a letter with its ASCII twin in another case: a server that normalises reads something else. */
function becomesAscii(char: string): boolean {
  if (char <= "\x7f") return false;
  return /[!-~]/.test(char.normalize("NFKC")) || /^[!-~]$/.test(char.toUpperCase()) || /[!-~]/.test(char.toLowerCase());
}

/** Also what `encodeURIComponent` leaves as it is: an encoded `*` is no wildcard of a rule. */
function encoded(char: string): string {
  return encodeURIComponent(char).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A rule's path in normal form, or why it is none: absolute, `*` inside a segment, `**` as a whole segment. */
export function parsePathPattern(text: string): string | undefined {
  if (text.includes("?")) return undefined;
  const absolute = text.startsWith("/") ? text : `/${text}`;
  if (/\p{Cs}/u.test(absolute)) return undefined;
  // as a person writes it: spaces and letters of every script stand for themselves
  const normal = normalPath(absolute.replace(/[^\x21-\x7e]+/g, encodeURIComponent));
  if (normal === undefined) return undefined;
  const segments = normal.slice(1).split("/");
  return segments.some((segment) => segment.includes("**") && segment !== "**") ? undefined : normal;
}

/**
 * True when the pattern covers the normal path. A deny covers what some server could take for it: any case, with or without a slash at the end, and
 * for `/x/**` the folder itself; an allow covers what it says.
 */
export function pathMatches(pattern: string, path: string, effect: "allow" | "deny"): boolean {
  const parts = (text: string): readonly string[] => text.slice(1).split("/");
  if (effect === "allow") return matchesAll(parts(pattern), parts(path));
  const bare = (text: string): readonly string[] => [text, text.replace(/(?<=.)\/$/, "")];
  const [closed, asked] = [folded(pattern), folded(path)];
  const wants = [...bare(closed), closed.replace(/(?<=.)\/\*\*$/, "")].map(parts);
  return bare(asked).some((text) => wants.some((want) => matchesAll(want, parts(text))));
}

/**
 * Letters of every script without their case, composed or not, and no dots or spaces at the end of a segment, which Windows drops. What `normalPath`
 * answers always decodes.
 */
function folded(normal: string): string {
  return decodeURIComponent(normal)
    .normalize("NFC")
    .toLowerCase()
    .replace(/(?<=[^/. ])[. ]+(?=\/|$)/g, "");
}

// Which lengths of the path the pattern so far can reach: many `**` cost the product of both lengths and never more.
function matchesAll(pattern: readonly string[], path: readonly string[]): boolean {
  let reach: ReadonlySet<number> = new Set([0]);
  for (const [index, part] of pattern.entries()) {
    const next = new Set<number>();
    if (part === "**") {
      // at the end at least one segment, as in a .gitignore
      const from = Math.min(...reach) + (index === pattern.length - 1 ? 1 : 0);
      for (let at = from; at <= path.length; at += 1) next.add(at);
    } else {
      for (const at of reach) if (at < path.length && segmentMatches(part, path[at] ?? "")) next.add(at + 1);
    }
    if (next.size === 0) return false;
    reach = next;
  }
  return reach.has(path.length);
}

/** `*` for any text within a segment: one pass, with one place to return to. */
function segmentMatches(pattern: string, text: string): boolean {
  let [p, t, star, mark] = [0, 0, -1, 0];
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p;
      mark = t;
      p += 1;
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      t = mark;
    } else return false;
  }
  while (pattern[p] === "*") p += 1;
  return p === pattern.length;
}
