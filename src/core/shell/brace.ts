// Brace expansion of one written word, quotes kept (bash expands braces before anything else, on the text).

const MAX_WORDS = 256;

/** True when a brace stands outside quotes and `${…}`. */
export function hasOpenBrace(text: string): boolean {
  return unquotedMarks(text.replace(/\$\{[^{}]*\}/g, "")).some((mark) => mark.c === "{");
}

/** The words it becomes. One element when nothing expands; `undefined` when it is not certain. */
export function expandBraces(text: string): readonly string[] | undefined {
  if (/[$`]/.test(text.replace(/\$(?=['"A-Za-z_])/g, ""))) return undefined;
  const marks = unquotedMarks(text);
  const open = marks.findIndex((m) => m.c === "{");
  if (open < 0) return [text];
  for (let start = open; start < marks.length; start++) {
    if (marks[start]?.c !== "{") continue;
    let depth = 0;
    const commas: number[] = [];
    for (let i = start; i < marks.length; i++) {
      const mark = marks[i];
      if (mark === undefined) break;
      if (mark.c === "{") depth++;
      else if (mark.c === "," && depth === 1) commas.push(mark.at);
      else if (mark.c === "}" && --depth === 0) {
        const from = marks[start]?.at ?? 0;
        const inner =
          commas.length > 0 ? pieces(text, from + 1, mark.at, commas) : sequence(text.slice(from + 1, mark.at));
        if (inner === undefined) break;
        const before = text.slice(0, from);
        const rest = expandBraces(text.slice(mark.at + 1));
        if (rest === undefined) return undefined;
        const out: string[] = [];
        for (const piece of inner) {
          const middles = commas.length > 0 ? expandBraces(piece) : [piece];
          if (middles === undefined) return undefined;
          for (const middle of middles) for (const end of rest) out.push(before + middle + end);
          if (out.length > MAX_WORDS) return undefined;
        }
        return out;
      }
    }
  }
  return [text];
}

function pieces(text: string, from: number, to: number, commas: readonly number[]): readonly string[] {
  const ends = [...commas, to];
  return ends.map((end, i) => text.slice(i === 0 ? from : (commas[i - 1] ?? from) + 1, end));
}

/** `{1..5}`, `{01..10..3}` and `{a..e}`. Letters with a step differ between versions: not understood. */
function sequence(inner: string): readonly string[] | undefined {
  const letters = /^([a-z])\.\.([a-z])$/.exec(inner);
  const numbers = /^(-?\d{1,4})\.\.(-?\d{1,4})(?:\.\.(-?\d{1,4}))?$/.exec(inner);
  const [from, to, by] = (letters ?? numbers)?.slice(1) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const first = letters ? from.charCodeAt(0) : Number(from);
  const last = letters ? to.charCodeAt(0) : Number(to);
  const size = Math.abs(Number(by ?? 1)) || 1;
  const count = Math.floor(Math.abs(last - first) / size) + 1;
  if (count > MAX_WORDS) return undefined;
  const step = first <= last ? size : -size;
  const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0;
  const shown = (n: number): string =>
    (n < 0 ? "-" : "") + String(Math.abs(n)).padStart(n < 0 ? width - 1 : width, "0");
  return Array.from({ length: count }, (_, i) => first + i * step).map((n) =>
    letters ? String.fromCharCode(n) : shown(n),
  );
}

/** The braces and commas of a word that stand outside quotes. */
function unquotedMarks(text: string): readonly { readonly c: string; readonly at: number }[] {
  const marks: { c: string; at: number }[] = [];
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote === "") {
      if (c === "\\") i++;
      else if (c === "$" && text[i + 1] === "'") {
        quote = "$'";
        i++;
      } else if (c === "'" || c === '"') quote = c;
      else if (c === "{" || c === "}" || c === ",") marks.push({ c, at: i });
    } else if (c === "\\" && quote !== "'") i++;
    else if (c === quote.slice(-1)) quote = "";
  }
  return marks;
}
