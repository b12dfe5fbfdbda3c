// The door of what the gate judges: changes, why one waits, and what is kept so that they can be undone.
export type { Change, ChangeKind, ChangeSet, Entry, EntryType, HostEntry, RepositoryLoss } from "./change.ts";
export { type GateContext, judgeChanges } from "./gate.ts";
export { type GitPlace, gitPlace, isGitData, isGitObject } from "./git.ts";
export { indexMeaning } from "./git-index.ts";
export { type GitSetting, type GitSettings, type GitSettingsVerdict, judgeGitSettings } from "./git-settings.ts";
export { isLeft, type LeftState, leftOf } from "./left.ts";
export { type LinkWorld, linkEnd } from "./link.ts";
export { type Obeyed, obeyedNames, obeyedReason } from "./obeyed.ts";
export { isSameState, type PastEntry, type PastRecord } from "./past.ts";
export type { HoldReason, Judged } from "./reason.ts";
