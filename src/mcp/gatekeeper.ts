// The gatekeeper's contract: bytes of one message in, what is to be done with them out. It knows no transport.
import type { Problem, Result } from "#core";
import type { Finding, Json, JsonLimits, JsonObject, ServerDescription, ServerOpening, Verified } from "#core/mcp";
import type { Asker } from "./asker.ts";
import type { McpPorts } from "./ports.ts";

/** What a transport does with a message. */
export type Passage =
  /** To the other side, these bytes. `delivered` is called once they are written. */
  | { readonly kind: "forward"; readonly bytes: Uint8Array; delivered?(): void }
  /** Back to the sender. */
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | { readonly kind: "drop"; readonly why: string }
  /** A batch that is not passed on whole: its messages, one by one. */
  | { readonly kind: "several"; readonly parts: readonly Passage[] };

/** A message that the transport could not even hold: what is known of it. */
export interface Unread {
  readonly why: "too-long" | "half-line" | "bad-event";
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** One connection's gatekeeper. Calls may overlap: a question to a person does not stop what comes behind it. */
export interface Gatekeeper {
  fromClient(bytes: Uint8Array): Promise<Passage>;
  fromServer(bytes: Uint8Array): Promise<Passage>;
  /** The same for what the transport could not hold. */
  unread(from: "client" | "server", what: Unread): Promise<Passage>;
  /** A person has changed the lock: what is served is compared anew. Answers with what the client is to be told, message by message. */
  reverify(): Promise<readonly Uint8Array[]>;
  /** The client asks nothing more: questions about what it asked end. What was forwarded may still be answered. */
  abandon(): void;
  /** Ends questions, drops what is open. */
  close(): Promise<void>;
}

/** Which part of a server is verified: its opening (instructions, capabilities) before its lists are known, or all of it. */
export type VerifiedPart = "opening" | "whole";

/** What one gatekeeper works with. */
export interface GatekeeperOptions {
  readonly server: string;
  readonly ports: McpPorts;
  readonly asker: Asker;
  /** Lists everything the server has, whole, by requests of our own. */
  list(asker: Asker, opening: ServerOpening): Promise<Result<ServerDescription, Problem>>;
  /** Compares what was found with the lock; reads the lock anew each time. Pins a first sight only as a whole. */
  verify(found: ServerDescription, part: VerifiedPart): Promise<Verified>;
  /** Another text once a lock is another one: asked before each call, so it has to be quick. */
  lockMark?(): string;
  /** The digest of one definition, for calls on record. */
  digest(definition: JsonObject): string;
  /** What screening says of a text of the server: a result, an error, a wish, a notification's parameters. With the signal nobody waits for it any more. */
  screen(value: Json, signal?: AbortSignal): Promise<readonly Finding[]>;
  /** Strips and redacts; `changed` says whether anything was. */
  clean(value: Json): { readonly value: Json; readonly changed: boolean };
  /** How long and deep a message may be; 16 MiB and 128 levels, where nothing else is said. */
  readonly limits?: JsonLimits;
}
