export type { Actor, Append, Json, Origin, RecordBody, RecordType } from "./record.ts";
