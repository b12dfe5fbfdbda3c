export { adviceOn, type RuleOrigins } from "./advice.ts";
export { backstop } from "./backstop.ts";
export { decide, decideAll } from "./decide.ts";
export { removedTools } from "./decide-tool.ts";
export { MAX_POLICY_CHARACTERS, parsePolicyDocument } from "./document.ts";
export { mcpServer, serverCommand } from "./effective-mcp.ts";
export { explainedCodes, explainReason, hintFor, tellingReasons } from "./explain.ts";
export type { Judge, JudgedCommand, Judgement } from "./judge.ts";
export type { PathFacts } from "./judge-paths.ts";
export { POLICY_KEYS, serverKeys } from "./keys.ts";
export { lintPolicy } from "./lint.ts";
export { undescribedCredentials } from "./lint-credentials.ts";
export { DEFAULT_POLICY_TEXT, type LayerText, type LoadedPolicy, loadPolicy } from "./load.ts";
export { choosesCode } from "./loader-names.ts";
export { parseDuration, parseSize } from "./measure.ts";
export type { Dropped } from "./merge.ts";
export { MODES, type ModeTerms, sessionMode } from "./mode.ts";
export type {
  ApplyWhen,
  ApprovalChannel,
  ApprovalPolicy,
  LayerName,
  Limits,
  McpPolicy,
  McpServerPolicy,
  Mode,
  NetworkRuleText,
  PathText,
  Policy,
  PrivateHost,
  RuleOfTwo,
  RuleText,
  SandboxMode,
  Tier,
  WorkspaceKind,
} from "./policy.ts";
export { type PolicyTest, parseTestLines, runTest, type TestOutcome, testName, testsOf } from "./policy-test.ts";
export { proofLines, SCREEN } from "./proof.ts";
export { parseRule, type Rule } from "./rule.ts";
export { type CompiledRules, compileRules } from "./rules.ts";
export type { ServerWords } from "./server-view.ts";
export { type Circumstances, type Settlement, settle } from "./settle.ts";
export { readsSecret, sparingRules } from "./sparing.ts";
