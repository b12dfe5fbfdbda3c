// `ringfence demo`: a small agent obeys a poisoned README, outside the fence against decoys and then inside it, and one screen shows both.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Command, Option } from "commander";
import { type DemoReport, type Ended, runDemo } from "#monitor";
import { demoFailures, demoScreen } from "./demo-screen.ts";
import { callerEnvironment } from "./environment.ts";
import { EXIT, fail } from "./exit.ts";
import { findInstallation } from "./installation.ts";
import { jsonLine } from "./print-json.ts";

/** The command. Exits 0 only if every honest act worked, every theft was stopped, and the log holds. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("watch a small agent obey a poisoned README, outside the fence and inside it (no account, no model)")
    .addOption(new Option("--json", "print the findings as one JSON document"))
    .action(demo);
}

async function demo(options: { readonly json?: true }): Promise<void> {
  const installation = findInstallation();
  const say = (line: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`ringfence: demo: ${line} …\n`);
  };
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupt.abort());
  const report = await runDemo({
    example: join(installation.root, "examples/agent"),
    parent: plainFolder(tmpdir()),
    node: process.execPath,
    env: callerEnvironment(process.env),
    ringfence: (args, cwd) => ringfence(args, cwd, interrupt.signal),
    signal: interrupt.signal,
    say,
  });
  if (!report.ok) fail(report.error, interrupt.signal.aborted ? 128 + 2 : EXIT.cannotStart);
  const color = process.stdout.isTTY === true && process.env["NO_COLOR"] === undefined;
  process.stdout.write(options.json ? jsonLine(asJson(report.value)) : demoScreen(report.value, { color }));
  if (demoFailures(report.value).length > 0) process.exitCode = 1;
}

/** Runs this program again, as a person would type it, without a terminal. */
async function ringfence(args: readonly string[], cwd: string, signal: AbortSignal): Promise<Ended> {
  const [, program = ""] = process.argv;
  const child = spawn(process.execPath, [program, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  // The session ends whole on a signal; killing it any harder would only lose its record's last line.
  signal.addEventListener("abort", () => child.kill("SIGTERM"));
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code ?? 1, stdout, stderr };
}

/** The demo's commands stand between double quotes: a temporary folder with a `$` or a quote in its name is not for them. */
function plainFolder(folder: string): string {
  return /^[\w./ -]+$/.test(folder) ? folder : "/tmp";
}

function asJson(report: DemoReport): unknown {
  const findings = report.findings.map(({ act, ...rest }) => ({
    act: act.name,
    honest: act.honest,
    title: act.title,
    ...rest,
  }));
  return { ...report, findings, failures: demoFailures(report) };
}
