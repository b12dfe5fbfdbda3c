// What a JSON parser would silently repair, found in one pass over the text: a key that stands twice in one object, and numbers that a
// double does not hold. For a text that is JSON; of any other the answer means nothing.

/** What was found. */
export interface Repairs {
  /** The first key that stands twice. */
  readonly twice?: string;
  /** Where numbers stand, `[start, end]`, that are no integers or would be rounded; in order. */
  readonly inexact: readonly (readonly [number, number])[];
}

/** Looks through a text that `JSON.parse` takes. */
export function findRepairs(text: string): Repairs {
  const inexact: (readonly [number, number])[] = [];
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const start = at + 1;
      at = endOfText(text, start);
      if (!isKey) continue;
      isKey = false;
      const key = keyOf(text.slice(start, at));
      const keys = open.at(-1);
      if (keys?.has(key) === true) return { twice: key, inexact };
      keys?.add(key);
    } else if (code === COMMA) isKey = open.at(-1) !== undefined;
    else if (code === BRACE || code === BRACKET) {
      open.push(code === BRACE ? new Set() : undefined);
      isKey = code === BRACE;
    } else if (code === BRACE_END || code === BRACKET_END) open.pop();
    else if (code === MINUS || isDigit(code)) {
      const end = endOfNumber(text, at + 1);
      if (!isExact(text.slice(at, end))) inexact.push([at, end]);
      at = end - 1;
    }
  }
  return { inexact };
}

/** Where the closing quote stands: the first one behind an even number of backslashes. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (end - slashes > start && text.charCodeAt(end - slashes - 1) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

function keyOf(raw: string): string {
  return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
}

function endOfNumber(text: string, from: number): number {
  let end = from;
  for (let code = text.charCodeAt(end); isDigit(code) || IN_NUMBER.has(code); code = text.charCodeAt(end)) end += 1;
  return end;
}

function isExact(token: string): boolean {
  return /^-?[0-9]+$/.test(token) && Number.isSafeInteger(Number(token));
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const [QUOTE, COMMA, BRACKET, BRACKET_END, BRACE, BRACE_END] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d];
const [MINUS, BACKSLASH] = [0x2d, 0x5c];

/** `.`, `e`, `E`, `+`, `-`. */
const IN_NUMBER: ReadonlySet<number> = new Set([0x2e, 0x65, 0x45, 0x2b, 0x2d]);
