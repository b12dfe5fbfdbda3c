// May this connection leave? First the name, then the addresses it resolved to; the address that passed is the one to dial (I8). Pure.
import { canonicalAddress, classifyAddress, isInside, singleAddress } from "./address.ts";
import { covers, EVERY_HOST, ownedDomain } from "./grammar.ts";
import { isAddress } from "./host.ts";
import { coversPort, isNarrowed, isProgram, mayBeProgram, mustBeRead, needsReading } from "./request.ts";
import type { EgressPeer, EgressPlan, EgressRefusal, EgressRule } from "./rule.ts";

/** The name's verdict. `rule` is the allowing one; `reported` is what the rules say where report mode lets it pass all the same. */
export type HostVerdict =
  | { readonly allowed: true; readonly rule: EgressRule; readonly reported?: EgressRefusal }
  | ({ readonly allowed: false } & EgressRefusal);

/** How the record names the rule that report mode stands in for. No host is spelled so. */
export const REPORT_RULE = "mode: report";

const DENY_HINT = "a deny rule of the policy closes it; only changing that rule opens it";

/**
 * Judges a canonical host and port before anything is looked up. Deny wins; no rule, no connection. Rules on methods, paths and protocols are judged
 * later (request.ts): here they only open the connection, to be read.
 */
export function decideHost(plan: EgressPlan, host: string, port: number, peer?: EgressPeer): HostVerdict {
  const denied = plan.deny.find(
    (rule) => !isNarrowed(rule) && coversPort(rule, host, port) && mayBeProgram(rule, peer),
  );
  if (denied !== undefined) return { allowed: false, reason: "denied", rule: denied, hint: DENY_HINT };
  const matching = plan.allow.filter((rule) => covers(rule, host));
  const onPort = matching.filter(({ ports }) => ports.includes(port));
  const ours = onPort.filter((rule) => isProgram(rule, peer));
  const rule = ours.find((one) => !mustBeRead(one)) ?? ours.find((one) => one.namesNobody !== true) ?? ours[0];
  if (rule !== undefined) {
    const named = rule.host === EVERY_HOST ? { ...rule, host: ownedDomain(host) } : rule;
    return { allowed: true, rule: needsReading(plan, host, port) ? { ...named, portNamed: false } : named };
  }
  const refused = whyNot(plan, { host, port }, { matching, onPort });
  // A name that the policy places on an address of its own is no public one.
  const reports = plan.mode === "report" && !isAddress(host) && !plan.allowPrivate.some((entry) => entry.host === host);
  return reports
    ? { allowed: true, rule: reportRule(plan, host, port), reported: refused }
    : { allowed: false, ...refused };
}

function whyNot(
  plan: EgressPlan,
  { host, port }: { readonly host: string; readonly port: number },
  { matching, onPort }: { readonly matching: readonly EgressRule[]; readonly onPort: readonly EgressRule[] },
): EgressRefusal {
  const block = isAddress(host) && classifyAddress(host) !== "public" ? `=${blockOf(host)}` : "";
  const hint = `a person can allow it: ${allowing(plan, `${written(host, port)}${block}`)}`;
  const [near] = matching;
  const [narrow] = onPort;
  if (narrow !== undefined)
    return { reason: "program-not-allowed", rule: narrow, hint: "the rule opens it to the programs it names only" };
  return near === undefined ? { reason: "no-rule", hint } : { reason: "port-not-allowed", rule: near, hint };
}

/**
 * The rule that report mode stands in for: HTTP and TLS, no bytes that are neither, and no more freedom in choosing names below one domain than a
 * wildcard gives.
 */
function reportRule({ modeAt }: EgressPlan, host: string, port: number): EgressRule {
  const at = modeAt ?? { file: "sandbox.network.mode", line: 0, column: 0 };
  const open = { wildcard: true, ports: [port], portNamed: false, namesNobody: true } as const;
  return { host: ownedDomain(host), ...open, text: REPORT_RULE, at };
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
      hint: `\`${host}\` is at ${address} (${kind}); if that is meant, a person can name it: ${allowing(plan, `${name}=${blockOf(address)}`)}`,
    };
  }
  return { allowed: true, addresses: found };
}

/** What a person types, or writes into their policy, to open it. */
export function allowing({ phase, server }: Pick<EgressPlan, "phase" | "server">, rule: string): string {
  if (server !== undefined) return serverEntry(server, rule);
  return `ringfence run ${phase === "setup" ? "--setup-allow-domain" : "--allow-domain"} ${rule} -- ...`;
}

/** A server has no command line of its own that a person types. */
function serverEntry(server: string, rule: string): string {
  const name = /^[\w-]{1,64}$/.test(server) ? server : JSON.stringify(server);
  const [host = "", cidr] = rule.split("=");
  const named =
    cidr === undefined ? "" : `, allowPrivate: [{ host: "${withoutPort(host)}", cidr: "${cidr}", reason: "..." }]`;
  return `mcp.servers.${name}.network: { allow: ["${host}"]${named} } in the policy`;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
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
