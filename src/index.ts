// The library: what `ringfence` does from the command line, for programs that embed it. Everything else is the house's own.
export {
  type Decision,
  err,
  ok,
  type Problem,
  type Reason,
  type Result,
  type Span,
  strictest,
  type Verdict,
} from "#core";
export { consistencyProof, extendsTree } from "#core/log";
export {
  type AddressClass,
  canonicalAddress,
  classifyAddress,
  isInside,
  parseHost,
  presetNames,
  singleAddress,
} from "#core/net";
export { compilePattern, protection } from "#core/paths";
export {
  DEFAULT_POLICY_TEXT,
  type LayerText,
  type LoadedPolicy,
  loadPolicy,
  type Policy,
  parseDuration,
  parseSize,
} from "#core/policy";
export { duration, type Outcome, summaryLines } from "#core/session";
export { forTerminal, forTerminalLines } from "#core/text";
export { type RunAnswer, type RunRequest, runSession } from "#monitor";
