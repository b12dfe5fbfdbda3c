// The record: how many lines a second `log append` takes, how long an answer takes, beside what the machine can do at all:
// hashing the same bytes, one line with one fdatasync. All in one run, on the same disk.
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { hash } from "node:crypto";
import { closeSync, fdatasyncSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Bench } from "./bench.ts";
import { median, quantile } from "./stats.ts";

const RECORDS = 100_000;
const ASKED = 3_000;
const ROUNDS = 3;

/** A record of about 1 KB, as a tool call's is. */
function claim(n: number): string {
  return `${JSON.stringify({ type: "tool.call", data: { n, tool: "Bash", input: { command: `echo ${n}` }, text: "x".repeat(700) } })}\n`;
}

/** The table of the record. */
export async function measureLog(bench: Bench): Promise<string> {
  const folder = join(bench.scratch, "log");
  mkdirSync(folder);
  const input = join(folder, "input.jsonl");
  const claims = Array.from({ length: RECORDS }, (_, n) => claim(n));
  writeFileSync(input, claims.join(""));
  const pipelined: number[] = [];
  const hashed: number[] = [];
  const batched: number[] = [];
  const alone: number[] = [];
  const asked: Record<number, number[]> = { 1: [], 32: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = seconds(() => append(bench, join(folder, `empty${round}`), "/dev/null"));
    pipelined.push(RECORDS / (seconds(() => append(bench, join(folder, `full${round}`), input)) - start));
    hashed.push(RECORDS / seconds(() => hashAll(claims)));
    batched.push(RECORDS / seconds(() => writeAll(folder, claims, 4096)));
    writeAll(folder, claims.slice(0, ASKED), 1, alone);
    for (const window of [1, 32])
      asked[window]?.push(...(await ask(bench, join(folder, `asked${round}-${window}`), window)));
  }
  rmSync(folder, { recursive: true });
  const rate = (samples: readonly number[]): string => Math.round(median(samples)).toLocaleString("en");
  const ms = (samples: readonly number[], q: number): string => quantile(samples, q).toFixed(2);
  return [
    "## The record",
    "",
    `Records of 1 KB. Rates are medians of ${ROUNDS} rounds, the program's start taken off; answers are those of ${ASKED} records a round.`,
    "",
    "| what | records a second | p50 ms | p99 ms |",
    "|---|---|---|---|",
    `| \`log append\`, ${RECORDS} lines at once: parsed, chained, hashed, synced, tiled, signed, answered | ${rate(pipelined)} | | |`,
    `| bare: the same bytes written, an fdatasync every 4,096 lines | ${rate(batched)} | | |`,
    `| bare: the same bytes through SHA-256, chained | ${rate(hashed)} | | |`,
    `| an answer, one record at a time | | ${ms(asked[1] ?? [], 0.5)} | ${ms(asked[1] ?? [], 0.99)} |`,
    `| an answer, 32 records on their way | | ${ms(asked[32] ?? [], 0.5)} | ${ms(asked[32] ?? [], 0.99)} |`,
    `| bare: one line and one fdatasync | | ${ms(alone, 0.5)} | ${ms(alone, 0.99)} |`,
    "",
  ].join("\n");
}

function seconds(act: () => void): number {
  const start = performance.now();
  act();
  return (performance.now() - start) / 1000;
}

function append(bench: Bench, dir: string, input: string): void {
  const stdin = openSync(input, "r");
  const done = spawnSync(bench.ringfence, ["log", "append", "--dir", dir], {
    env: bench.env,
    stdio: [stdin, "pipe", "pipe"],
    maxBuffer: 1 << 28,
  });
  closeSync(stdin);
  if (done.status !== 0) throw new Error(`log append: exit ${done.status}: ${done.stderr}`);
}

function hashAll(claims: readonly string[]): void {
  let before = "0".repeat(64);
  for (const text of claims) before = hash("sha256", before + text);
}

/** Writes lines with a sync every `size`; the time of each goes to `times`, in milliseconds. */
function writeAll(folder: string, claims: readonly string[], size: number, times?: number[]): void {
  const file = openSync(join(folder, "bare"), "w");
  for (let at = 0; at < claims.length; at += size) {
    const start = performance.now();
    writeSync(file, claims.slice(at, at + size).join(""));
    fdatasyncSync(file);
    times?.push(performance.now() - start);
  }
  closeSync(file);
}

/** A client that keeps `window` records on their way: the time from each record to its answer, in milliseconds. */
async function ask(bench: Bench, dir: string, window: number): Promise<readonly number[]> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(bench.ringfence, ["log", "append", "--dir", dir], {
    env: bench.env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const sent: number[] = [];
  const times: number[] = [];
  const send = (): void => {
    if (sent.length === ASKED) return;
    sent.push(performance.now());
    child.stdin.write(claim(sent.length));
  };
  // The first answer includes the start; it is asked for alone and not counted.
  send();
  for await (const bytes of child.stdout) {
    const now = performance.now();
    for (const byte of bytes as Buffer) {
      if (byte !== 0x0a) continue;
      times.push(now - (sent[times.length] ?? now));
      if (times.length === 1) for (let n = 0; n < window; n += 1) send();
      else send();
    }
    if (times.length === ASKED) child.stdin.end();
  }
  return times.slice(1);
}
