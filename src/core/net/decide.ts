// May this connection leave? First the name, then the addresses it resolved to; the address that passed is the one to dial (I8). Pure.
import { canonicalAddress, classifyAddress, isInside, singleAddress } from "./address.ts";
import { covers } from "./grammar.ts";
import { isAddress } from "./host.ts";
import type { EgressPlan, EgressRule } from "./rule.ts";

/** Why a connection is refused, and what a person would write to allow it. */
export interface EgressRefusal {
  /** `denied`, `no-rule`, `port-not-allowed`, `bad-host`, or `address-<class>`. */
  readonly reason: string;
  /** The rule that denies, or the nearest that does not reach. */
  readonly rule?: EgressRule;
  /** What to type. */
  readonly hint: string;
}

/** The name's verdict. `rule` is the allowing one. */
export type HostVerdict =
  | { readonly allowed: true; readonly rule: EgressRule }
  | ({ readonly allowed: false } & EgressRefusal);

const DENY_HINT = "a deny rule of the policy closes it; only changing that rule opens it";

/** Judges a canonical host and port before anything is looked up. Deny wins; no rule, no connection. */
export function decideHost(plan: EgressPlan, host: string, port: number): HostVerdict {
  const denied = plan.deny.find((rule) => covers(rule, host) && (rule.ports.length === 0 || rule.ports.includes(port)));
  if (denied !== undefined) {
    return {
      allowed: false,
      reason: "denied",
      rule: denied,
      hint: DENY_HINT,
    };
  }
  const matching = plan.allow.filter((rule) => covers(rule, host));
  const rule = matching.find(({ ports }) => ports.includes(port));
  if (rule !== undefined) return { allowed: true, rule };
  const block = isAddress(host) && classifyAddress(host) !== "public" ? `=${blockOf(host)}` : "";
  const option = `a person can allow it: ringfence run --allow-domain ${written(host, port)}${block} -- ...`;
  const [near] = matching;
  if (near !== undefined) return { allowed: false, reason: "port-not-allowed", rule: near, hint: option };
  return { allowed: false, reason: "no-rule", hint: option };
}

/** The addresses that may be dialled, in order, or the refusal. */
export type AddressVerdict =
  | { readonly allowed: true; readonly addresses: readonly string[] }
  | ({ readonly allowed: false } & EgressRefusal);

/** Judges what an allowed name resolved to. One address that is not public and not named by the policy refuses them all.
 * A denied address with a port closes that port; where no port is given it closes all. */
export function decideAddresses(
  plan: EgressPlan,
  host: string,
  addresses: readonly string[],
  port?: number,
): AddressVerdict {
  const named = plan.allowPrivate.filter((entry) => entry.host === host);
  const pinned = named.flatMap((entry) => singleAddress(entry.cidr) ?? []);
  // A name that only the policy knows: a single-address block answers for the resolver.
  const found = addresses.length > 0 ? addresses : pinned;
  if (found.length === 0)
    return { allowed: false, reason: "no-address", hint: "the name does not resolve outside either" };
  for (const address of found) {
    const kind = classifyAddress(address);
    const denied = plan.deny.find(
      (rule) =>
        isAddress(rule.host) &&
        rule.host === (canonicalAddress(address) ?? address) &&
        (rule.ports.length === 0 || port === undefined || rule.ports.includes(port)),
    );
    if (denied !== undefined) return { allowed: false, reason: "denied", rule: denied, hint: DENY_HINT };
    // A block that happens to hold a metadata service does not mean it: only its very address does.
    const isNamed = named.some(({ cidr }) =>
      kind === "metadata" ? singleAddress(cidr) === address : isInside(address, cidr),
    );
    if (kind === "public" || isNamed) continue;
    const name = port === undefined ? host : written(host, port);
    return {
      allowed: false,
      reason: `address-${kind}`,
      hint: `\`${host}\` is at ${address} (${kind}); if that is meant, a person can name it: ringfence run --allow-domain ${name}=${blockOf(address)} -- ...`,
    };
  }
  return { allowed: true, addresses: found };
}

/** One address as the block that means it alone. */
function blockOf(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}

/** How the host and port are written in a rule. */
function written(host: string, port: number): string {
  const name = isAddress(host) && host.includes(":") ? `[${host}]` : host;
  return port === 80 || port === 443 ? name : `${name}:${port}`;
}
