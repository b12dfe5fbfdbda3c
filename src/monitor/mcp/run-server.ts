// `mcp run`: a stdio server in the fence of a session of its own, with the gateway between it and its client. One process is one connection's server; a
// client that probes starts two, and each has its own.
import { closeSync, openSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { commandTarget } from "#core/mcp";
import { relayStdio, sealText, watchLocks } from "#mcp";
import type { RunAnswer, RunRequest } from "../request.ts";
import { endServer } from "./ending.ts";
import { gatekeeperOf } from "./gatekeeper-of.ts";
import type { McpPeers, McpSession } from "./mcp-session.ts";
import { declaredIn, type RunningServer } from "./running-server.ts";
import { passErrors, type TakeLine } from "./server-errors.ts";

/** What waits for no person is judged and on record sooner than this. */
const LAST_WORDS_MS = 5_000;

/** The client's side of the connection. */
export interface ClientEnds {
  readonly input: Readable;
  readonly output: Writable;
  /** Lines of the server's standard error. */
  readonly errors: TakeLine;
}

/** What is run, for whom. */
export type ServerRequest = McpPeers &
  Pick<RunRequest, "argv" | "cwd" | "caller" | "stateDir" | "installation" | "policyFile" | "progress"> & {
    /** Names of the variables that the client's entry declares for its server. */
    readonly declared: readonly string[];
    /** What the options of a command line say beside; nothing where absent. */
    readonly commandLine?: object;
    /** By whose record, legs and policy its calls go: its own session's where absent. Rejects when that cannot be put on record. */
    readonly judgedAs?: (own: McpSession) => Promise<McpSession>;
    readonly ends: ClientEnds;
    /** Aborted when the session is to end now. */
    readonly stop: AbortSignal;
  };

/** How a session is run (`runSession`); handed in, because a session may itself run another for a server. */
export type RunSession = (request: RunRequest) => Promise<RunAnswer>;

/** Runs it until the server or its client has ended. `refused`: the server was never started, and its client reads nothing. */
export async function runServer(request: ServerRequest, run: RunSession): Promise<RunAnswer> {
  const { server, client, declared, ends, argv, caller } = request;
  const kill = new AbortController();
  const over: Promise<unknown>[] = [];
  const end = (): void => kill.abort();
  const serve = (running: RunningServer): void => {
    const judged = request.judgedAs?.(running.session) ?? Promise.resolve(running.session);
    const values = Object.fromEntries(declared.map((name) => [name, caller.env[name]]));
    over.push(judged.then((session) => serveClient({ ...request, values }, { ...running, session }, end)).catch(end));
  };
  const nothing = openSync("/dev/null", "r+");
  try {
    const answer = await run({
      ...{ argv, caller, cwd: request.cwd, stateDir: request.stateDir, installation: request.installation },
      ...(request.policyFile === undefined ? {} : { policyFile: request.policyFile }),
      commandLine:
        request.commandLine ??
        (declared.length === 0 ? {} : { mcp: { servers: { [server]: { env: { pass: [...declared] } } } } }),
      stdio: { stdin: nothing, stdout: nothing, stderr: nothing },
      terminals: { stdin: false, stdout: false, stderr: false },
      progress: request.progress,
      keeper: { started: () => undefined, stop: kill.signal },
      gateway: {
        ...{ server, ...(client === undefined ? {} : { client }), serve },
        declared: declaredIn(declared, caller.env),
      },
      dryRun: false,
    });
    await Promise.all(over);
    return answer;
  } finally {
    closeSync(nothing);
    ends.input.destroy();
  }
}

/** A server's command, as it was started, and its client. */
type Served = Pick<ServerRequest, "argv" | "cwd" | "ends" | "stop"> & {
  /** The variables that its entry declares; undefined for one that is not set. */
  readonly values: Readonly<Record<string, string | undefined>>;
};

/** The gateway between the two, until both have ended. */
export async function serveClient(
  { argv, cwd, values, ends, stop }: Served,
  running: RunningServer,
  kill: () => void,
): Promise<void> {
  const { session, streams } = running;
  const { root, home } = session;
  const target = commandTarget(argv, { workspace: root, home, cwd }, { declared: values, seal: sealText });
  const gatekeeper = gatekeeperOf(session, target);
  const relay = relayStdio(
    { fromClient: ends.input, toClient: ends.output, fromServer: streams.stdout, toServer: streams.stdin },
    gatekeeper,
  );
  passErrors(streams.stderr, ends.errors);
  const unprepare = gatekeeper.prepare();
  const unwatch = watchLocks(gatekeeper.locks, () => void relay.reverify());
  await endServer(running, { quiet: relay.ended, stop, kill });
  unwatch();
  unprepare();
  // What the server said last is still being judged and put on record.
  const heard = new AbortController();
  const late = sleep(LAST_WORDS_MS, undefined, { signal: heard.signal }).catch(() => undefined);
  await Promise.race([relay.done, late]);
  heard.abort();
  await relay.close();
}
