// `npm run bench`: starts, the proxy and decisions, beside nothing, bare bubblewrap and peers from npm, in one run.
// Writes bench/RESULTS.md; with names of tables behind it (`npm run bench -- check`) it only prints those. Nothing here is a test: figures are for people, and on a shared machine only ratios carry over.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, release, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import { measureCheck } from "./check.ts";
import { measureExec } from "./exec.ts";
import { measureHook } from "./hook.ts";
import { measureInspect } from "./inspect.ts";
import { measureLeaks } from "./leaks.ts";
import { measureLog } from "./log.ts";
import { measureVerify } from "./log-verify.ts";
import { measureMcp } from "./mcp.ts";
import { measureOverlay } from "./overlay.ts";
import { measureProxy } from "./proxy.ts";
import { measureRecorder } from "./recorder.ts";
import { measureStart } from "./start.ts";

const LOAD_BEFORE = load();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), "ringfence-bench-"));
try {
  const home = join(scratch, "home");
  mkdirSync(home);
  const bench: Bench = {
    ringfence: join(root, "ringfence"),
    srt: installPeer(join(scratch, "peer")),
    scratch: mkdtempSync(join(scratch, "work-")),
    env: {
      PATH: [...new Set([dirname(process.execPath), "/usr/local/bin", "/usr/bin", "/bin"])].join(":"),
      HOME: home,
      XDG_STATE_HOME: join(scratch, "state"),
    },
    client: join(root, "tests/bench/client.mjs"),
  };
  const measures = {
    start: measureStart,
    proxy: measureProxy,
    inspect: measureInspect,
    leaks: measureLeaks,
    check: measureCheck,
    hook: measureHook,
    mcp: measureMcp,
    exec: measureExec,
    overlay: measureOverlay,
    recorder: measureRecorder,
    log: measureLog,
    verify: measureVerify,
  };
  const asked = process.argv.slice(2);
  const tables: string[] = [];
  for (const [name, measure] of Object.entries(measures))
    if (asked.length === 0 || asked.includes(name)) tables.push(await measure(bench));
  const report = `${head()}\n${tables.join("\n")}`;
  if (asked.length === 0) writeFileSync(join(root, "bench/RESULTS.md"), report);
  process.stdout.write(report);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The peer is installed for the measurement only; without a registry the column says so. */
function installPeer(folder: string): string | undefined {
  try {
    execFileSync(
      "npm",
      ["install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "@anthropic-ai/sandbox-runtime@0.0.83"],
      {
        stdio: "ignore",
        timeout: 120_000,
      },
    );
    execFileSync("sh", ["-c", "command -v socat && command -v rg && command -v bwrap"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const program = join(folder, "node_modules/@anthropic-ai/sandbox-runtime/dist/cli.js");
  return existsSync(program) ? program : undefined;
}

function load(): string {
  return loadavg()
    .map((value) => value.toFixed(1))
    .join(" ");
}

function head(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  return [
    "# Benchmarks",
    "",
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${model}, Linux ${release()}, Node ${process.version}.`,
    `Load averages at the start ${LOAD_BEFORE}, at the end ${load()}.`,
    "Cases of one table were interleaved in one run. The machine is shared: trust medians and ratios, not milliseconds.",
    "Made by `npm run bench`; the aims are those of the design.",
    "",
  ].join("\n");
}
