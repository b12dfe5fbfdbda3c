// From a policy to what may leave: its own rules, its agent's hosts, the denies of other tools, the registries that the person's tools are set to.
import { ok, type Problem, type Result } from "#core";
import { type EgressPlan, expandNetwork, type ToolConfig } from "#core/net";
import type { Policy } from "#core/policy";
import type { AgentPreset } from "#core/presets";
import { withRealPrograms } from "./programs.ts";
import { wallsOf } from "./walls.ts";

/** What does not change while a session goes on. */
export interface EgressParts {
  readonly agent: AgentPreset | undefined;
  readonly tools: ToolConfig;
  /** The MCP server whose session it is. */
  readonly server?: string | undefined;
}

/** Makes it, or says of every rule that cannot be carried out what is wrong. */
export function egressPlanOf(
  policy: Policy,
  { agent, tools, server }: EgressParts,
): Result<EgressPlan, readonly Problem[]> {
  const network = withAgentHosts(policy, agent?.hosts ?? [], agent?.name ?? "");
  const plan = expandNetwork({ ...network, deny: wallsOf(policy).unreachable }, tools);
  if (!plan.ok) return plan;
  const of = server === undefined ? {} : { server };
  return ok({ ...withRealPrograms(plan.value), ...of, maxConnections: policy.sandbox.limits.connections });
}

/** A known agent's hosts are opened like rules of the default layer, named after the preset. */
function withAgentHosts(policy: Policy, hosts: readonly string[], agent: string): Policy["sandbox"]["network"] {
  const at = { file: `preset ${agent}`, line: 1, column: 1 };
  return {
    ...policy.sandbox.network,
    allow: [...policy.sandbox.network.allow, ...hosts.map((text) => ({ text, at }))],
  };
}
