// Network rules that open more than they seem to: whole parts of the internet, and hosts that are shared with everybody (leaky-hosts.json), where
// being allowed to speak to the host is being allowed to speak to anybody.
import { presetNames, splitPort } from "../net/index.ts";
import type { Problem } from "../result.ts";
import leakyHosts from "./leaky-hosts.json" with { type: "json" };
import type { NetworkRuleText } from "./policy.ts";

/** One kind of shared host. */
interface Leaky {
  readonly kind: string;
  /** What such a host does, after its name. */
  readonly what: string;
  /** What to write instead. */
  readonly instead: string;
  readonly hosts: readonly string[];
  /** Hosts by shape. */
  readonly shapes?: readonly string[];
  /** Also a single name below a `*.host`: it is nobody's for long. */
  readonly below?: boolean;
  /** What in a rule takes the risk away: reading only, or paths of one owner. */
  readonly helps?: readonly string[];
}

const LEAKY: readonly Leaky[] = leakyHosts;

/** Entries of `sandbox.network.allow` that are too wide, or lead to everybody. */
export function broadNetwork(rule: NetworkRuleText): readonly Problem[] {
  const { name: written, port } = splitPort(rule.text);
  const name = written.toLowerCase().replace(/\.$|^\[|\]$/g, "");
  const say = (code: string, message: string, hint: string): Problem => ({
    ...{ code, message: `\`${rule.text}\` ${message}`, at: rule.at, hint },
  });
  if (name === "*" && (rule.methods ?? rule.paths) !== undefined) return [say("broad-network", ...everyHost(rule))];
  if (name === "*" || /^\*\.[^.]+$/.test(name) || /^\*\.(?:co|com|org|net|gov|ac|edu)\.[a-z]{2}$/.test(name))
    return [say("broad-network", "opens a whole part of the internet", "name the hosts")];
  if (rule.text.startsWith("preset:")) return writingPreset(rule);
  const found = LEAKY.filter((leaky) => isLed(name, leaky) && !isHelped(rule, leaky));
  if (found.length > 0) return found.map((leaky) => say(`leaky-${leaky.kind}`, leaky.what, insteadOf(leaky, port)));
  const isCovered = LEAKY.some((leaky) => isLed(name, leaky));
  if (!name.startsWith("*.") || isCovered) return [];
  return [
    say("broad-network", "lets the agent choose names, and a name can carry data out", "name the hosts where you can"),
  ];
}

/** Limits go with it, so every request is read; what it may still do. */
function everyHost(rule: NetworkRuleText): readonly [message: string, hint: string] {
  const can = readsOnly(rule)
    ? "reads from every name there is: instructions come from there, and what is asked for can carry data out"
    : "sends to every name there is, whoever has it";
  return [
    `${can}; TLS to all of them is ended at the proxy`,
    "name the hosts; `inspectExcept` and certificate pinning do not go with it",
  ];
}

/** Limits need requests, and nobody reads what goes to another port. */
function insteadOf({ helps = [], instead }: Leaky, port: string | undefined): string {
  if (helps.length === 0 || port === undefined || port === "80" || port === "443") return instead;
  return port === "22"
    ? "nobody reads SSH, and an agent that brings a key of its own along can push there: fetch over HTTPS (`preset:NAME/read`); where a login is needed, let `credentials: [{name: NAME, ssh: {keys: [SHA256:...], hosts: [HOST]}}]` hold the key, and open the port for that session only"
    : `what goes to port ${port} is not read: leave it out, or limit the rule (\`{host, methods, paths}\`) where it speaks HTTP`;
}

/** A registry or a code host that is opened whole lets the agent publish as well as install. */
function writingPreset(rule: NetworkRuleText): readonly Problem[] {
  const reading = `${rule.text.slice("preset:".length)}/read`;
  if (!presetNames.includes(reading) || readsOnly(rule)) return [];
  return [
    {
      code: "leaky-publish",
      message: `\`${rule.text}\` is not read: whoever brings a token along can also publish or push there`,
      at: rule.at,
      hint: `\`preset:${reading}\` opens what fetching needs; requests are read then (TLS is ended at the proxy)`,
    },
  ];
}

function isLed(name: string, { hosts, shapes = [], below = false }: Leaky): boolean {
  const base = name.startsWith("*.") ? name.slice(2) : undefined;
  return (
    hosts.some((host) => {
      const hostBase = host.startsWith("*.") ? host.slice(2) : undefined;
      if (name === host) return true;
      // a wildcard that holds it, or lies below it
      if (base !== undefined)
        return `.${hostBase ?? host}`.endsWith(`.${base}`) || (hostBase !== undefined && base.endsWith(`.${hostBase}`));
      return below && hostBase !== undefined && name.endsWith(`.${hostBase}`);
    }) || shapes.some((shape) => new RegExp(shape).test(name))
  );
}

function isHelped(rule: NetworkRuleText, { helps = [] }: Leaky): boolean {
  return (helps.includes("methods") && readsOnly(rule)) || (helps.includes("paths") && namesOwner(rule));
}

function readsOnly({ methods }: NetworkRuleText): boolean {
  return methods?.every((method) => /^(?:GET|HEAD|OPTIONS)$/.test(method)) === true;
}

/** Every path begins with a spelled segment. */
function namesOwner({ paths }: NetworkRuleText): boolean {
  return paths?.every((path) => /^\/?[^/*]+(?:\/|$)/.test(path)) === true;
}
