// The command that a person typed behind `run --` against the policy's denies. They typed it, so a question is answered; a deny is not.
import type { Problem } from "#core";
import { compileRules, decide, explainReason, type Policy } from "#core/policy";
import { linkResolver } from "./links.ts";

/** What is judged, and where. */
export interface TypedCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly root: string;
  readonly home: string;
}

/** The refusal, or `undefined`. Without a deny in the policy there is nothing to judge. */
export function deniedCommand(policy: Policy, typed: TypedCommand): Problem | undefined {
  const { root, home, cwd, argv } = typed;
  if (policy.permissions.deny.length === 0) return undefined;
  const rules = compileRules(policy.permissions, { root, home });
  if (!rules.ok) return rules.error[0];
  const command = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  const judge = { rules: rules.value, mode: "default", facts: { root, home, resolve: linkResolver() } } as const;
  const reason = decide(judge, { kind: "exec", command, cwd }).reasons.find(({ verdict }) => verdict === "deny");
  if (reason === undefined) return undefined;
  return {
    code: "denied-by-policy",
    message: `\`${argv.join(" ").slice(0, 200)}\` is denied: ${explainReason(reason)}`,
    ...(reason.at === undefined ? {} : { at: reason.at }),
    hint: "run another command, or change that rule",
  };
}
