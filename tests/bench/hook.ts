// How long an agent waits for a hook: the whole process, from its start to its end, against a running host whose every answer is on record first.
import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bench } from "./main.ts";
import { interleave, median, quantile } from "./stats.ts";

const ROUNDS = 200;

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
  const run = (program: string, args: readonly string[]): void => {
    const done = spawnSync(program, args, { cwd: workspace, env: bench.env, input });
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
    const spent = await interleave(ROUNDS, cases);
    const bare = median(spent["`node -e 0`"] ?? []);
    const rows = Object.entries(spent).map(([name, ms]) => {
      const middle = median(ms);
      return `| ${name} | ${middle.toFixed(2)} | ${quantile(ms, 0.95).toFixed(2)} | ${Math.min(...ms).toFixed(2)} | ${(middle / bare).toFixed(2)} |`;
    });
    return [
      "## A hook, whole process",
      "",
      "| program | median ms | p95 ms | fastest ms | beside `node -e 0` |",
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
function syncCost(folder: string): number {
  const file = openSync(join(folder, "sync"), "a");
  const line = Buffer.alloc(500, 0x20);
  const spent: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    writeSync(file, line);
    fdatasyncSync(file);
    spent.push(performance.now() - began);
  }
  closeSync(file);
  return median(spent);
}
