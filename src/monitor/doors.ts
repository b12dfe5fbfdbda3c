// The ways in and out of one session, opened together before it runs and closed together after it: the proxy, published ports,
// the agent's hooks with the questions that come of them, and further commands. Each waits for the disk or the kernel.
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { PromptTally } from "#core/session";
import { credentialFilter } from "#credentials";
import { type Egress, modelWatch, openEgress, readOutsideProxy } from "#egress";
import { type Fence, type FenceEvent, publishPorts } from "#sandbox";
import { channelsOfRun } from "./approvals/question-channels.ts";
import { openQuestions, type Questions } from "./approvals/questions.ts";
import { openExecServer } from "./exec/exec-server.ts";
import { openFenceHooks } from "./guard/fence-hooks.ts";
import type { Guard } from "./guard/guarded-session.ts";
import type { LegBook } from "./guard/leg-book.ts";
import { legGate } from "./guard/leg-gate.ts";
import { leakOptions } from "./leaks/run-secrets.ts";
import { NOT_YET, type SessionLifecycle } from "./lifecycle/session-lifecycle.ts";
import { openGatewayQuestions } from "./mcp/gateway-questions.ts";
import { openInsideServers } from "./mcp/inside-server.ts";
import { programDigests } from "./network/program-digest.ts";
import type { RecentDials } from "./network/recent-dials.ts";
import { sessionNetwork } from "./network/session-network.ts";
import { closeCredentials } from "./prepare/credentials.ts";
import { inspectorOption } from "./prepare/inspection.ts";
import type { Prepared } from "./prepare/prepare.ts";
import { serveSshLogins } from "./prepare/ssh-logins.ts";
import type { RunAnswer, RunRequest } from "./request.ts";
import { telemetryReceiver } from "./telemetry/receiver.ts";

/** What they need of the session. */
export interface DoorParts {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly append: Append;
  readonly legs: LegBook;
  readonly dials: RecentDials;
  readonly guard: () => Guard;
  /** Resolves when the fence runs; never, when there is none. */
  readonly running: Promise<Fence>;
  /** Runs another session beside this one: an MCP server's. */
  readonly run: (request: RunRequest) => Promise<RunAnswer>;
  /** Ends the session. */
  readonly stop: () => void;
  /** The running session's; `undefined` before it runs. */
  readonly lifecycle: () => SessionLifecycle | undefined;
}

/** The open ones. */
export interface Doors {
  /** Where the fence's helper connects for published ports; there only when the plan has any. */
  readonly publishSocket: string;
  readonly egress: Egress;
  /** Hears the fence. */
  event(event: FenceEvent): void;
  /** Further commands that run. */
  commands(): number;
  /** How a person is asked; `undefined` where nobody can be. */
  ask(): Questions["ask"] | undefined;
  /** The questions that a person was asked; `undefined` where nobody could ask any. */
  prompts(): PromptTally | undefined;
  /** Idempotent; `limit` is what further commands are told. */
  close(end?: { readonly limit?: string }): Promise<void>;
}

interface Closes {
  close(): Promise<void>;
}

