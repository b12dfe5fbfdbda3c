// May this request leave? The finer half of the rules (NET-5): methods, paths, protocols and programs, judged on what was read. Pure.
// Allows add up, and a deny outweighs them all. What is not known never helps: an unknown program is no allowed one and may be a denied one.
import { forTerminal } from "../text/index.ts";
import { type Asking, isKnownMethod, methodsOf, namesAnotherPath } from "./asked.ts";
import { covers } from "./grammar.ts";
import { normalPath, pathMatches } from "./path.ts";
import type { EgressPeer, EgressPlan, EgressRefusal, EgressRule, Protocol } from "./rule.ts";

/** The head of one request that was read. */
export interface EgressRequest extends Asking {
  readonly scheme: "http" | "https";
  /** Canonical. */
  readonly host: string;
  readonly port: number;
  /** It asks to speak WebSocket from here on. */
  readonly upgrade?: "websocket";
}

/** `rule` is the allowing or the denying one. */
export type RequestVerdict =
  | { readonly allowed: true; readonly rule: EgressRule }
  | ({ readonly allowed: false } & EgressRefusal);

/** Judges it. A host and port that no rule covers are refused here too. */
export function decideRequest(plan: EgressPlan, request: EgressRequest, peer?: EgressPeer): RequestVerdict {
  const facts = factsOf(request);
  const here = (rule: EgressRule): boolean => coversPort(rule, request.host, request.port);
  const denied = plan.deny.find((rule) => here(rule) && mayDeny(rule, facts, peer));
  if (denied !== undefined)
    return {
      allowed: false,
      reason: "denied",
      rule: denied,
      hint: "a deny rule of the policy closes it; only changing that rule opens it",
    };
  const near = plan.allow.filter(here);
  const rule = near.find((one) => allows(one, facts, peer));
  if (rule !== undefined) return { allowed: true, rule };
  const [closest] = near;
  if (closest === undefined)
    return { allowed: false, reason: "no-rule", hint: "no rule of the policy covers this host and port" };
  return { allowed: false, rule: closest, ...missing(near, facts, peer) };
}

/** True when the rules on this host and port can only be kept by reading what is sent: then TLS is ended here, and nothing passes unread. */
export function needsReading(plan: EgressPlan, host: string, port: number): boolean {
  const here = (rule: EgressRule): boolean => coversPort(rule, host, port);
  if (plan.deny.some((rule) => here(rule) && isNarrowed(rule))) return true;
  const allow = plan.allow.filter(here);
  return allow.some(mustBeRead) && !allow.some((rule) => !mustBeRead(rule) && rule.programs === undefined);
}

/** True for a rule that speaks of methods, paths or protocols: it cannot be judged on the name alone. */
export function isNarrowed(rule: EgressRule): boolean {
  return rule.methods !== undefined || rule.paths !== undefined || rule.protocols !== undefined;
}

/** True for an allow rule that opens no TLS connection which nobody reads. */
export function mustBeRead(rule: EgressRule): boolean {
  return (
    rule.methods !== undefined ||
    rule.paths !== undefined ||
    (rule.protocols !== undefined && !rule.protocols.includes("tls") && !rule.protocols.includes("tcp"))
  );
}

/** True where the rule covers the host, on this port or on every one. */
export function coversPort(rule: EgressRule, host: string, port: number): boolean {
  return covers(rule, host) && (rule.ports.length === 0 || rule.ports.includes(port));
}

/** For an allow: an unknown program is not among them. */
export function isProgram(rule: EgressRule, peer: EgressPeer | undefined): boolean {
  return rule.programs === undefined || rule.programs.some((one) => matches(one, peer) === true);
}

/** For a deny: an unknown program may be among them. */
export function mayBeProgram(rule: EgressRule, peer: EgressPeer | undefined): boolean {
  return rule.programs === undefined || rule.programs.some((one) => matches(one, peer) !== false);
}

/** `undefined` = cannot be said. */
function matches(
  { exe, sha256 }: NonNullable<EgressRule["programs"]>[number],
  peer: EgressPeer | undefined,
): boolean | undefined {
  if (peer?.exe === undefined) return undefined;
  if (peer.exe !== exe) return false;
  if (sha256 === undefined) return true;
  return peer.sha256 === undefined ? undefined : peer.sha256 === sha256;
}

interface Facts {
  /** Everything the request could be taken to ask: its method, and those that it says some server should read instead. */
  readonly methods: readonly string[];
  /** `undefined`: servers could read it differently. */
  readonly path: string | undefined;
  readonly protocol: Protocol;
  readonly scheme: "http" | "https";
}

