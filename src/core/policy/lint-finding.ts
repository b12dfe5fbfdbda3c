// One finding of `policy lint` about a rule.
import type { Problem } from "../result.ts";
import type { RuleText } from "./policy.ts";

/** The rule, what is to be said of it, and what to write instead. */
export function finding(code: string, message: string, rule: RuleText, hint: string): Problem {
  return { code, message: `\`${rule.text}\` ${message}`, at: rule.at, hint };
}
