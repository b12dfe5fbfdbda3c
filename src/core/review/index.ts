// What may leave a session, and what waits for a person (SAND-7, REV-1). Pure.
export type { Change, ChangeKind, ChangeSet, Entry, EntryType, HostEntry } from "./change.ts";
