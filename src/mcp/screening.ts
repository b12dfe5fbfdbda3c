// Screening of what servers say, in turns: whatever could not be read to its end is found to be just that, which is held.
import type { Finding, Json, JsonObject, ServerDescription } from "#core/mcp";
import {
  descriptionWork,
  elicitationWork,
  type Peer,
  preparationWork,
  resultWork,
  samplingWork,
  unscreenedAnswer,
  unscreenedDescription,
} from "#core/mcp/screen";
import { openTurns, type Turns } from "./turns.ts";

/** Screens for one session. */
export interface Screening {
  /** Makes ready what the first text would wait for. */
  prepare(): Promise<void>;
  /** Everything that a server says of itself. */
  description(server: string, found: ServerDescription, peers: readonly Peer[]): Promise<readonly Finding[]>;
  /** A result, an error, a notification's parameters. Given up when the signal comes: then nobody waits for it. */
  answer(said: Json, peers: readonly Peer[], signal?: AbortSignal): Promise<readonly Finding[]>;
  /** What a server wants of a person or of the client's model. */
  wish(method: "elicitation/create" | "sampling/createMessage", params: JsonObject): Promise<readonly Finding[]>;
}

/** Opens it; all of its work shares one turn. */
export function openScreening(turns: Turns = openTurns()): Screening {
  return {
    async prepare() {
      await turns.do(preparationWork());
    },
    async description(server, found, peers) {
      return (await turns.do(descriptionWork(server, found, peers))) ?? unscreenedDescription(found);
    },
    async answer(said, peers, signal) {
      return (await turns.do(resultWork(said, peers), signal)) ?? [unscreenedAnswer()];
    },
    async wish(method, params) {
      const work = method === "elicitation/create" ? elicitationWork(params) : samplingWork(params);
      return (await turns.do(work)) ?? [unscreenedAnswer()];
    },
  };
}
