// What a run may do, decided before anything of it exists: the policy in force, its walls and its network. Nothing is made here.
import { ok, type Problem, type Result } from "#core";
import type { EgressPlan, ToolConfig } from "#core/net";
import { type LoadedPolicy, type Policy, sessionMode } from "#core/policy";
import { type AgentPreset, agentFor } from "#core/presets";
import { readToolConfig } from "#egress";
import { otherCommand } from "../mcp/bound-command.ts";
import { heldByBroker } from "../mcp/declared.ts";
import { serverWords } from "../mcp/server-words.ts";
import { badInput, cannot, refusedByPolicy } from "../refusals.ts";
import type { Refusal, RunRequest } from "../request.ts";
import { egressPlanOf } from "./egress-plan.ts";
import { deniedCommand } from "./judge-command.ts";
import { readPolicy } from "./policy-files.ts";
import { type ChosenRuntime, runtimeFor } from "./runtime.ts";
import { type Walls, wallsOf } from "./walls.ts";
import type { Workspace } from "./workspace.ts";
import { writtenFolders } from "./written.ts";

/** The decision. */
export interface Decided {
  readonly loaded: LoadedPolicy;
  /** The one in force: of a server's session, without what the broker holds for it. */
  readonly policy: Policy;
  readonly walls: Walls;
  readonly runtime: ChosenRuntime;
  /** A known agent, by the command. */
  readonly agent: AgentPreset | undefined;
  /** Whose package caches are used: an MCP server has its own. */
  readonly server?: string;
  /** Folders outside the workspace that the policy lets it write. */
  readonly written: readonly string[];
  /** The tools' own configuration, without its secrets. */
  readonly tools: ToolConfig;
  readonly egressPlan: EgressPlan;
  /** The same for a policy that changed meanwhile. */
  readonly egressOf: (policy: Policy) => ReturnType<typeof egressPlanOf>;
}

/** Decides it, or says who refuses: the policy (126), what was typed or written (64, 65), or this machine (125). */
export async function decideRun(request: RunRequest, workspace: Workspace): Promise<Result<Decided, Refusal>> {
  const { argv, caller, commandLine, gateway, installation, policyFile, stateDir } = request;
  const { cwd, root } = workspace;
  const { home } = caller;
  const server = serverWords(request, workspace);
  if (!server.ok) return cannot(server.error);
  const loaded = await readPolicy({
    ...(server.value === undefined ? {} : { server: server.value }),
    ...{ workspaceRoot: root, stateDir, home, commandLine },
    ...(policyFile === undefined ? {} : { policyFile }),
  });
  if (!loaded.ok) return badInput(loaded.error);
  const other = otherCommand(loaded.value, request);
  if (other !== undefined) return refusedByPolicy(other);
  const policy = gateway === undefined ? loaded.value.policy : heldByBroker(loaded.value.policy);
  if (loaded.value.notBuilt.length > 0) return cannot(...loaded.value.notBuilt);
  const refused = withoutWalls(policy);
  if (refused !== undefined) return cannot(refused);
  const mode = sessionMode(policy.permissions, policy.permissions.mode, { asRoot: caller.uid === 0, isolated: true });
  if (!mode.ok) return refusedByPolicy(mode.error);
  const denied = deniedCommand(policy, { argv, cwd, root, home });
  if (denied !== undefined) return refusedByPolicy(denied);
  const runtime = await runtimeFor(policy, { stateDir, helper: installation.helper });
  if (!runtime.ok) return cannot(runtime.error);

  const agent = gateway === undefined ? agentFor(argv) : undefined;
  const written = writtenFolders(policy.sandbox.filesystem.allowWrite, { root, home });
  const tools = await readToolConfig({ home, env: caller.env, written });
  const egressOf: Decided["egressOf"] = (changed) => egressPlanOf(changed, { agent, tools, server: gateway?.server });
  const egress = egressOf(policy);
  if (!egress.ok) return badInput(egress.error);
  return ok({
    ...{ loaded: loaded.value, policy, walls: wallsOf(policy), runtime: runtime.value, agent, written, tools },
    ...(server.value === undefined ? {} : { server: server.value.name }),
    ...{ egressPlan: egress.value, egressOf },
  });
}

/** By its name it has no walls, and `run` is the walls (I15). It is for agents that only their hooks guard. */
function withoutWalls({ sandbox }: Policy): Problem | undefined {
  if (sandbox.mode !== "danger-full-access") return undefined;
  return {
    code: "no-walls",
    message: "`sandbox.mode: danger-full-access` has no fence, and `ringfence run` always makes one",
    hint: "leave it out here; an agent outside a fence is guarded by `ringfence install AGENT`",
  };
}