/** Opens all, or closes what it had opened and says why. */
export async function openDoors(parts: DoorParts): Promise<Result<Doors, readonly Problem[]>> {
  const { append, legs, prepared, request, running } = parts;
  let questions: Questions | undefined;
  const outside = readOutsideProxy(request.caller.env);
  if (!outside.ok) return err([outside.error]);
  const network = sessionNetwork(parts);
  const publishSocket = join(prepared.paths.dir, "ports.sock");
  const { broker } = prepared.credentials;
  const credentials = broker === undefined ? [] : [credentialFilter({ broker, append })];
  const { looks, nameGuard } = leakOptions({
    ...{ secrets: prepared.leaks, plan: network.plan, canRead: prepared.inspection !== undefined },
    ...{ network: prepared.policy.sandbox.network, broker, append },
    tell: (line) => (request.terminals.stdin ? undefined : request.progress(line)),
  });
  const [egress, ports, hooks, exec, ssh, servers] = await Promise.all([
    openEgress({
      ...{ plan: prepared.egressPlan, socketPath: prepared.bridgeSocket, preface: true, append },
      programAt: (address, port) => parts.dials.programAt(address, port),
      digestOf: programDigests(),
      ...(outside.value === undefined ? {} : { outside: outside.value }),
      ...(prepared.policy.audit.telemetry === "on" ? { own: telemetryReceiver(append) } : {}),
      ...inspectorOption(prepared.inspection, network.plan, { must: credentials, may: looks }),
      // what the program sent is looked at before the broker puts anything in
      ...{ filters: [modelWatch({ append }), ...looks, ...credentials], nameGuard },
      consult: legGate({ legs, guard: parts.guard, cwd: prepared.plan.cwd, ask: () => questions?.ask }),
    }),
    prepared.plan.ports.length === 0
      ? undefined
      : publishPorts({ ports: prepared.plan.ports, socketPath: publishSocket }),
    openHooks(parts, (opened) => {
      questions = opened;
    }),
    openExecServer({
      socketPath: prepared.paths.exec,
      commandSocket: prepared.paths.commands,
      fence: running,
      place: { root: prepared.workspace.root, cwd: prepared.plan.cwd, home: request.caller.home },
      env: prepared.plan.env,
      policy: prepared.policy,
      append,
      stop: parts.stop,
      reload: network.reload,
      lifecycle: async (asked) => parts.lifecycle()?.request(asked) ?? NOT_YET,
      wake: async () => parts.lifecycle()?.wake(),
    }),
    serveSshLogins(prepared.ssh, append),
    request.hooks === undefined ? undefined : openInsideServers({ ...parts, questions: () => questions }),
    network.begin(),
  ]);
  let closing: Promise<void> | undefined;
  const close = async (end: { readonly limit?: string }): Promise<void> => {
    network.close();
    if (servers?.ok === true) await servers.value.close();
    if (exec.ok) await exec.value.close(end);
    if (hooks?.ok === true) await hooks.value.close();
    if (ports?.ok === true) await ports.value.close();
    if (ssh.ok) await ssh.value?.close();
    if (egress.ok) await egress.value.close();
    await closeCredentials(broker, { append, tell: request.progress });
  };
  const problems = [egress, ports, hooks, exec, ssh, servers].flatMap((one) =>
    one === undefined || one.ok ? [] : [one.error],
  );
  if (!egress.ok || !exec.ok || problems.length > 0) {
    await close({});
    return err(problems);
  }
  network.follow(egress.value);
  return ok({
    publishSocket,
    egress: egress.value,
    event: (event) => exec.value.event(event),
    commands: () => exec.value.count + (servers?.ok === true ? servers.value.count : 0),
    ask: () => questions?.ask,
    prompts: () => questions?.stats(),
    close: (end = {}) => (closing ??= close(end)),
  });
}

/** The questions of a session, and the agent's hooks from which they come. */
async function openHooks(
  { append, id, legs, prepared, request, running }: DoorParts,
  opened: (questions: Questions) => void,
): Promise<Result<Closes, Problem> | undefined> {
  if (request.gateway !== undefined) {
    const { policy, workspace } = prepared;
    const asked = await openGatewayQuestions({ id, request, policy, root: workspace.root, append });
    opened(asked);
    return ok(asked);
  }
  if (request.hooks === undefined) return undefined;
  const { dialectOf } = request.hooks;
  const places = { root: prepared.workspace.root, home: request.caller.home };
  const questions = await openQuestions({
    ...{ session: id, contained: true, ...places, stateDir: request.stateDir, append },
    helper: request.installation.helper,
    policy: () => prepared.policy,
    channels: channelsOfRun(request, prepared.policy.approvals.channels, running),
    agentPids: [],
    // A full-screen program owns the terminal; there the question itself was shown, and the refusal says the rest.
    tell: (line) => (request.terminals.stdin ? undefined : request.progress(line)),
  });
  opened(questions);
  const server = await openFenceHooks({
    ...{ dialectOf, socketPath: prepared.paths.hooks, policy: prepared.policy, ...places },
    reachable: prepared.egressPlan.allow,
    session: { id, append, legs, ask: questions.ask, passed: questions.passed },
  });
  if (!server.ok) {
    await questions.close();
    return server;
  }
  const close = async (): Promise<void> => void (await Promise.all([server.value.close(), questions.close()]));
  return ok({ close });
}
