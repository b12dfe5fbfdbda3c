// The words of a rule that limit what may be done at a host: methods, paths, protocols, programs. From text to the rule, or what is wrong. Pure.
import type { NetworkRuleText } from "../policy/policy.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { forTerminal } from "../text/index.ts";
import { parsePathPattern } from "./path.ts";
import { mustBeRead } from "./request.ts";
import type { EgressRule, ProgramMatch, Protocol } from "./rule.ts";

/** What a rule says beside its host. */
export type Narrowing = Pick<NetworkRuleText, "methods" | "paths" | "protocols" | "programs">;

/** The rule with its limits. Bytes that nobody reads pass only where nothing of it has to be read. */
export function narrow(rule: EgressRule, by: Narrowing): Result<EgressRule, Problem> {
  const { methods, protocols } = by;
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "network-bad-rule", message: `the network rule \`${rule.text}\` ${message}`, at: rule.at, hint });
  const paths = by.paths?.map((text) => ({ text, normal: parsePathPattern(text) }));
  const broken = paths?.find(({ normal }) => normal === undefined);
  if (broken !== undefined)
    return bad(
      `has a path that servers could read differently: \`${forTerminal(broken.text, { max: 120 })}\``,
      "write it decoded, as `/repos/acme/**`: no `..`, `//`, `;`, no query; `**` stands for whole segments",
    );
  const opaque = protocols?.filter((word) => word === "tls" || word === "tcp") ?? [];
  if (opaque.length > 0 && (methods !== undefined || paths !== undefined))
    return bad(
      `opens \`${opaque.join(", ")}\`, which nobody reads, and limits methods or paths, which must be read`,
      "take one of them out, or write two rules",
    );
  if (opaque.includes("tcp") && !(rule.portNamed && !rule.ports.includes(443)))
    return bad("opens `tcp` without naming a port of its own", "write `host:PORT`, and not 443");
  const programs = by.programs?.map(programOf);
  const narrowed: EgressRule = {
    ...rule,
    ...(methods === undefined ? {} : { methods }),
    ...(paths === undefined ? {} : { paths: paths.flatMap(({ normal }) => normal ?? []) }),
    ...(protocols === undefined ? {} : { protocols: protocols as readonly Protocol[] }),
    ...(programs === undefined ? {} : { programs }),
  };
  const isOpaque = rule.portNamed && !mustBeRead(narrowed) && (protocols === undefined || protocols.includes("tcp"));
  return ok({ ...narrowed, portNamed: isOpaque });
}

function programOf(entry: NonNullable<Narrowing["programs"]>[number]): ProgramMatch {
  return typeof entry === "string" ? { exe: entry } : { ...entry };
}
