// The words of the house (DESIGN section 1). Every other room may import them; they import nothing.
export type { Action, ActionKind } from "./action.ts";
export type { Answer, ApprovalScope, Question } from "./approval.ts";
export type { Decision, Obligation, Reason } from "./decision.ts";
export type {
  Dialect,
  HookAnswer,
  HookContext,
  HookEvent,
  HookedAgent,
  HookedTool,
  HookKind,
  HookReply,
} from "./hook.ts";
export { once } from "./once.ts";
export { err, ok, type Problem, type Result, type Span } from "./result.ts";
export { type Actions, actionsOfTool } from "./tool/actions-of-tool.ts";
export { atLeast, strictest, type Verdict } from "./verdict.ts";
