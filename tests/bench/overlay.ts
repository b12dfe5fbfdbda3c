// The overlay on a large workspace: how much later a command runs than in a small one, how long the diff and the apply take, and the undo of it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readChanges } from "#sandbox";
import type { Bench } from "./bench.ts";
import { interleave, median } from "./stats.ts";

const FOLDERS = 500;
const FILES = 100;
const CHANGED = 100;

/** The table. */
export async function measureOverlay(bench: Bench): Promise<string> {
  const large = join(bench.scratch, "large");
  const small = join(bench.scratch, "small");
  for (const folder of [large, small]) mkdirSync(folder);
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    mkdirSync(join(large, `d${folder}`));
    for (let file = 0; file < FILES; file += 1) writeFileSync(join(large, `d${folder}`, `file${file}.ts`), `${file}\n`);
  }
  for (const folder of [large, small]) execFileSync("git", ["init", "-q", folder], { env: { ...bench.env } });
  const run = (cwd: string, script: string, args: readonly string[] = []): void => {
    const done = spawnSync(bench.ringfence, ["run", "--quiet", ...args, "--", "/bin/sh", "-c", script], {
      cwd,
      env: bench.env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (done.status !== 0) throw new Error(`run: exit ${done.status}: ${done.stderr}`);
  };
  const started = await interleave(11, { small: () => run(small, ":"), large: () => run(large, ":") });
  const [inSmall, inLarge] = [median(started["small"] ?? []), median(started["large"] ?? [])];
  run(
    large,
    `for i in $(seq ${CHANGED - 4}); do echo new >d$i/file1.ts; done; rm d1/file2.ts d2/file2.ts d3/file2.ts d4/file2.ts`,
    ["--apply", "ask"],
  );
  const sessions = join(bench.env["XDG_STATE_HOME"] ?? "", "ringfence/sessions");
  const id = readdirSync(sessions).sort().at(-1) ?? "";
  const helper = join(bench.ringfence, "../build/ringfence-helper");
  const options = { helper, upper: join(sessions, id, "upper"), lower: large, masked: [] };
  const timed = await interleave(11, {
    diff: async () => {
      const read = await readChanges(options);
      if (!read.ok || read.value.changes.length !== CHANGED) throw new Error("not the changes that were made");
    },
  });
  const act = (args: readonly string[]): number => {
    const start = performance.now();
    const done = spawnSync(bench.ringfence, args, { cwd: large, env: bench.env, stdio: ["ignore", "pipe", "pipe"] });
    if (done.status !== 0) throw new Error(`${args.join(" ")}: exit ${done.status}: ${done.stderr}`);
    return performance.now() - start;
  };
  const rows = [
    ["`run -- :` in an empty workspace", inSmall],
    [`the same on ${FOLDERS * FILES} files`, inLarge],
    [`diff of ${CHANGED} changes`, median(timed["diff"] ?? [])],
    [`\`apply --all\` of them, the program's start included`, act(["apply", "--all"])],
    ["`sessions undo` of them, likewise", act(["sessions", "undo"])],
  ] as const;
  return [
    `## Overlay on ${FOLDERS * FILES} files`,
    "",
    "| what | median ms |",
    "|---|---|",
    ...rows.map(([what, ms]) => `| ${what} | ${ms.toFixed(1)} |`),
    "",
    `Aims: ready in at most 50 ms more than in an empty workspace (here ${(inLarge - inSmall).toFixed(1)} ms more, all of it the search for secret files); the diff in at most 30 ms. Apply and undo once each.`,
    "",
  ].join("\n");
}
