// `Bash(specifier)`: which words it matches (DESIGN 7 rule 2). Words are compared, never text, so a space inside a word is no boundary.

/** Stands between words in a joined command; no word of a command can hold it (analyse.ts refuses control characters). */
export const BETWEEN = "\u0001";
const ANY = "\u0002";

/** A compiled specifier. */
export interface BashMatcher {
  /** True when the words, joined by BETWEEN, are covered. */
  readonly matches: (joined: string) => boolean;
  /** Covered whatever follows these leading words? Proves a deny although later words are unknown. */
  readonly coversFrom: (leading: string) => boolean;
  /** False only when no continuation of these leading words could be covered. */
  readonly couldMatch: (leading: string) => boolean;
  /** How many leading words the rule spells out; effects caused by those are named by the rule itself. */
  readonly spelled: number;
  /** The program, when the rule spells it. */
  readonly program: string | undefined;
  /** The folder that the word behind the spelled ones stands in: `node scripts/*` names what is run as well as a full path does. */
  readonly folder?: string;
}

/** Compiles a specifier; `undefined` stands for the bare tool: everything, nothing spelled. */
export function compileBash(specifier: string | undefined): BashMatcher {
  if (specifier === undefined)
    return { matches: () => true, coversFrom: () => true, couldMatch: () => true, spelled: 0, program: undefined };
  const boundary = / \*$|:\*$/.test(specifier) && !/\\\*$/.test(specifier);
  const body = tokens(boundary ? specifier.replace(/(?: |:)\*$/, "") : specifier);
  const wildAt = body.indexOf(ANY);
  const literal = wildAt < 0 ? body : body.slice(0, wildAt);
  const complete = wildAt < 0 ? body.split(BETWEEN) : literal.split(BETWEEN).slice(0, -1);
  const spelled = wildAt < 0 && !boundary ? Number.POSITIVE_INFINITY : complete.length;
  const program = complete[0];
  const couldMatch = (leading: string): boolean => {
    const known = leading === "" ? "" : leading + BETWEEN;
    return literal.startsWith(known) || known.startsWith(literal) || leading === literal;
  };
  if (wildAt < 0) {
    const start = body + BETWEEN;
    const matches = boundary
      ? (joined: string): boolean => joined === body || joined.startsWith(start)
      : (joined: string): boolean => joined === body;
    const coversFrom = (leading: string): boolean => boundary && (leading === body || leading.startsWith(start));
    return { matches, coversFrom, couldMatch, spelled, program };
  }
  const pieces = body.split(ANY);
  const matches = (joined: string): boolean => glob(pieces, joined, boundary);
  const [, folder] = /\u0001([^\u0001]+\/)$/.exec(literal) ?? [];
  return {
    ...(folder === undefined ? {} : { folder }),
    matches,
    coversFrom: (leading) => (boundary || body.endsWith(ANY)) && glob(pieces, leading, true),
    couldMatch,
    spelled,
    program,
  };
}

/** Pieces in order, greedily; with `boundary` the end may be followed by further words. No backtracking: one pass is enough for `*`. */
function glob(pieces: readonly string[], text: string, boundary: boolean): boolean {
  const [first = ""] = pieces;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (let i = 1; i < pieces.length - 1; i++) {
    const piece = pieces[i] ?? "";
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  const last = pieces.at(-1) ?? "";
  if (text.length - at >= last.length && text.endsWith(last)) return true;
  if (!boundary) return false;
  for (let found = text.indexOf(last, at); found >= 0; found = text.indexOf(last, found + 1)) {
    const end = found + last.length;
    if (end === text.length || text.startsWith(BETWEEN, end)) return true;
  }
  return false;
}

/** Quotes and backslashes out, spaces to BETWEEN, free `*` to ANY. A quote without its partner is itself. */
function tokens(text: string): string {
  let out = "";
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== "") {
      if (c === quote) quote = "";
      else if (c === "\\" && quote === '"' && /["\\$`]/.test(text.charAt(i + 1))) out += text.charAt(++i);
      else out += c;
    } else if ((c === "'" || c === '"') && text.indexOf(c, i + 1) > i) quote = c;
    else if (c === "\\" && i + 1 < text.length) out += text.charAt(++i);
    else if (/\s/.test(c)) out += out.endsWith(BETWEEN) || out === "" ? "" : BETWEEN;
    else out += c === "*" ? ANY : c;
  }
  return out.endsWith(BETWEEN) ? out.slice(0, -1) : out;
}