function factsOf(request: EgressRequest): Facts {
  const { scheme, method, target, upgrade } = request;
  return {
    methods: methodsOf(request),
    path: namesAnotherPath(request) ? undefined : normalPath(target),
    protocol: upgrade !== undefined || method === "CONNECT" ? "websocket" : scheme,
    scheme,
  };
}

function allows(rule: EgressRule, facts: Facts, peer: EgressPeer | undefined): boolean {
  return isProtocol(rule, facts) && isMethod(rule, facts) && isPath(rule, facts) && isProgram(rule, peer);
}

function isMethod({ methods }: EgressRule, facts: Facts): boolean {
  return methods === undefined || facts.methods.every((method) => methods.includes(method));
}

function isPath({ paths }: EgressRule, { path }: Facts): boolean {
  if (paths === undefined) return true;
  return path !== undefined && paths.some((pattern) => pathMatches(pattern, path, "allow"));
}

/** A switch to WebSocket opens a channel that no method or path rule sees again: such a rule has to name it. */
function isProtocol(rule: EgressRule, { protocol, scheme }: Facts): boolean {
  const { protocols } = rule;
  // what may pass unread may also be read
  if (protocols?.includes("tcp") || (scheme === "https" && protocols?.includes("tls"))) return true;
  if (protocols !== undefined) return protocols.includes(protocol);
  return protocol !== "websocket" || (rule.methods === undefined && rule.paths === undefined);
}

/** Everything that cannot be excluded counts: a method in another case, a path that some server reads so, an unknown program. */
function mayDeny(rule: EgressRule, facts: Facts, peer: EgressPeer | undefined): boolean {
  const { methods, paths, protocols } = rule;
  if (protocols !== undefined && !protocols.includes(facts.protocol) && !protocols.includes(facts.scheme)) return false;
  if (methods !== undefined && !facts.methods.some((method) => methods.includes(method.toUpperCase()))) return false;
  const { path } = facts;
  if (paths !== undefined && path !== undefined && !paths.some((one) => pathMatches(one, path, "deny"))) return false;
  return mayBeProgram(rule, peer);
}

/** What the nearest rules lack, first of all that which an agent can change. */
function missing(
  near: readonly EgressRule[],
  facts: Facts,
  peer: EgressPeer | undefined,
): Pick<EgressRefusal, "reason" | "hint"> {
  const ours = near.filter((rule) => isProgram(rule, peer));
  if (ours.length === 0)
    return {
      reason: "program-not-allowed",
      hint: `only ${listed(near.flatMap(({ programs = [] }) => programs.map(({ exe }) => exe)))} may go there; the program that asked is ${peer?.exe === undefined ? "not known" : `\`${forTerminal(peer.exe, { max: TOLD_MOST })}\``}`,
    };
  const spoken = ours.filter((rule) => isProtocol(rule, facts));
  if (spoken.length === 0)
    return {
      reason: "protocol-not-allowed",
      hint: `the rule does not open ${facts.protocol}; a person can: put it under \`protocols\``,
    };
  const byMethod = spoken.filter((rule) => isMethod(rule, facts));
  if (byMethod.length === 0)
    return {
      reason: "method-not-allowed",
      hint: `the rule opens ${listed(spoken.flatMap(({ methods = [] }) => methods))} only; a person can add ${told(facts.methods)} under \`methods\``,
    };
  if (facts.path === undefined)
    return {
      reason: "path-ambiguous",
      hint: "servers could read this path differently; write it without `..`, `//`, `;`, encoded slashes or letters, and without fields that rewrite it or name another",
    };
  return {
    reason: "path-not-allowed",
    hint: `the rule opens ${listed(byMethod.flatMap(({ paths = [] }) => paths))} only; a person can add ${forTerminal(facts.path, { max: TOLD_MOST })} under \`paths\``,
  };
}

/** A person reads what to type: words of the program's own are not among it. */
function told(methods: readonly string[]): string {
  const known = methods.filter(isKnownMethod);
  return known.length === methods.length ? listed(known) : listed([...known, "the method that was asked for"]);
}

const TOLD_MOST = 120;

function listed(words: readonly string[]): string {
  const unique = [...new Set(words)];
  const shown = unique.slice(0, 5).join(", ");
  return unique.length > 5 ? `${shown} and ${unique.length - 5} more` : shown;
}
