// Two patterns with `*` (any text): do they share a text, and does one hold every text of the other? Both answer on the safe side.

const MOST = 400;

/** Could some text match both? True when that is not excluded. */
export function overlaps(a: string, b: string): boolean {
  if (a.length > MOST || b.length > MOST) return true;
  // reach[j]: the first i characters of `a` and the first j of `b` can stand for one text
  let reach = row(b, (j) => b.slice(0, j).replaceAll("*", "") === "");
  for (let i = 1; i <= a.length; i++) {
    const c = a.charAt(i - 1);
    const next: boolean[] = [];
    for (let j = 0; j <= b.length; j++) {
      const d = b.charAt(j - 1);
      const star = c === "*" || (j > 0 && d === "*");
      next[j] = star
        ? (reach[j] ?? false) || (j > 0 && (next[j - 1] ?? false)) || (j > 0 && (reach[j - 1] ?? false))
        : j > 0 && c === d && (reach[j - 1] ?? false);
      if (c !== "*" && d !== "*" && star) next[j] = false;
    }
    reach = next;
  }
  return reach[b.length] ?? false;
}

function row(b: string, at: (j: number) => boolean): boolean[] {
  return Array.from({ length: b.length + 1 }, (_, j) => at(j));
}

/** Does `wide` match every text that `narrow` matches? False when that is not certain. A star of `narrow` is a sign like any other. */
export function covers(wide: string, narrow: string): boolean {
  if (wide.length > MOST || narrow.length > MOST) return wide === narrow || wide === "*";
  const pieces = wide.split("*");
  const [first = ""] = pieces;
  if (pieces.length === 1) return wide === narrow;
  if (!narrow.startsWith(first)) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = narrow.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  const last = pieces.at(-1) ?? "";
  return narrow.length - at >= last.length && narrow.endsWith(last);
}
