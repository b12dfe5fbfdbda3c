// One fence in a process of its own, for tests that kill or type at its supervisor: `fence-main FOLDER TTY COMMAND...`.
import { launch } from "#sandbox";
import { planFor, stage } from "./fence.ts";
import { helperPath } from "./installation.ts";

const [folder = "", tty = "0", ...argv] = process.argv.slice(2);
const on = tty === "1";
const plan = planFor(stage(folder), argv, { streams: { stdinTty: on, stdoutTty: on, stderrTty: on } });
const env = { ...plan.env, TERM: "xterm-256color" };
const fence = await launch(
  { ...plan, env },
  {
    helper: process.env["FENCE_HELPER"] ?? helperPath,
    bwrap: "/usr/bin/bwrap",
    stdio: { stdin: 0, stdout: 1, stderr: 2 },
    cgroups: [],
  },
);
if (!fence.ok) throw new Error(fence.error.message);
process.on("SIGWINCH", () => fence.value.resized());
process.exit((await fence.value.exited).code);
