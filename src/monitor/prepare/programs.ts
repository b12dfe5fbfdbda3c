// Programs that network rules name, as the kernel will name them: links followed on this machine, whose system folders every fence shows unchanged.
import { realpathSync } from "node:fs";
import type { EgressPlan, EgressRule } from "#core/net";

/** The plan with every program's real path. One that is not there keeps its name, and matches nothing until it is. */
export function withRealPrograms<Plan extends Pick<EgressPlan, "allow" | "deny">>(plan: Plan): Plan {
  return { ...plan, allow: plan.allow.map(withReal), deny: plan.deny.map(withReal) };
}

function withReal(rule: EgressRule): EgressRule {
  if (rule.programs === undefined) return rule;
  return { ...rule, programs: rule.programs.map((program) => ({ ...program, exe: realPath(program.exe) })) };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
