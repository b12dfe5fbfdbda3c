// What the parts of the gatekeeper share: the open requests of both sides, both eras, and lines for the record.
import {
  type Json,
  type JsonObject,
  type McpEra,
  type McpId,
  type McpMessage,
  writeJson,
  writeMessage,
} from "#core/mcp";
import type { GatekeeperOptions, Passage } from "../gatekeeper.ts";
import type { McpCall } from "../ports.ts";
import { Eras } from "./eras.ts";
import { Notes } from "./notes.ts";
import { OpenRequests } from "./open-requests.ts";

/** A request of the client that has no answer yet. */
export interface ClientRequest {
  readonly id: McpId;
  readonly method: string;
  readonly params: JsonObject | undefined;
  readonly era: McpEra;
  readonly began: number;
  /** When the client no longer wants it. */
  readonly abort: AbortController;
  /** Ends questions to a person about it: then, too, and when nobody is there any more who would read the answer. */
  readonly asking: AbortController;
  phase: "judging" | "forwarded" | "answering";
  call?: McpCall;
}

/** A request of the server that has no answer yet. */
export interface ServerRequest {
  readonly id: McpId;
  readonly method: string;
  readonly abort: AbortController;
  phase: "judging" | "forwarded";
}

/** One message with its bytes, and its value with members that we do not know. */
export interface Envelope<Message extends McpMessage = McpMessage> {
  readonly message: Message;
  readonly value: JsonObject;
  readonly bytes: Uint8Array;
}

/** The shared state of one connection. */
export class Gate {
  readonly options: GatekeeperOptions;
  readonly notes: Notes;
  readonly eras: Eras;
  readonly client: OpenRequests<ClientRequest> = new OpenRequests();
  readonly server: OpenRequests<ServerRequest> = new OpenRequests();
  /** Calls whose result comes later, out of a task, by its id. */
  readonly tasks: Map<string, McpCall> = new Map();
  /** What the server told aside so far has been screened: the next of it, and the answers behind it, wait for that. */
  told: Promise<unknown> = Promise.resolve();

  readonly #digests = new WeakMap<JsonObject, string>();

  constructor(options: GatekeeperOptions) {
    this.options = options;
    this.notes = new Notes(options.ports);
    this.eras = new Eras(options, this.notes);
  }

  /** The digest of a definition that is served; counted once. */
  digest(definition: JsonObject): string {
    const known = this.#digests.get(definition);
    if (known !== undefined) return known;
    const digest = this.options.digest(definition);
    this.#digests.set(definition, digest);
    return digest;
  }
}

/** The client no longer wants it. */
export function giveUp({ abort, asking }: ClientRequest): void {
  abort.abort();
  asking.abort();
}

/** Nothing was changed: the bytes as they came. */
export function forwarded({ bytes }: Envelope): Passage {
  return { kind: "forward", bytes };
}

/** The message with some of its members replaced; every other one stays, known or not. */
export function rewritten({ value }: Envelope, members: { readonly [key: string]: Json }): Passage {
  return { kind: "forward", bytes: new TextEncoder().encode(writeJson({ ...value, ...members })) };
}

/** A message of ours back to the sender. */
export function answered(message: McpMessage): Passage {
  return { kind: "answer", bytes: writeMessage(message) };
}

/** A message of ours instead of what came. */
export function replaced(message: McpMessage): Passage {
  return { kind: "forward", bytes: writeMessage(message) };
}

/** Nothing goes on. */
export function dropped(why: string): Passage {
  return { kind: "drop", why };
}

/** What is said where judging or recording failed. */
export const UNJUDGED: string = "ringfence: refused: it could not be judged or recorded";

/** A port's promise, with a rejection turned into a refusal: what cannot be judged or recorded does not happen. */
export async function judged<Verdict extends { readonly verdict: "allow" | "deny" }>(
  verdict: Promise<Verdict>,
): Promise<Verdict | { readonly verdict: "deny"; readonly text: string }> {
  try {
    return await verdict;
  } catch {
    return { verdict: "deny", text: UNJUDGED };
  }
}
