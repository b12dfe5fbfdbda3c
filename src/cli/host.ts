// `ringfence host`: the process that hooks of agents outside a fence speak to. A hook starts it and it ends itself, so a person needs this
// command only to look, to stop it, or to see why it does not start.
import { Command } from "commander";
import { forTerminal } from "#core/text";
import { dialectOf } from "#hooks";
import { openHookHost, openUncontained, readHostStatus, tidyUp } from "#monitor";
import { callerAccount, callerStateDir } from "./caller.ts";
import { callerEnvironment } from "./environment.ts";
import { complain, EXIT, fail } from "./exit.ts";
import { findInstallation } from "./installation.ts";
import { printJson } from "./print-json.ts";
import { startHost } from "./start-host.ts";

const IDLE_MS = 10 * 60_000;
const START_MS = 20_000;
const AGAIN_MS = 50;

interface Options {
  readonly foreground?: true;
  readonly status?: true;
  readonly stop?: true;
  readonly json?: true;
}

/** The command. */
export function hostCommand(): Command {
  return new Command("host")
    .description("serve the hooks of agents that were not started by run (a hook starts it)")
    .option("--foreground", "serve here, until it is ended or nobody has called for ten minutes")
    .option("--status", "say whether one runs; exit code 0 when it does, 1 when not")
    .option("--stop", "end the one that runs; its sessions' records are closed")
    .option("--json", "with --status: one JSON document")
    .action(host);
}

async function host(options: Options): Promise<void> {
  const stateDir = callerStateDir(process.env);
  if (options.status === true) return status(stateDir, options.json === true);
  if (options.stop === true) return stop(stateDir);
  if (options.foreground === true) return serve(stateDir);
  if (readHostStatus(stateDir) === undefined) startHost(findInstallation().root, stateDir);
  for (const began = performance.now(); performance.now() - began < START_MS; await pause()) {
    const running = readHostStatus(stateDir);
    if (running !== undefined) return complain(`ringfence: the hook host runs (process ${running.pid})\n`);
  }
  fail(
    { code: "host-start", message: "the hook host did not start", hint: "ringfence host --foreground" },
    EXIT.cannotStart,
  );
}

async function serve(stateDir: string): Promise<void> {
  // What agents' commands make in the fences of this host must not depend on who started it; our own files say their modes.
  process.umask(0o022);
  const installation = findInstallation();
  const { username, homedir, uid, gid } = callerAccount();
  const caller = { uid, gid, userName: username, home: homedir, env: callerEnvironment(process.env) };
  await tidyUp({ stateDir, helper: installation.helper });
  const opened = await openHookHost({
    stateDir,
    version: installation.version,
    helper: installation.helper,
    dialectOf,
    openSession: (event, call) => openUncontained(event, call, { stateDir, caller, installation }),
    idleMs: IDLE_MS,
  });
  if (!opened.ok) return fail(opened.error, EXIT.cannotStart);
  const host = opened.value;
  complain(`ringfence: serving hooks at \`${forTerminal(host.socketPath)}\`\n`);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void host.close());
  await host.ended;
}

function status(stateDir: string, json: boolean): void {
  const running = readHostStatus(stateDir);
  process.exitCode = running === undefined ? 1 : EXIT.ok;
  if (json) printJson({ running: running !== undefined, ...running });
  else if (running === undefined) process.stdout.write("no hook host runs; the next hook starts one\n");
  else process.stdout.write(`process ${running.pid}, since ${running.startedAt}, version ${running.version}\n`);
}

async function stop(stateDir: string): Promise<void> {
  const running = readHostStatus(stateDir);
  if (running === undefined) return complain("ringfence: no hook host runs\n");
  process.kill(running.pid, "SIGTERM");
  for (const began = performance.now(); performance.now() - began < START_MS; await pause())
    if (readHostStatus(stateDir)?.pid !== running.pid)
      return complain(`ringfence: the hook host (process ${running.pid}) has ended\n`);
  const message = `the hook host (process ${running.pid}) does not end`;
  fail({ code: "host-stop", message, hint: `kill -9 ${running.pid}` }, EXIT.cannotStart);
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, AGAIN_MS));
}
