// Checking the record: a log of a million records of 1 KB, beside the same bytes through one plain SHA-256, in the same run.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { proofRows } from "./log-proof.ts";
import { median } from "./stats.ts";

const RECORDS = 1_000_000;
const ROUNDS = 3;

/** The table of checking. */
export async function measureVerify(bench: Bench): Promise<string> {
  const dir = join(bench.scratch, "verify");
  makeLog(bench, dir);
  const folder = join(dir, "log");
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const hashed: number[] = [];
  const checked: number[] = [];
  let peak = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    hashed.push(hashFiles(folder));
    const run = await verify(bench, dir);
    checked.push(run.seconds);
    peak = Math.max(peak, run.peak);
  }
  const proofs = proofRows(dir);
  rmSync(dir, { recursive: true });
  const row = (seconds: readonly number[]): string =>
    `${median(seconds).toFixed(2)} | ${Math.round(bytes / 1e6 / median(seconds))}`;
  return [
    "## Checking the record",
    "",
    `${RECORDS.toLocaleString("en")} records, ${Math.round(bytes / 1e6)} MB; medians of ${ROUNDS} rounds, the program's start included. Aim: 6 s and 300 MB on two free cores.`,
    "",
    "| what | seconds | MB a second | most memory, MB |",
    "|---|---|---|---|",
    `| \`log verify\`: read strictly, chained, hashed into the tree, signatures, tiles | ${row(checked)} | ${Math.round(peak / 1e6)} |`,
    `| bare: the same files through one SHA-256 | ${row(hashed)} | |`,
    "",
    ...proofs,
    "",
  ].join("\n");
}

function makeLog(bench: Bench, dir: string): void {
  const input = join(bench.scratch, "claims.jsonl");
  const fd = openSync(input, "w");
  for (let n = 0; n < RECORDS; n += 1000) {
    const claims = Array.from({ length: 1000 }, (_, i) => claim(n + i));
    writeSync(fd, claims.join(""));
  }
  closeSync(fd);
  const stdin = openSync(input, "r");
  const made = spawnSync(bench.ringfence, ["log", "append", "--dir", dir], {
    env: bench.env,
    stdio: [stdin, "ignore", "pipe"],
  });
  closeSync(stdin);
  rmSync(input);
  if (made.status !== 0) throw new Error(`log append: exit ${made.status}: ${made.stderr}`);
}

function claim(n: number): string {
  const data = { n, tool: "Bash", input: { command: `echo ${n}` }, text: "x".repeat(700) };
  return `${JSON.stringify({ type: "tool.call", data })}\n`;
}

function hashFiles(folder: string): number {
  const start = performance.now();
  const sum = createHash("sha256");
  const piece = Buffer.allocUnsafe(4_194_304);
  for (const name of readdirSync(folder).sort()) {
    const fd = openSync(join(folder, name), "r");
    for (let count = readSync(fd, piece); count > 0; count = readSync(fd, piece)) sum.update(piece.subarray(0, count));
    closeSync(fd);
  }
  sum.digest();
  return (performance.now() - start) / 1000;
}

async function verify(bench: Bench, dir: string): Promise<{ seconds: number; peak: number }> {
  const start = performance.now();
  const child = spawn(bench.ringfence, ["log", "verify", dir], { env: bench.env, stdio: "ignore" });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, 50);
  const status = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  clearInterval(watch);
  if (status !== 0) throw new Error(`log verify: exit ${status}`);
  return { seconds: (performance.now() - start) / 1000, peak };
}

/** Most memory that a process has held so far. */
function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
