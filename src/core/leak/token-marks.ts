// Tokens by their shape in bytes that were decoded: one cheap pass says of nearly everything that none can begin there, without making a text of it.
import { type TokenFound, tokenFor } from "./token-shape.ts";

/** What every shape begins with (`ANY` of token-shape.ts, as far as its letters are certain). */
const MARKS: readonly string[] = [
  ...["-----BEGIN ", "AKIA", "ASIA", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "npm_", "gl", "xox", "sk-"],
  ...["AIza", "hvs.", "hvb.", "hvr.", "sk_live_", "rk_live_", "pypi-A", "hf_", "dop_v1_", "doo_v1_", "dor_v1_"],
];

/** By the first two letters, as one number. */
const BY_START: ReadonlyMap<number, readonly string[]> = new Map(
  MARKS.map((mark) => [startOf(mark), MARKS.filter((other) => startOf(other) === startOf(mark))]),
);

/** By the first letter alone. */
const FIRST: Uint8Array = new Uint8Array(256);
for (const mark of MARKS) FIRST[mark.charCodeAt(0)] = 1;

/** Shorter than every shape. */
const LEAST = 16;

/** The tokens of anybody's that stand in the bytes as they are. */
export function tokensIn(bytes: Uint8Array): readonly TokenFound[] {
  if (bytes.length < LEAST || !hasMark(bytes)) return [];
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return tokenFor("", text);
}

/** Arguments of one call. */
const PIECE = 8192;

function hasMark(bytes: Uint8Array): boolean {
  for (let at = 0; at + LEAST <= bytes.length; at += 1) {
    if (FIRST[bytes[at] as number] === 0) continue;
    const marks = BY_START.get(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
    if (marks?.some((mark) => stands(bytes, at, mark)) === true) return true;
  }
  return false;
}

function stands(bytes: Uint8Array, at: number, mark: string): boolean {
  for (let k = 0; k < mark.length; k += 1) if (bytes[at + k] !== mark.charCodeAt(k)) return false;
  return true;
}

function startOf(mark: string): number {
  return (mark.charCodeAt(0) << 8) | mark.charCodeAt(1);
}
