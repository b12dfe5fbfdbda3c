// The door of what the gate judges: changes, and why one waits.
export type { Change, ChangeKind, ChangeSet, Entry, EntryType, HostEntry } from "./change.ts";
export { type GateContext, type HoldReason, type Judged, judgeChanges } from "./gate.ts";
