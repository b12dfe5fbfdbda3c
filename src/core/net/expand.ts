// From the policy's network part to the egress plan: presets become hosts, registry presets the hosts of the person's own tools. Pure.
import type { NetworkRuleText, Policy } from "../policy/policy.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { parseEgressRule } from "./grammar.ts";
import { parseHost } from "./host.ts";
import presets from "./presets.json" with { type: "json" };
import type { EgressPlan, EgressRule, PrivateAddress } from "./rule.ts";
import type { ToolConfig, ToolHost } from "./tool-config.ts";

type Preset = { readonly what: string } & (
  | { readonly hosts: readonly string[] }
  | { readonly registry: "npm" | "debian" }
);
const PRESETS: ReadonlyMap<string, Preset> = new Map(Object.entries(presets as Record<string, Preset>));

/** The names that `preset:` takes. */
export const presetNames: readonly string[] = [...PRESETS.keys()];

/** Expands it, or says of every rule that cannot be carried out what is wrong. */
export function expandNetwork(
  network: Policy["sandbox"]["network"],
  tools: ToolConfig,
): Result<Omit<EgressPlan, "maxConnections">, readonly Problem[]> {
  const problems: Problem[] = [];
  const expand = (rules: readonly NetworkRuleText[], effect: "allow" | "deny" = "allow"): readonly EgressRule[] =>
    rules.flatMap((rule) => {
      const result = expandRule(rule, tools, effect);
      if (result.ok) return result.value;
      problems.push(result.error);
      return [];
    });
  // `*` as a deny closes everything; the same word as an allow is refused by the grammar.
  const closed = network.deny.some(({ text }) => text === "*");
  const allow = expand(network.allow);
  const deny = expand(
    network.deny.filter(({ text }) => text !== "*"),
    "deny",
  ).map((rule) => (rule.portNamed ? rule : { ...rule, ports: [] }));
  const allowPrivate = network.allowPrivate.flatMap((entry): readonly PrivateAddress[] => {
    const hosts = entry.host.startsWith("preset:")
      ? expand([{ text: entry.host, at: entry.at }]).map((rule) => rule.host)
      : [parseHost(entry.host)];
    return [...new Set(hosts)].flatMap((host) => {
      if (host !== undefined) return [{ host, cidr: entry.cidr, reason: entry.reason }];
      problems.push({
        code: "network-bad-host",
        message: `\`${entry.host}\` in allowPrivate does not name one host`,
        at: entry.at,
        hint: "write the host without wildcard and port",
      });
      return [];
    });
  });
  return problems.length > 0 ? err(problems) : ok({ allow: closed ? [] : allow, deny, allowPrivate });
}

function expandRule(
  rule: NetworkRuleText,
  tools: ToolConfig,
  effect: "allow" | "deny",
): Result<readonly EgressRule[], Problem> {
  const { text, at } = rule;
  if (!text.startsWith("preset:")) {
    const parsed = parseEgressRule(text, at, effect);
    return parsed.ok ? ok([parsed.value]) : parsed;
  }
  const name = text.slice("preset:".length);
  const preset = PRESETS.get(name);
  if (preset === undefined) {
    return err({
      code: "network-unknown-preset",
      message: `there is no network preset \`${name}\``,
      at,
      hint: `presets: ${presetNames.join(", ")}`,
    });
  }
  if ("hosts" in preset) {
    return ok(
      preset.hosts.flatMap((host) => {
        const parsed = parseEgressRule(host, at);
        if (!parsed.ok) throw new Error(`preset ${name} holds a bad rule: ${host}`);
        return [{ ...parsed.value, portNamed: false, text }];
      }),
    );
  }
  const hosts = tools.registries[preset.registry];
  if (hosts.length === 0) {
    return err({
      code: "network-no-registry",
      message: `\`${text}\` takes its host from ${preset.registry === "npm" ? "npm's" : "apt's"} own configuration on this machine, and none was found`,
      at,
      hint: "name the host itself: --allow-domain HOST",
    });
  }
  return ok(hosts.map((host) => registryRule(host, text, at)));
}

function registryRule(host: ToolHost, text: string, at: EgressRule["at"]): EgressRule {
  return {
    host: host.host,
    wildcard: false,
    ports: [host.port],
    portNamed: false,
    text,
    at,
  };
}
