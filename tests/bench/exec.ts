// What a further command costs: `ringfence exec` as a whole process beside a bare Node, and by the record, from its start to its end.
import { spawn, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "./bench.ts";
import { measureFurther } from "./further.ts";
import { interleave, median, quantile } from "./stats.ts";

const ROUNDS = 25;

/** The table of further commands. */
export async function measureExec(bench: Bench): Promise<string> {
  const { ringfence, scratch: cwd, env } = bench;
  const session = spawn(ringfence, ["run", "--quiet", "--", "sleep", "300"], { cwd, env, stdio: "ignore" });
  const ended = new Promise((done) => session.once("close", done));
  const call = (program: string, args: readonly string[]): string => {
    const done = spawnSync(program, args, { cwd, env, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${done.status}: ${done.stderr}`);
    return done.stdout;
  };
  try {
    while (!call(ringfence, ["sessions", "--json"]).includes('"running"')) await sleep(50);
    const taken = await interleave(ROUNDS, {
      nothing: () => void call("/bin/true", []),
      node: () => void call(process.execPath, ["-e", "0"]),
      "ringfence exec": () => void call(ringfence, ["exec", "last", "--", "/bin/true"]),
    });
    const rows = Object.entries(taken).map(
      ([name, ms]) =>
        `| ${name} | ${median(ms).toFixed(1)} | ${quantile(ms, 0.95).toFixed(1)} | ${Math.min(...ms).toFixed(1)} |`,
    );
    const inside = spans(call(ringfence, ["log", "show", "--type", "exec.*", "--json"]));
    return [
      "## One more command in a session (`ringfence exec SESSION -- true`)",
      "",
      "| what | median ms | p95 ms | fastest ms |",
      "|---|---|---|---|",
      ...rows,
      "",
      `Node's own start dominates. From the recorded start to the recorded end, without it: ${median(inside).toFixed(2)} ms, fastest ${Math.min(...inside).toFixed(2)} ms, which holds the caller's way to the fence and two writes to the disk.`,
      "",
      ...(await measureFurther(bench)),
      "",
    ].join("\n");
  } finally {
    spawnSync(ringfence, ["sessions", "stop", "last"], { cwd, env });
    await ended;
  }
}

/** Milliseconds between the two records of each further command. */
function spans(json: string): readonly number[] {
  const { records } = JSON.parse(json) as {
    readonly records: readonly {
      readonly type: string;
      readonly mono: number;
      readonly data: { readonly further?: string };
    }[];
  };
  const starts = new Map(
    records.flatMap(({ type, mono, data }) => (type === "exec.start" ? [[data.further, mono] as const] : [])),
  );
  return records.flatMap(({ type, mono, data }) => {
    const start = data.further === undefined ? undefined : starts.get(data.further);
    return type === "exec.exit" && start !== undefined ? [(mono - start) / 1e6] : [];
  });
}
