// How long an agent waits for a hook: the whole process, from its start to its end, against a running host whose every answer is on record first.
import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bench } from "./bench.ts";
import { interleave, median, quantile } from "./stats.ts";

const ROUNDS = 20;
/** Processes a round. They are started by a shell: a large program such as this one takes milliseconds to start anything, and no agent's hook waits for that. */
const EACH = 20;
const LOOP = `i=0; while [ $i -lt ${EACH} ]; do "$@" < event.json > out || exit 1; i=$((i + 1)); done`;

/** The table of hooks. */
export async function measureHook(bench: Bench): Promise<string> {
  const root = dirname(bench.ringfence);
  const workspace = join(bench.scratch, "hooked");
  mkdirSync(workspace);
  const input = JSON.stringify({
    session_id: "bench",
    transcript_path: "/dev/null",
    cwd: workspace,
    hook_event_name: "PreToolUse",
    permission_mode: "default",
    tool_name: "Bash",
    tool_input: { command: "git status && ls -la src | head -20" },
    tool_use_id: "t",
  });
  writeFileSync(join(workspace, "event.json"), input);
  const run = (program: string, args: readonly string[]): void => {
    const done = spawnSync("/bin/sh", ["-c", LOOP, "sh", program, ...args], { cwd: workspace, env: bench.env });
    if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${done.status}: ${done.stderr}`);
  };
  const helper = join(root, "build/ringfence-helper");
  try {
    const cases = {
      "`true` (what a process costs here)": () => run("/bin/true", []),
      "ringfence, native client": () => run(helper, ["hook", "claude-code"]),
      "`node -e 0`": () => run(process.execPath, ["-e", "0"]),
      "ringfence, without the native client": () =>
        run(process.execPath, [join(root, "scripts/start.cjs"), "hook", "claude-code"]),
    };
    const rounds = await interleave(ROUNDS, cases);
    const spent = Object.fromEntries(Object.entries(rounds).map(([name, all]) => [name, all.map((ms) => ms / EACH)]));
    const bare = median(spent["`node -e 0`"] ?? []);
    const rows = Object.entries(spent).map(([name, ms]) => {
      const middle = median(ms);
      return `| ${name} | ${middle.toFixed(2)} | ${quantile(ms, 0.95).toFixed(2)} | ${Math.min(...ms).toFixed(2)} | ${(middle / bare).toFixed(2)} |`;
    });
    return [
      "## A hook, whole process",
      "",
      "| program (mean of 20 a round) | median ms | p95 ms | fastest ms | beside `node -e 0` |",
      "|---|---|---|---|---|",
      ...rows,
      "",
      `One record of 500 bytes to this disk, durable: ${syncCost(bench.scratch).toFixed(2)} ms median. A hook answers after one such record.`,
      "Aim: ≤ 2 ms median with the native client, ≤ 70 ms without it.",
      "",
    ].join("\n");
  } finally {
    spawnSync(bench.ringfence, ["host", "--stop"], { env: bench.env });
  }
}

/** What the disk alone takes for one durable line. */
export function syncCost(folder: string): number {
  const file = openSync(join(folder, "sync"), "a");
  const line = Buffer.alloc(500, 0x20);
  const spent: number[] = [];
  for (let round = 0; round < ROUNDS * EACH; round += 1) {
    const began = performance.now();
    writeSync(file, line);
    fdatasyncSync(file);
    spent.push(performance.now() - began);
  }
  closeSync(file);
  return median(spent);
}
