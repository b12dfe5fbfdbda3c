// Asks a server what it says of itself: it is started in a fence of its own, as `mcp run` starts it, or reached as `mcp proxy` reaches it, asked, and ended.
import { isatty } from "node:tty";
import { err, type Problem, type Result } from "#core";
import type { ServerDescription } from "#core/mcp";
import { inquire } from "#mcp";
import { declaredIn, describeUpstream, runSession } from "#monitor";
import { callerAccount } from "../caller.ts";
import { callerEnvironment } from "../environment.ts";
import { complain } from "../exit.ts";
import { findInstallation } from "../installation.ts";
import { serverNetworkLayer } from "../run-options.ts";
import { ended } from "./run.ts";
import { givenOf, type UpstreamOptions } from "./upstream-options.ts";

/** Where everything is. */
export interface PinPlaces {
  readonly workspace: string;
  readonly home: string;
  readonly stateDir: string;
  readonly lockFile: string;
}

/** One server's command. */
export interface LiveServer {
  readonly server: string;
  readonly argv: readonly string[];
  /** Variables that it needs; undefined for one that is not set. */
  readonly declared: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly places: PinPlaces;
}

/** Starts it, asks, and waits until nothing of it is left. */
export async function describeLive({
  server,
  argv,
  declared,
  cwd,
  places,
}: LiveServer): Promise<Result<ServerDescription, Problem>> {
  const { username, homedir, uid, gid } = callerAccount();
  const stop = new AbortController();
  let said: Promise<Result<ServerDescription, Problem>> | undefined;
  const names = Object.keys(declared);
  const env = Object.fromEntries(
    Object.entries({ ...callerEnvironment(process.env), ...declared }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  const answer = await runSession({
    argv,
    cwd,
    caller: { uid, gid, userName: username, home: homedir, env },
    stateDir: places.stateDir,
    installation: findInstallation(),
    commandLine: names.length === 0 ? {} : { mcp: { servers: { [server]: { env: { pass: names } } } } },
    stdio: { stdin: 0, stdout: 1, stderr: 2 },
    terminals: { stdin: isatty(0), stdout: isatty(1), stderr: isatty(2) },
    quiet: true,
    progress: (line) => complain(`ringfence: ${line}\n`),
    keeper: { started: () => undefined, stop: stop.signal },
    gateway: {
      server,
      client: "ringfence",
      declared: declaredIn(names, env),
      serve: ({ streams }) => {
        streams.stderr.resume();
        said = inquire(streams).finally(() => stop.abort());
      },
    },
    dryRun: false,
  });
  if (answer.kind === "refused") return err(answer.problems[0] ?? UNSTARTED);
  const answered = (await said) ?? err(UNSTARTED);
  return answered.ok ? answered : err({ hint: UNSTARTED.hint, ...answered.error });
}

/** One server's address, and what it is given. */
export interface LiveUpstream extends UpstreamOptions {
  readonly server: string;
  readonly address: string;
  readonly places: Pick<PinPlaces, "stateDir">;
}

/** Reaches it by a session of its own, with its own credential, asks, and ends the session. */
export async function describeLiveUpstream(live: LiveUpstream): Promise<Result<ServerDescription, Problem>> {
  const { server, address, places } = live;
  const { username, homedir, uid, gid } = callerAccount();
  const env = callerEnvironment(process.env);
  const said = await describeUpstream({
    ...{ server, client: "ringfence", address, cwd: process.cwd(), stop: ended(), stateDir: places.stateDir },
    ...{ caller: { uid, gid, userName: username, home: homedir, env }, installation: findInstallation() },
    given: givenOf(live, env),
    commandLine: serverNetworkLayer(server, live.allowDomain ?? []),
    progress: (line) => complain(`ringfence: ${line}\n`),
  });
  return said.ok ? said : err(said.error.problems[0] ?? UNSTARTED);
}

const UNSTARTED = {
  code: "mcp-unstarted",
  message: "the server could not be started",
  hint: "`--env NAME` hands it a variable that it needs; its command behind `ringfence run --` says why it ends",
} satisfies Problem;
