// Asks a server what it says of itself: it is started in a fence of its own, as `mcp run` starts it, asked, and ended.
import { isatty } from "node:tty";
import { err, type Problem, type Result } from "#core";
import type { ServerDescription } from "#core/mcp";
import { inquire } from "#mcp";
import { declaredIn, runSession } from "#monitor";
import { callerAccount } from "./caller.ts";
import { callerEnvironment } from "./environment.ts";
import { complain } from "./exit.ts";
import { findInstallation } from "./installation.ts";
import type { PinPlaces } from "./mcp-pins.ts";

/** One server's command. */
export interface LiveServer {
  readonly server: string;
  readonly argv: readonly string[];
  /** Names of variables that it needs; their values come from here. */
  readonly declared: readonly string[];
  readonly places: PinPlaces;
}

/** Starts it, asks, and waits until nothing of it is left. */
export async function describeLive({
  server,
  argv,
  declared,
  places,
}: LiveServer): Promise<Result<ServerDescription, Problem>> {
  const { username, homedir, uid, gid } = callerAccount();
  const stop = new AbortController();
  let said: Promise<Result<ServerDescription, Problem>> | undefined;
  const cwd = process.cwd();
  const answer = await runSession({
    argv,
    cwd,
    caller: { uid, gid, userName: username, home: homedir, env: callerEnvironment(process.env) },
    stateDir: places.stateDir,
    installation: findInstallation(),
    commandLine: declared.length === 0 ? {} : { mcp: { servers: { [server]: { env: { pass: [...declared] } } } } },
    stdio: { stdin: 0, stdout: 1, stderr: 2 },
    terminals: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
    quiet: true,
    progress: (line) => complain(`ringfence: ${line}\n`),
    keeper: { started: () => undefined, stop: stop.signal },
    gateway: {
      server,
      client: "ringfence",
      declared: declaredIn(declared, process.env),
      serve: ({ streams }) => {
        streams.stderr.resume();
        said = inquire(streams).finally(() => stop.abort());
      },
    },
    dryRun: false,
  });
  if (answer.kind === "refused") return err(answer.problems[0] ?? UNSTARTED);
  return (await said) ?? err(UNSTARTED);
}

const UNSTARTED: Problem = {
  code: "mcp-unstarted",
  message: "the server could not be started",
  hint: "run its command with `ringfence run --` to see why",
};
