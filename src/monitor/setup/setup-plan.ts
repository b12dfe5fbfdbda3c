// The setup of a session, planned (NET-7): each command's fence, with the setup's own network, home, /tmp and caches, over the same workspace layers
// as the agent's. Plain data, so that `--dry-run` shows it; what has no agent's part in it cannot hand the agent anything.
import { err, ok, type Problem, type Result } from "#core";
import { type EgressPlan, expandNetwork, type ToolConfig } from "#core/net";
import type { Policy } from "#core/policy";
import { type SandboxPlan, turnedPlan } from "#core/sandbox";
import type { RunCredentials } from "../prepare/credentials.ts";
import { deniedCommand } from "../prepare/judge-command.ts";
import { type PlanParts, planRun } from "../prepare/plan.ts";
import { withRealPrograms } from "../prepare/programs.ts";
import { planSshLogins, type SshLogins } from "../prepare/ssh-logins.ts";
import { cannot, refusedByPolicy } from "../refusals.ts";
import type { Refusal, RunRequest } from "../request.ts";
import { makeSetupFolders, type SetupFolders, setupFolders } from "./setup-folders.ts";

/** One command of the setup. */
export interface SetupCommand {
  readonly text: string;
  readonly plan: SandboxPlan;
}

/** A setup that can run. */
export interface PreparedSetup {
  readonly commands: readonly SetupCommand[];
  readonly egressPlan: EgressPlan;
  readonly folders: SetupFolders;
  readonly credentials: RunCredentials;
  readonly ssh: SshLogins | undefined;
  /** Variables whose real values it sees. */
  readonly exposed: readonly string[];
}

/** What it is planned from: the agent's run, and what its network is made of. */
export interface SetupPlanParts {
  readonly run: PlanParts;
  readonly tools: ToolConfig;
  /** The credentials that serve it alone. */
  readonly credentials: RunCredentials;
  /** Denies that bind every phase. */
  readonly unreachable: Policy["sandbox"]["network"]["deny"];
}

/** The shell of DESIGN 7.1. */
const SHELL = "/bin/bash";

/** True for a run that has one. What a snapshot continues has it in it; a fence kept for an agent outside works where that agent has installed. */
export function hasSetup({ setup }: Policy, { from, keeper }: RunRequest): boolean {
  return setup.run.length > 0 && from === undefined && keeper === undefined;
}

/** Plans it; `undefined` where the policy names no command. Makes its folders, starts nothing. */
export function planSetup(parts: SetupPlanParts): Result<PreparedSetup | undefined, Refusal> {
  const { run } = parts;
  const { policy, request, workspace } = run;
  if (!hasSetup(policy, request)) return ok(undefined);
  const texts = policy.setup.run.map(({ text }) => text);
  if (run.shown.kind === "read-only") return cannot(NOTHING_STAYS);
  const missing = policy.setup.expose.find((name) => request.caller.env[name] === undefined);
  if (missing !== undefined) return cannot(notSet(missing));
  for (const text of texts) {
    const place = { cwd: workspace.cwd, root: workspace.root, home: request.caller.home };
    const denied = deniedCommand(policy, { argv: [SHELL, "-c", text], ...place });
    if (denied !== undefined) return refusedByPolicy(denied);
  }
  const egress = setupNetwork(parts);
  if (!egress.ok) return err({ exitCode: 65, problems: egress.error });
  const folders = setupFolders(run.paths);
  makeSetupFolders(folders);
  const ssh = planSshLogins(policy, request, { phase: "setup", folder: run.paths.dir });
  if (!ssh.ok) return cannot(ssh.error);
  const { bridge } = run.network;
  const egressPlan = {
    ...withRealPrograms(egress.value),
    phase: "setup" as const,
    maxConnections: policy.sandbox.limits.connections,
  };
  const planned = planRun({
    ...setupRun(run, folders),
    placeholders: parts.credentials.env,
    standins: parts.credentials.broker?.issued ?? [],
    ssh: ssh.value,
    network: { ...run.network, bridge: { ...bridge, turned: turnedPlan(egressPlan), socketPath: folders.proxy } },
  });
  if (!planned.ok) return cannot(planned.error);
  const { plan } = planned.value;
  return ok({
    commands: texts.map((text) => ({ text, plan: { ...plan, argv: [SHELL, "-c", text] } })),
    egressPlan,
    folders,
    credentials: parts.credentials,
    ssh: ssh.value,
    exposed: policy.setup.expose,
  });
}

/** Where the policy says nothing of the setup's network, it is the one that the person opened for the agent; never the agent's own hosts. */
function setupNetwork({ run, tools, unreachable }: SetupPlanParts): ReturnType<typeof expandNetwork> {
  const { sandbox, setup } = run.policy;
  return expandNetwork(
    {
      ...sandbox.network,
      allow: setup.network.allow ?? sandbox.network.allow,
      deny: [...unreachable, ...setup.network.deny],
    },
    tools,
  );
}

/** The run of the setup's commands: no agent, no hooks, no ports, nobody at its terminal. */
function setupRun(run: PlanParts, folders: SetupFolders): PlanParts {
  const { hooks: _hooks, terminal: _terminal, ...request } = run.request;
  const { stderr } = request.terminals;
  const { env, sandbox, setup } = run.policy;
  return {
    ...run,
    request: { ...request, terminals: { stdin: false, stdout: stderr, stderr } },
    agent: undefined,
    policy: {
      ...run.policy,
      sandbox: { ...sandbox, ports: [] },
      env: { pass: [...env.pass, ...setup.expose], set: env.set },
    },
    paths: { ...run.paths, home: folders.home, tmp: folders.tmp },
    cachesOf: "setup",
  };
}

const NOTHING_STAYS: Problem = {
  code: "setup-read-only",
  message: "a setup changes the workspace, and this one is `read-only`: nothing of it would be there for the agent",
  hint: "leave the setup out, or use `--workspace overlay`",
};

function notSet(name: string): Problem {
  return {
    code: "setup-not-set",
    message: `the setup is to see the variable \`${name}\`, and it is not set`,
    hint: `set it, or take it out of \`setup.expose\``,
  };
}
