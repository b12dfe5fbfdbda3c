// From the policy's network part to the egress plan: presets become hosts, registry presets the hosts of the person's own tools. Pure.
import type { NetworkRuleText, Policy } from "../policy/policy.ts";
import { meant } from "../policy/suggest.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { parseEgressRule } from "./grammar.ts";
import { parseHost } from "./host.ts";
import { type Narrowing, narrow } from "./narrow.ts";
import presets from "./presets.json" with { type: "json" };
import { unreadable } from "./readable.ts";
import type { EgressPlan, EgressRule, HostPattern, PrivateAddress } from "./rule.ts";
import type { Registry, ToolConfig, ToolHost } from "./tool-config.ts";

type Preset = { readonly what: string; readonly read?: readonly Narrowing[] } & (
  | { readonly hosts: readonly string[] }
  | { readonly registry: Registry }
);
const PRESETS: ReadonlyMap<string, Preset> = new Map(Object.entries(presets as Record<string, Preset>));

/** The names that `preset:` takes. */
export const presetNames: readonly string[] = [...PRESETS].flatMap(([name, { read }]) =>
  read === undefined ? [name] : [name, `${name}/read`],
);

/** The network part of a policy; what is not said is the closed default. */
export type NetworkPart = Pick<Policy["sandbox"]["network"], "allow" | "deny" | "allowPrivate"> &
  Partial<Pick<Policy["sandbox"]["network"], "mode" | "modeAt" | "inspect" | "inspectExcept">>;

