// How long until a command has run: outside, in bare bubblewrap, in sandbox-runtime, in the fence; and what a further command costs.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { interleave, median, quantile } from "./stats.ts";

const BARE = "--unshare-all --die-with-parent --new-session --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp".split(
  " ",
);
const FURTHER = 200;

/** The table of starts. */
export async function measureStart(bench: Bench): Promise<string> {
  const settings = join(bench.scratch, "srt.json");
  writeFileSync(
    settings,
    JSON.stringify({
      network: { allowedDomains: [], deniedDomains: [] },
      filesystem: { denyRead: [], allowWrite: ["."], denyWrite: [] },
    }),
  );
  const run = (program: string, args: readonly string[]): void => {
    const done = spawnSync(program, args, { cwd: bench.scratch, env: bench.env, stdio: ["ignore", "pipe", "pipe"] });
    if (done.status !== 0) throw new Error(`${program} ${args.join(" ")}: exit ${done.status}: ${done.stderr}`);
  };
  const { srt } = bench;
  const started = await interleave(15, {
    nothing: () => run("/bin/true", []),
    node: () => run(process.execPath, ["-e", "0"]),
    bubblewrap: () => run("/usr/bin/bwrap", [...BARE, "/bin/true"]),
    ...(srt === undefined
      ? {}
      : { "sandbox-runtime": () => run(process.execPath, [srt, "--settings", settings, "--", "true"]) }),
    ringfence: () => run(bench.ringfence, ["run", "--quiet", "--", "true"]),
  });
  const bare = median(started["bubblewrap"] ?? []);
  const rows = Object.entries(started).map(([name, ms]) => {
    const middle = median(ms);
    return `| ${name} | ${middle.toFixed(1)} | ${quantile(ms, 0.95).toFixed(1)} | ${Math.min(...ms).toFixed(1)} | ${signed(middle - bare)} | ${(middle / bare).toFixed(1)} |`;
  });
  return [
    "## Start of a command (`true`)",
    "",
    "| runner | median ms | p95 ms | fastest ms | over bare bubblewrap, ms | ratio |",
    "|---|---|---|---|---|---|",
    ...rows,
    ...(srt === undefined
      ? ["| sandbox-runtime | not measured: it, socat or ripgrep could not be installed | | | | |"]
      : []),
    "",
    `Aim: \`run -- true\` ≤ 100 ms over bare bubblewrap. ${await further(bench)}`,
    "",
  ].join("\n");
}

function signed(ms: number): string {
  return `${ms < 0 ? "" : "+"}${ms.toFixed(1)}`;
}

/** A shell that starts many programs, outside and inside one session: the difference per program. */
async function further(bench: Bench): Promise<string> {
  const loop = `s=$(date +%s%N); i=0; while [ $i -lt ${FURTHER} ]; do /bin/true; i=$((i+1)); done; e=$(date +%s%N); echo $(( (e-s)/${FURTHER} ))`;
  const outside: number[] = [];
  const inside: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    outside.push(nanoseconds("/bin/sh", ["-c", loop]));
    inside.push(nanoseconds(bench.ringfence, ["run", "--quiet", "--", "/bin/sh", "-c", loop]));
  }
  const [out, inn] = [median(outside), median(inside)];
  return `A further command of a session: ${(inn / 1e6).toFixed(2)} ms against ${(out / 1e6).toFixed(2)} ms outside (${(inn / out).toFixed(2)}×, +${((inn - out) / 1e6).toFixed(2)} ms; aim +1 ms).`;

  function nanoseconds(program: string, args: readonly string[]): number {
    return Number(spawnSync(program, args, { cwd: bench.scratch, env: bench.env, encoding: "utf8" }).stdout);
  }
}
