// One receipt from a log that is there: opened, made from tiles and lines, and checked before it is handed out; beside it, what
// checking alone costs whoever receives it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeReceipt, openSigned, sha256, verifyEd25519 } from "#audit";
import { checkReceipt, parseVerifierKey } from "#core/log";
import { quantile } from "./stats.ts";

const PROOFS = 300;

/** Rows of a table of milliseconds: half and ninety-nine of a hundred are faster. */
export function proofRows(dir: string): readonly string[] {
  const key = parseVerifierKey(sha256, readFileSync(join(dir, "vkey"), "utf8").trim());
  if (key === undefined) throw new Error("no key beside the log");
  const made: number[] = [];
  const checked: number[] = [];
  for (let n = 0; n < PROOFS; n += 1) {
    const begin = performance.now();
    const signed = openSigned(dir, [key]);
    if (!signed.ok) throw new Error(signed.error.message);
    // Spread over the whole log.
    const receipt = makeReceipt(signed.value, Math.floor(((n + 0.5) / PROOFS) * signed.value.size));
    if (!receipt.ok) throw new Error(receipt.error.message);
    const handed = performance.now();
    const { verdict } = checkReceipt(receipt.value, [key], { sha256, verify: verifyEd25519 });
    if (verdict.word !== "OK") throw new Error(verdict.word);
    made.push(handed - begin);
    checked.push(performance.now() - handed);
  }
  const row = (what: string, times: readonly number[]): string =>
    `| ${what} | ${quantile(times, 0.5).toFixed(1)} | ${quantile(times, 0.99).toFixed(1)} |`;
  return [
    "| one record of it | p50 ms | p99 ms |",
    "|---|---|---|",
    row("a receipt: found, proved from tiles, checked (aim: 10 ms)", made),
    row("a receipt, checked by who receives it", checked),
  ];
}
