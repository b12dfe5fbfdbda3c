// What a lane hands to its client, whatever the client listens to: messages, and what a stream of events says beside them.

/** A place in a stream. */
export interface StreamPlace {
  readonly id?: string;
  readonly retryMs?: number;
}

/** What goes to the client. */
export type ToClient =
  /** The upstream's own status, before anything else of it. */
  | { readonly kind: "head"; readonly status: number; readonly isStream: boolean }
  | ({ readonly kind: "message"; readonly bytes: Uint8Array; delivered?(): void } & StreamPlace)
  /** A place without a message. */
  | ({ readonly kind: "mark" } & StreamPlace)
  /** A sign of life. */
  | { readonly kind: "alive" };

/** How a stream ended. */
export interface Ended {
  readonly isAnswered: boolean;
  /** Where the rest of it can be had. */
  readonly resume?: { readonly lastEventId: string; readonly afterMs: number };
}
