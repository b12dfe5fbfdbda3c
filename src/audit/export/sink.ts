// What a delivery ends in. A sink takes batches in order; when `deliver` says ok, the receiver has them as far as its protocol can tell.
import type { Problem, Result } from "#core";
import type { Exported } from "#core/log/export";

/** Some events, rendered. */
export interface Batch {
  readonly texts: readonly string[];
  readonly events: readonly Exported[];
}

/** What a sink can take. */
export interface SinkRoom {
  /** Events of a batch at most. */
  readonly events: number;
  /** The longest message, where events travel alone; values are cut until theirs is no longer. */
  readonly message?: { readonly bytes: number; readonly length: (text: string, event: Exported) => number };
}

/** A place that events go to. Its owner closes it. */
export interface Sink {
  readonly room: SinkRoom;
  deliver(batch: Batch, signal: AbortSignal): Promise<Result<undefined, Problem>>;
  /** Says the last word to the receiver, and whether it took it. `complete` is false when the delivery was given up. */
  close(options: { readonly complete: boolean }): Promise<Result<undefined, Problem>>;
}

/** Bytes of a batch at most, whatever the sink: what is held in memory. */
export const BATCH_BYTES = 1_048_576;
