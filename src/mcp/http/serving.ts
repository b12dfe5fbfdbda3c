// One request of a client while it is served.
import type { IncomingMessage, ServerResponse } from "node:http";
import { WIRE_LIMITS } from "#core/mcp";
import type { Notes } from "../gate/notes.ts";
import type { Lanes } from "./lanes.ts";

/** What serving it needs. */
export interface Serving {
  readonly asked: IncomingMessage;
  readonly response: ServerResponse;
  readonly lanes: Lanes;
  /** Whoever is refused, also without the secret, makes a few lines of the record and no more. */
  readonly notes: Notes;
}

/** The longest body, with room for what surrounds a message. */
export const BODY_MOST: number = WIRE_LIMITS.maxBytes + 65_536;
