// Changing a log in every way there is, one at a time, and asking what the verifier says. The folder is as it was afterwards.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verifyLog } from "#audit";
import { exitOf, type LogVerdict, type VerifierKey, verdictText } from "#core/log";

/** A folder and who is trusted for it. */
export interface Target {
  readonly dir: string;
  readonly keys: readonly VerifierKey[];
}

/** The verdict of a folder as it is now. */
export function verdictOf({ dir, keys }: Target): LogVerdict {
  return verifyLog(dir, { keys }).verdict;
}

/** Its text. */
export function wordOf(target: Target): string {
  return verdictText(verdictOf(target));
}

/** What is tried in place of a byte. `SLOW=1` tries each of its bits, and what often has a meaning. */
export function otherBytes(byte: number, at: number): readonly number[] {
  if (process.env["SLOW"] !== "1") return [byte ^ (1 << (at % 8))];
  const bits = Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit));
  return [...new Set([...bits, 0x00, 0x0a, 0x0d, 0x20, 0x22, 0x30, 0x5c, 0xff])].filter((other) => other !== byte);
}

/** What a sweep let pass, or named wrongly; empty is what it should be. */
export type Missed = readonly string[];

/** Changes each byte of a file from `from` to `to`; `right` says whether a verdict names what was done. */
export function sweepBytes(
  target: Target,
  file: string,
  part: {
    readonly from?: number;
    readonly to?: number;
    readonly right?: (verdict: LogVerdict, at: number) => boolean;
  } = {},
): Missed {
  const path = join(target.dir, file);
  const good = readFileSync(path);
  const missed: string[] = [];
  for (let at = part.from ?? 0; at < Math.min(part.to ?? good.length, good.length); at += 1)
    for (const other of otherBytes(good[at] as number, at)) {
      const bad = Buffer.from(good);
      bad[at] = other;
      writeFileSync(path, bad);
      const verdict = verdictOf(target);
      if (exitOf(verdict) === 0 || part.right?.(verdict, at) === false)
        missed.push(`${file} byte ${at} ${good[at]} → ${other}: ${verdictText(verdict)}`);
    }
  writeFileSync(path, good);
  return missed;
}

/** Gives a file other contents, one after the other. */
export function sweepContents(
  target: Target,
  file: string,
  contents: Iterable<{ readonly name: string; readonly bytes: Uint8Array | string; readonly want?: RegExp }>,
): Missed {
  const path = join(target.dir, file);
  const good = readFileSync(path);
  const missed: string[] = [];
  for (const { name, bytes, want } of contents) {
    writeFileSync(path, bytes);
    const verdict = verdictOf(target);
    const text = verdictText(verdict);
    if (want === undefined ? exitOf(verdict) === 0 : !want.test(text)) missed.push(`${file} ${name}: ${text}`);
  }
  writeFileSync(path, good);
  return missed;
}
