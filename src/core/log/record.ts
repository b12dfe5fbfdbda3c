// The shape of one log record (DESIGN section 9) as the rooms hand it to the log's writer.

/** Who did it, as far as known. */
export interface Actor {
  readonly agent?: string;
  readonly tool_use_id?: string;
  readonly pid?: number;
  readonly exe?: string;
}

/** `observed` was seen by a wall or the supervisor; `claimed` was only told by an agent or another tool. */
export type Origin = "observed" | "claimed";

/** The closed list of record types; `mcp.*`, `review.*`, `lifecycle.*` and `setup.*` are families. */
export type RecordType =
  | "session.open"
  | "session.close"
  | "tool.call"
  | "tool.result"
  | "exec.start"
  | "exec.fork"
  | "exec.exit"
  | "file.write"
  | "file.read"
  | "net.connect"
  | "net.close"
  | "net.blocked"
  | "secret.use"
  | "prompt"
  | "model.output"
  | "approval.ask"
  | "approval.answer"
  | "leg.set"
  | "limit.hit"
  | "diff"
  | "policy.change"
  | "recovery"
  | "prune"
  | "recorder.lost"
  | "redaction"
  | "epoch.close"
  | "other"
  | "epoch.open"
  | `mcp.${string}`
  | `review.${string}`
  | `lifecycle.${string}`
  | `setup.${string}`;

/** JSON as the log writes it: no floats, integers up to 2^53, depth at most 64. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a room hands to the writer; seq, prev, ts, mono and session are the writer's. */
export interface RecordBody {
  readonly type: RecordType;
  readonly origin: Origin;
  readonly actor?: Actor;
  readonly data: { readonly [key: string]: Json };
}

/**
 * The one way a room writes to the record. Resolves with the sequence number once the line is durable (fdatasync);
 * rejects when it cannot be: then the act it announces must not happen (I6).
 */
export type Append = (body: RecordBody) => Promise<number>;
