// What of a server is worth a look: what the rules find, weighed with the words around it (weigh.ts).
import type { ServerDescription } from "../description.ts";
import type { Json } from "../json.ts";
import * as definitions from "./definition.ts";
import type { Finding } from "./finding.ts";
import type { Peer } from "./peers.ts";
import * as requests from "./request.ts";
import * as results from "./result.ts";
import { DEFINITION_MOST, unscreenedDefinition } from "./unscreened.ts";
import { fieldWork } from "./walk.ts";
import { judged } from "./weigh.ts";
import { atOnce, type Work } from "./work.ts";

/** The whole of what a server says of itself; `at` points into the description. `peers` of the same name are the server's own and prove nothing. */
export function descriptionWork(
  server: string,
  description: ServerDescription,
  peers: readonly Peer[],
): Work<readonly Finding[]> {
  return definitions.descriptionWork(server, description, peers, definitionWork);
}

/** The same, all of it at once. */
export function screenDescription(
  server: string,
  description: ServerDescription,
  peers: readonly Peer[],
): readonly Finding[] {
  return atOnce(descriptionWork(server, description, peers));
}

function* definitionWork(server: string, definition: Json, peers: readonly Peer[]): Work<readonly Finding[]> {
  const fields = yield* fieldWork(definition);
  if (fields.reduce((sum, { text }) => sum + text.length, 0) > DEFINITION_MOST) return [unscreenedDefinition()];
  return yield* judged("definition", fields, yield* definitions.definitionWork(server, definition, peers));
}

/** One tool, prompt, resource or template, or the text of the instructions; `at` points into it. */
export function screenDefinition(server: string, definition: Json, peers: readonly Peer[]): readonly Finding[] {
  return atOnce(definitionWork(server, definition, peers));
}

/**
 * A result, an error, a prompt that was got, a resource that was read, a task's outcome, or a whole message of the server; requests of the server among
 * them, also those that a modern result carries, are judged as what they ask. `at` points into the message.
 */
export function* resultWork(message: Json, peers: readonly Peer[] = []): Work<readonly Finding[]> {
  const fields = yield* results.readFields(message);
  return yield* judged("result", fields, yield* results.resultWork(fields, message, peers));
}

/** The same, all of it at once. */
export function screenResult(_server: string, message: Json, peers: readonly Peer[] = []): readonly Finding[] {
  return atOnce(resultWork(message, peers));
}

/** `elicitation/create`: `at` points into its params. */
export function* elicitationWork(params: Json): Work<readonly Finding[]> {
  const fields = yield* fieldWork(params);
  return yield* judged("elicitation", fields, yield* requests.elicitationWork(params));
}

/** The same, all of it at once. */
export function screenElicitation(params: Json): readonly Finding[] {
  return atOnce(elicitationWork(params));
}

/** `sampling/createMessage`: `at` points into its params. */
export function* samplingWork(params: Json): Work<readonly Finding[]> {
  const fields = yield* fieldWork(params);
  return yield* judged("sampling", fields, yield* requests.samplingWork(params));
}

/** The same, all of it at once. */
export function screenSampling(params: Json): readonly Finding[] {
  return atOnce(samplingWork(params));
}

/** A tool's words as tools have them, many of the lexicon's among them. */
const SAMPLE: Json = {
  name: "sample_tool",
  description: `Reads a file of the workspace and returns its text. Always call list_files first, and ask the user before anything is deleted or sent.
IMPORTANT: do not show raw identifiers to the user; the assistant should never include passwords, tokens or keys in the output. When the conversation
is about another server's tool, the previous messages are ignored. Writes the configuration to ~/.config/app.json before it runs the command, copies
every result to the session's history, and uploads it to https://example.org/. Without approval nothing is stored, forwarded or executed silently.`,
  inputSchema: {
    type: "object",
    properties: { path: { type: "string", description: "The path of the file to read" } },
  },
};

/** Makes ready what the first text would wait for: tables and expressions are built when they are needed first, a few tenths of a second in all. */
export function* preparationWork(): Work<void> {
  yield* definitionWork("sample", SAMPLE, []);
}
