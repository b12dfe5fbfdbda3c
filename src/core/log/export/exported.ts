// What an export is made of: the lines of one log, each a record or damage. A line that is no record is an event of its own, so that a
// receiver sees a hole where there is one.
import type { LogRecord } from "../leaf.ts";
import type { Json } from "../record.ts";

/** Whose lines they are. The same in every event of one export, however often it is started again. */
export interface Stream {
  /** Name of the log's key: `ringfence-machine-<id>/<session>`. */
  readonly origin: string;
  /** The agent as the session's first record names it. */
  readonly agent?: string;
  /** Of the exporting program. */
  readonly version: string;
}

/** A line that is a record. */
export interface ExportedRecord {
  readonly kind: "record";
  readonly record: LogRecord;
  /** The exact line, without its line feed. */
  readonly line: string;
  /** Its leaf hash, 64 lower-case hexadecimal digits. */
  readonly leaf: string;
  /** What stands beside the line: contents of blobs by digest, and values of private fields by commitment where they were asked for. */
  readonly beside: ReadonlyMap<string, Json>;
}

/** How the log departs from what its writer writes; the words of `log verify`, and `blob` for content that is not what its name says. */
export type DamageKind =
  | "edit"
  | "delete"
  | "insert"
  | "reorder"
  | "dup-json"
  | "framing"
  | "trailing"
  | "blob"
  | "truncated";

/** Something that is not as its writer left it. */
export interface ExportedDamage {
  readonly kind: "damage";
  readonly damage: DamageKind;
  /** The number that a record at this place should have. */
  readonly seq: number;
  /** Path below the log's folder, and offset in it. */
  readonly file: string;
  readonly offset: number;
  /** How long the damaged text is. */
  readonly bytes: number;
  /** Its beginning, as text. */
  readonly text: string;
  /** SHA-256 of the damaged bytes. */
  readonly hash: string;
  /** Time of the last good record before it, else of the file: damage has no clock. */
  readonly ts: string;
}

/** One line as a format gets it. */
export type Exported = ExportedRecord | ExportedDamage;

/** Characters of text that one event holds at most, where a receiver sets no limit of its own. */
export const EVENT_TEXT = 131_072;
