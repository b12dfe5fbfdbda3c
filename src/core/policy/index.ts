export { MAX_POLICY_CHARACTERS, parsePolicyDocument } from "./document.ts";
export { DEFAULT_POLICY_TEXT, type LayerText, type LoadedPolicy, loadPolicy } from "./load.ts";
export { parseDuration, parseSize } from "./measure.ts";
export type { Dropped } from "./merge.ts";
export type {
  ApplyWhen,
  LayerName,
  Limits,
  Mode,
  NetworkRuleText,
  PathText,
  Policy,
  PrivateHost,
  RuleText,
  SandboxMode,
  Tier,
  WorkspaceKind,
} from "./policy.ts";
export { parseRule, type Rule } from "./rule.ts";
