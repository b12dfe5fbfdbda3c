// Durations and sizes as people write them in a policy file: `30m`, `1.5h`, `4g`. Anything else is refused by the schema.

const DURATION = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;
const SIZE = /^(\d{1,12}(?:\.\d{1,3})?)([kmgt])(?:i?b)?$/i;
const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/** Milliseconds of a duration such as `90s`; `undefined` for anything else, zero and what exceeds two years included. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const ms = Math.round(Number(match[1]) * (MILLISECONDS[match[2]] ?? Number.NaN));
  return ms >= 1 && ms <= 366 * 86_400_000 * 2 ? ms : undefined;
}

/** Bytes of a size such as `4g` (powers of 1024) or a plain number of bytes; `undefined` for anything else and for zero. */
export function parseSize(value: string | number): number | undefined {
  const match = typeof value === "string" ? SIZE.exec(value) : undefined;
  const bytes =
    typeof value === "number"
      ? value
      : Math.round(Number(match?.[1] ?? Number.NaN) * (BYTES[(match?.[2] ?? "").toLowerCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) && bytes >= 1 ? bytes : undefined;
}
