export { type AskingSession, type ProcessFacts, refuseAnswerer } from "./answerer.ts";
export { CallBook } from "./call-book.ts";
export { cloneOwner } from "./clone.ts";
export {
  type Disagreement,
  type DisagreementReport,
  disagreements,
} from "./disagreement.ts";
export { addGrant, type Grant, type Grants, takeGrant } from "./grants.ts";
export {
  DEFAULT_LEG_POLICY,
  LEG_SOURCES,
  type Leg,
  type LegPolicy,
  type LegSource,
  legsOf,
  type ServerSource,
} from "./leg-policy.ts";
export {
  approveLegs,
  causesOf,
  judgeLegs,
  type LegCause,
  type LegState,
  type LegVerdict,
  NO_LEGS,
  newCauses,
  type Observation,
  observe,
} from "./legs.ts";
export { observationsOf, observationsOfEvent, observationsOfRecord } from "./observation.ts";
export { offeredRule, type RuleEffect, ruleEffect } from "./offered-rule.ts";
export type { HeldChange, HostCount, LimitHolder, Outcome, RuntimeOutcome } from "./outcome.ts";
export { type ProcessNode, type ProcessTree, processTree } from "./process-tree.ts";
export { fullBucket, PROMPT_BUDGET, type PromptBucket, type PromptBudget, takePrompt } from "./prompt-budget.ts";
export { countPrompt, NO_PROMPTS, type PromptTally, promptLines } from "./prompt-tally.ts";
export {
  makeQuestion,
  QUESTION_MOST,
  type QuestionFacts,
  type QuestionStamp,
  questionDigest,
  questionId,
} from "./question.ts";
export { type Choice, effectLines, questionChoices, questionLines } from "./question-lines.ts";
export { quoted } from "./quoted.ts";
export { type CommandSource, commandSources } from "./sources/commands.ts";
export type { LegContext } from "./sources/context.ts";
export { plainlyReads, plainlyWrites } from "./sources/mcp.ts";
export { outcomeSources } from "./sources/mcp-outcome.ts";
export { allLegPrograms } from "./sources/programs.ts";
export { duration, summaryLines } from "./summary.ts";
export { type Moment, timeline } from "./timeline.ts";
export { type TimelineView, timelineLines } from "./timeline-lines.ts";
export { type TreeView, treeLines } from "./tree-lines.ts";
