// The door of the monitor: the only room that knows the enforcers.

export {
  answerQuestion,
  approvalSockets,
  type FoundQuestion,
  findQuestions,
  watchQuestions,
} from "./approval-client.ts";
export { type ApprovalServer, serveApprovals } from "./approval-server.ts";
export { type Approvals, type ApprovalsOptions, type OpenQuestion, openApprovals } from "./approvals.ts";
export { type AskMonitorOptions, askMonitor, type NoAnswer } from "./client.ts";
export { type DemoDeps, type DemoReport, type Ended, type Finding, runDemo } from "./demo.ts";
export { type AnnouncedExec, type ExecRefusal, requestExec, requestStop } from "./exec-client.ts";
export type { ExecEnd, ExecWish } from "./exec-wire.ts";
export type { DialectOf } from "./hook-answer.ts";
export { hostSocket, openHookHost, readHostStatus } from "./host.ts";
export { fencedCommand, type IdleRequest, type IdleSession, openIdleSession } from "./idle-session.ts";
export { proposePolicy } from "./init/proposal.ts";
export { surveyRepository } from "./init/survey.ts";
export { POLICY_FILE, writePolicyFile } from "./init/write.ts";
export { linkResolver } from "./links.ts";
export {
  acceptPolicyFile,
  MANAGED_POLICY,
  type PolicyPlaces,
  readLayers,
  readPolicy,
  readPolicyFile,
} from "./policy-files.ts";
export { type HeldScreen, overScreen, type QuestionChannel, type Said } from "./question-channel.ts";
export { type ChannelParts, openChannels } from "./question-channels.ts";
export type { RunAnswer, RunRequest } from "./request.ts";
export {
  type ApplyResult,
  applyReview,
  discardReview,
  type OpenReview,
  openReview,
  type ReviewPlaces,
  showReview,
} from "./review.ts";
export { runSession } from "./session.ts";
export { legsOfSession } from "./session-legs.ts";
export { listSessions, type SessionMeta, sessionPaths } from "./sessions.ts";
export { sweepSessions } from "./sweep.ts";
export { openUncontained } from "./uncontained.ts";
export { findWorkspace, type Workspace, workspaceFolder } from "./workspace.ts";
