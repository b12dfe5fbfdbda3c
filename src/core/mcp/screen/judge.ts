// What of a server is worth a look: what the rules find, weighed with the words around it (weigh.ts).
import type { ServerDescription } from "../description.ts";
import type { Json } from "../json.ts";
import * as definitions from "./definition.ts";
import type { Finding } from "./finding.ts";
import type { Peer } from "./peers.ts";
import * as requests from "./request.ts";
import * as results from "./result.ts";
import { fieldsOf } from "./walk.ts";
import { judged } from "./weigh.ts";

/** The whole of what a server says of itself; `at` points into the description. `peers` of the same name are the server's own and prove nothing. */
export function screenDescription(
  server: string,
  description: ServerDescription,
  peers: readonly Peer[],
): readonly Finding[] {
  return definitions.screenDescription(server, description, peers, screenDefinition);
}

/** One tool, prompt, resource or template, or the text of the instructions; `at` points into it. */
export function screenDefinition(server: string, definition: Json, peers: readonly Peer[]): readonly Finding[] {
  return judged("definition", fieldsOf(definition), definitions.screenDefinition(server, definition, peers));
}

/**
 * A result, an error, a prompt that was got, a resource that was read, a task's outcome, or a whole message of the server; requests of the server among
 * them, also those that a modern result carries, are judged as what they ask. `at` points into the message.
 */
export function screenResult(server: string, message: Json, peers: readonly Peer[] = []): readonly Finding[] {
  return judged("result", results.readFields(message), results.screenResult(server, message, peers));
}

/** `elicitation/create`: `at` points into its params. */
export function screenElicitation(params: Json): readonly Finding[] {
  return judged("elicitation", fieldsOf(params), requests.screenElicitation(params));
}

/** `sampling/createMessage`: `at` points into its params. */
export function screenSampling(params: Json): readonly Finding[] {
  return judged("sampling", fieldsOf(params), requests.screenSampling(params));
}
