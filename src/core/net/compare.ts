// Two plans against each other: does the later one open anything? A changed policy that only closes holds at once, one that opens waits for a
// person. What cannot be seen to be narrower counts as wider. Pure.
import { EVERY_HOST } from "./grammar.ts";
import { normalPath, pathMatches } from "./path.ts";
import { isNarrowed } from "./request.ts";
import type { EgressPlan, EgressRule, HostPattern, ProgramMatch } from "./rule.ts";

/** True when nothing passes under `after` that would not pass under `before`. */
export function onlyTightens(before: EgressPlan, after: EgressPlan): boolean {
  return (
    after.allow.every((rule) => before.allow.some((wide) => isWithin(rule, wide, "allow"))) &&
    before.deny.every((rule) => after.deny.some((wide) => isWithin(rule, wide, "deny"))) &&
    after.allowPrivate.every((entry) => before.allowPrivate.some((known) => isSame(entry, known))) &&
    after.inspectExcept.every((entry) => before.inspectExcept.some((known) => isSame(entry, known))) &&
    (after.mode === "enforce" || before.mode === "report") &&
    INSPECT.indexOf(after.inspect) <= INSPECT.indexOf(before.inspect) &&
    after.maxConnections <= before.maxConnections
  );
}

/** What both let pass, and nothing else: the part of a change that needs nobody's word. */
export function tightest(before: EgressPlan, after: EgressPlan): EgressPlan {
  const within = (rules: readonly EgressRule[], wide: readonly EgressRule[]): readonly EgressRule[] =>
    rules.filter((rule) => wide.some((one) => isWithin(rule, one, "allow")));
  const kept = within(after.allow, before.allow);
  const more = within(before.allow, after.allow).filter((rule) => !kept.some((one) => isWithin(rule, one, "allow")));
  return {
    ...after,
    allow: [...kept, ...more],
    deny: [...after.deny, ...before.deny.filter((rule) => !after.deny.some((one) => isWithin(rule, one, "deny")))],
    allowPrivate: after.allowPrivate.filter((entry) => before.allowPrivate.some((known) => isSame(entry, known))),
    mode: after.mode === "report" && before.mode === "report" ? "report" : "enforce",
    inspect: INSPECT[Math.min(INSPECT.indexOf(before.inspect), INSPECT.indexOf(after.inspect))] ?? "all",
    inspectExcept: after.inspectExcept.filter((entry) => before.inspectExcept.some((known) => isSame(entry, known))),
    maxConnections: Math.min(before.maxConnections, after.maxConnections),
  };
}

/** True when `after` has TLS read that `before` leaves alone. */
export function readsMore(before: EgressPlan, after: EgressPlan): boolean {
  const isExceptedStill = (entry: HostPattern): boolean => after.inspectExcept.some((known) => isSame(entry, known));
  return (
    INSPECT.indexOf(after.inspect) < INSPECT.indexOf(before.inspect) || !before.inspectExcept.every(isExceptedStill)
  );
}

/** True when both plans say the same, wherever it is written. */
export function isSamePlan(a: EgressPlan, b: EgressPlan): boolean {
  return bare(a) === bare(b);
}

function bare({ allow, allowPrivate, deny, inspect, inspectExcept, maxConnections, mode }: EgressPlan): string {
  const sorted = (list: readonly object[]): readonly string[] => list.map((one) => JSON.stringify(one)).sort();
  const lists = [allow.map(facts).sort(), deny.map(facts).sort(), sorted(allowPrivate), sorted(inspectExcept)];
  return JSON.stringify([lists, inspect, maxConnections, mode]);
}

/** From the one that reads most. */
const INSPECT: readonly EgressPlan["inspect"][] = ["all", "auto", "rules"];

function facts({ at, text, ...rule }: EgressRule): string {
  return JSON.stringify(rule);
}

function isSame(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Everything that `rule` covers is covered by `wide`. */
function isWithin(rule: EgressRule, wide: EgressRule, effect: "allow" | "deny"): boolean {
  return (
    isHostWithin(rule, wide) &&
    isPortsWithin(rule, wide) &&
    (wide.methods === undefined || isSubset(rule.methods, wide.methods)) &&
    (wide.paths === undefined || arePathsWithin(rule.paths, wide.paths, effect)) &&
    areProtocolsWithin(rule, wide, effect) &&
    (wide.programs === undefined || areProgramsWithin(rule.programs, wide.programs)) &&
    (effect === "deny" || !rule.portNamed || wide.portNamed)
  );
}

function isHostWithin(rule: HostPattern, wide: HostPattern): boolean {
  if (wide.host === EVERY_HOST && !wide.wildcard) return true;
  if (!wide.wildcard) return !rule.wildcard && rule.host === wide.host;
  return rule.host.endsWith(`.${wide.host}`) || (rule.wildcard && rule.host === wide.host);
}

function isPortsWithin(rule: EgressRule, wide: EgressRule): boolean {
  if (wide.ports.length === 0) return true;
  return rule.ports.length > 0 && rule.ports.every((port) => wide.ports.includes(port));
}

function isSubset(some: readonly string[] | undefined, all: readonly string[]): boolean {
  return some?.every((one) => all.includes(one)) === true;
}

/** A path without wildcards may lie within a pattern; two patterns are only compared by their text. */
function arePathsWithin(
  some: readonly string[] | undefined,
  all: readonly string[],
  effect: "allow" | "deny",
): boolean {
  const isLiteral = (path: string): boolean => !path.includes("*") && normalPath(path) === path;
  return (
    some?.every(
      (path) => all.includes(path) || (isLiteral(path) && all.some((pattern) => pathMatches(pattern, path, effect))),
    ) === true
  );
}

/** An allow on methods or paths opens no WebSocket and nothing unread unless it says so; a deny without the word covers every protocol. */
function areProtocolsWithin(rule: EgressRule, wide: EgressRule, effect: "allow" | "deny"): boolean {
  if (wide.protocols !== undefined) return isSubset(rule.protocols, wide.protocols);
  if (effect === "deny" || !isNarrowed(wide)) return true;
  return rule.protocols === undefined ? isNarrowed(rule) : isSubset(rule.protocols, ["http", "https"]);
}

function areProgramsWithin(some: readonly ProgramMatch[] | undefined, all: readonly ProgramMatch[]): boolean {
  const isKnown = ({ exe, sha256 }: ProgramMatch): boolean =>
    all.some((one) => one.exe === exe && (one.sha256 === undefined || one.sha256 === sha256));
  return some?.every(isKnown) === true;
}
