// The door of the monitor: the only room that knows the enforcers.

export {
  answerQuestion,
  approvalSockets,
  type FoundQuestion,
  findQuestions,
  watchQuestions,
} from "./approvals/approval-client.ts";
export { type ApprovalServer, serveApprovals } from "./approvals/approval-server.ts";
export { type Approvals, type ApprovalsOptions, openApprovals } from "./approvals/approvals.ts";
export { type HeldScreen, overScreen, type QuestionChannel, type Said } from "./approvals/question-channel.ts";
export { type ChannelParts, openChannels } from "./approvals/question-channels.ts";
export type { OpenQuestion } from "./approvals/question-race.ts";
export { applyHunks, discardHunks, type HunkWish, hunksAt } from "./changes/hunks.ts";
export { listPasts, PAST_KEPT, pastBytes } from "./changes/past-folder.ts";
export {
  type ApplyResult,
  applyReview,
  discardReview,
  type OpenReview,
  openReview,
  type ReviewPlaces,
  showReview,
} from "./changes/review.ts";
export { takeOutput } from "./changes/take-output.ts";
export { type UndoResult, undoSession } from "./changes/undo.ts";
export { type DemoDeps, type DemoReport, type Ended, type Finding, runDemo } from "./demo.ts";
export {
  type AnnouncedExec,
  type ExecRefusal,
  requestExec,
  requestLifecycle,
  requestReload,
  requestStop,
} from "./exec/exec-client.ts";
export type { ExecEnd, ExecWish } from "./exec/exec-wire.ts";
export { fencedCommand, type IdleRequest, type IdleSession, openIdleSession } from "./exec/idle-session.ts";
export { type AskMonitorOptions, askMonitor, type NoAnswer } from "./guard/client.ts";
export type { DialectOf } from "./guard/hook-answer.ts";
export { hostSocket, openHookHost, readHostStatus } from "./guard/host.ts";
export { legsOfSession } from "./guard/session-legs.ts";
export { openUncontained } from "./guard/uncontained.ts";
export { composeFiles, devcontainerFiles, type NewFile } from "./init/outer-container.ts";
export { proposePolicy } from "./init/proposal.ts";
export { surveyRepository } from "./init/survey.ts";
export { POLICY_FILE, writePolicyFile } from "./init/write.ts";
export { writeNewFiles } from "./init/write-new.ts";
export { cleanUp, findLitter, type Litter, tidyUp } from "./lifecycle/janitor.ts";
export { keepSession } from "./lifecycle/keep.ts";
export { findSnapshot, restoreSnapshot } from "./lifecycle/restore.ts";
export { listSnapshots, removeSnapshot, type SnapshotMeta } from "./lifecycle/snapshots.ts";
export { bytesText } from "./limits/hit.ts";
export { describeUpstream } from "./mcp/describe-upstream.ts";
export { lockFilePlace } from "./mcp/lock-place.ts";
export { loginToServer } from "./mcp/login-server.ts";
export type { McpPeers, McpSession } from "./mcp/mcp-session.ts";
export type { PeerTool } from "./mcp/neighbours.ts";
export { otherOfOwn, otherOfProject } from "./mcp/other-server.ts";
export { openPins, type Pins, type PinsOptions } from "./mcp/pins.ts";
export { type ClientSide, proxyServer } from "./mcp/proxy-server.ts";
export { type ClientEnds, runServer, type ServerRequest } from "./mcp/run-server.ts";
export { declaredIn } from "./mcp/running-server.ts";
export type { GivenField } from "./mcp/upstream-login.ts";
export { openUpstreamSession, type UpstreamRequest, type UpstreamSession } from "./mcp/upstream-session.ts";
export { linkResolver } from "./prepare/links.ts";
export {
  acceptPolicyFile,
  MANAGED_POLICY,
  type PolicyPlaces,
  readLayers,
  readPolicy,
  readPolicyFile,
} from "./prepare/policy-files.ts";
export { findWorkspace, type Workspace, workspaceFolder } from "./prepare/workspace.ts";
export { type RecordedSession, recordedSession } from "./recorded-session.ts";
export type { RunAnswer, RunRequest } from "./request.ts";
export { runSession } from "./session.ts";
export { sessionPaths } from "./session-folders.ts";
export { listSessions, type SessionMeta } from "./sessions.ts";
export { sweepSessions } from "./sweep.ts";