/** Expands it, or says of every rule that cannot be carried out what is wrong. */
export function expandNetwork(
  network: NetworkPart,
  tools: ToolConfig,
): Result<Omit<EgressPlan, "maxConnections">, readonly Problem[]> {
  const problems: Problem[] = [];
  const kept = <T>(result: Result<readonly T[], Problem>): readonly T[] => {
    if (result.ok) return result.value;
    problems.push(result.error);
    return [];
  };
  // `*` alone closes everything; beside limits it is a rule like others, as an allow there only.
  const isEverything = (rule: NetworkRuleText): boolean => rule.text === "*" && !isLimited(rule);
  const closed = network.deny.some(isEverything);
  const allow = network.allow.flatMap((rule) => kept(expandRule(rule, tools, "allow")));
  const deny = network.deny
    .filter((rule) => !isEverything(rule))
    .flatMap((rule) => kept(expandRule(rule, tools, "deny")));
  const allowPrivate = network.allowPrivate.flatMap((entry): readonly PrivateAddress[] => {
    const hosts = entry.host.startsWith("preset:")
      ? kept(expandRule({ text: entry.host, at: entry.at }, tools, "allow")).map((rule) => rule.host)
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
  const inspectExcept = (network.inspectExcept ?? []).flatMap(({ text, at }): readonly HostPattern[] =>
    kept(expandRule({ text, at }, tools, "deny")).map(({ host, wildcard }) => ({ host, wildcard })),
  );
  const plan = {
    ...{ allow: closed ? [] : allow, deny, allowPrivate, inspectExcept },
    ...(network.modeAt === undefined ? {} : { modeAt: network.modeAt }),
    ...{ mode: closed ? "enforce" : (network.mode ?? "enforce"), inspect: network.inspect ?? "auto" },
  } as const;
  problems.push(...unreadable(plan));
  return problems.length > 0 ? err(problems) : ok(plan);
}

function isLimited({ methods, paths, protocols, programs }: Narrowing): boolean {
  return [methods, paths, protocols, programs].some((one) => one !== undefined);
}

function expandRule(
  rule: NetworkRuleText,
  tools: ToolConfig,
  effect: "allow" | "deny",
): Result<readonly EgressRule[], Problem> {
  const bare = rule.text.startsWith("preset:") ? presetRules(rule, tools) : single(rule, effect);
  if (!bare.ok) return bare;
  const rules: EgressRule[] = [];
  for (const one of bare.value) {
    // a deny that names no port closes every one
    const ports = effect === "deny" && (!one.named || one.isPreset) ? [] : one.rule.ports;
    for (const by of one.read ?? [{}]) {
      const limited = narrow({ ...one.rule, portNamed: one.named }, both(by, rule));
      if (!limited.ok) return limited;
      const portNamed = limited.value.portNamed && !one.isPreset;
      rules.push({ ...limited.value, ports, portNamed });
    }
  }
  return ok(rules);
}

/** One destination before its limits. `named`: the rule itself names the port. */
interface Bare {
  readonly rule: EgressRule;
  readonly named: boolean;
  readonly isPreset: boolean;
  readonly read?: readonly Narrowing[];
}

function single(rule: NetworkRuleText, effect: "allow" | "deny"): Result<readonly Bare[], Problem> {
  // what opens every host has to be read everywhere, and so kept everywhere
  const everyHost = effect === "allow" ? rule.methods !== undefined || rule.paths !== undefined : isLimited(rule);
  const parsed = parseEgressRule(rule.text, rule.at, { effect, everyHost });
  return parsed.ok ? ok([{ rule: parsed.value, named: parsed.value.portNamed, isPreset: false }]) : parsed;
}

/** What the person wrote beside a preset limits it further; it never takes the place of what the preset says. */
function both(preset: Narrowing, { methods, paths, protocols, programs }: NetworkRuleText): Narrowing {
  const among = (
    own: readonly string[] | undefined,
    said: readonly string[] | undefined,
  ): readonly string[] | undefined =>
    own === undefined || said === undefined ? (own ?? said) : own.filter((word) => said.includes(word));
  const allMethods = among(preset.methods, methods);
  const allPaths = preset.paths ?? paths;
  return {
    ...(allMethods === undefined ? {} : { methods: allMethods }),
    ...(allPaths === undefined ? {} : { paths: allPaths }),
    ...(protocols === undefined ? {} : { protocols }),
    ...(programs === undefined ? {} : { programs }),
  };
}

function presetRules({ text, at, paths }: NetworkRuleText, tools: ToolConfig): Result<readonly Bare[], Problem> {
  const [name = "", part] = text.slice("preset:".length).split("/");
  const preset = PRESETS.get(name);
  if (preset === undefined || (part !== undefined && (part !== "read" || preset.read === undefined))) {
    return err({
      code: "network-unknown-preset",
      message: `there is no network preset \`${text.slice("preset:".length)}\``,
      at,
      hint: meant(text.slice("preset:".length), presetNames, "presets"),
    });
  }
  if (part === "read" && paths !== undefined)
    return err({
      code: "network-bad-rule",
      message: `\`${text}\` brings its own paths`,
      at,
      hint: `write \`preset:${name}\` with your methods and paths`,
    });
  const read = part === "read" ? { read: preset.read ?? [] } : {};
  if ("hosts" in preset) {
    return ok(
      preset.hosts.map((host) => {
        const parsed = parseEgressRule(host, at);
        if (!parsed.ok) throw new Error(`preset ${name} holds a bad rule: ${host}`);
        return { rule: { ...parsed.value, portNamed: false, text }, named: true, isPreset: true, ...read };
      }),
    );
  }
  const hosts = tools.registries[preset.registry] ?? [];
  if (hosts.length === 0) {
    return err({
      code: "network-no-registry",
      message: `\`${text}\` takes its host from the configuration of ${preset.registry === "debian" ? "apt" : preset.registry} on this machine, and none was found`,
      at,
      hint: "name the host itself: --allow-domain HOST",
    });
  }
  return ok(hosts.map((host) => ({ rule: registryRule(host, text, at), named: true, isPreset: true, ...read })));
}

function registryRule(host: ToolHost, text: string, at: EgressRule["at"]): EgressRule {
  return { host: host.host, wildcard: false, ports: [host.port], portNamed: false, text, at };
}
