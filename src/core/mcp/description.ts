// What a server says of itself, whole: the opening's words and every page of its lists. This is what a pin is made of and what a client is served.
import type { Json, JsonObject } from "./json.ts";

/** Everything a server describes itself with, in the order it came. */
export interface ServerDescription {
  readonly protocolVersion?: string;
  readonly serverInfo?: JsonObject;
  readonly instructions?: string;
  readonly capabilities: JsonObject;
  readonly tools: readonly JsonObject[];
  readonly prompts: readonly JsonObject[];
  readonly resources: readonly JsonObject[];
  readonly resourceTemplates: readonly JsonObject[];
}

/** What a server defines by name, and what it says of itself. Resources come and go as data does: they are screened, and not pinned. */
export type DefinitionKind = "tool" | "prompt" | "resourceTemplate";

/** The kinds of definition, each with the list that it stands in and the key that names it. */
export const DEFINITIONS: readonly {
  readonly kind: DefinitionKind;
  readonly list: "tools" | "prompts" | "resourceTemplates";
  readonly key: "name" | "uriTemplate";
}[] = [
  { kind: "tool", list: "tools", key: "name" },
  { kind: "prompt", list: "prompts", key: "name" },
  // Two templates may share a name; a client asks for what the template makes.
  { kind: "resourceTemplate", list: "resourceTemplates", key: "uriTemplate" },
];

/** One definition where it stands. */
export interface Definition {
  readonly kind: DefinitionKind;
  /** Undefined for one whose name is no text: nobody can call it, and nothing can pin it. */
  readonly name: string | undefined;
  /** JSON pointer into the description: `/tools/3`. */
  readonly at: string;
  readonly body: JsonObject;
}

/** Every definition of a server, list after list. */
export function definitionsOf(description: ServerDescription): readonly Definition[] {
  return DEFINITIONS.flatMap(({ kind, list, key }) =>
    description[list].map((body, index) => ({ kind, name: textAt(body, key), at: `/${list}/${index}`, body })),
  );
}

/** The text that an object has under a key of its own. */
export function textAt(object: JsonObject, key: string): string | undefined {
  const value: Json | undefined = Object.hasOwn(object, key) ? object[key] : undefined;
  return typeof value === "string" ? value : undefined;
}
