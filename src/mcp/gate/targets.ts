// What a request of the client is about: a definition that must be approved (I13), or an address.
import { type DefinitionKind, type JsonObject, type McpRequest, member, otherServerWordsForModel } from "#core/mcp";
import { forTerminal } from "#core/text";
import type { McpCall } from "../ports.ts";
import type { Served } from "./snapshot.ts";

/** The definition that a request needs. */
export interface Target {
  readonly kind: DefinitionKind;
  readonly name: string;
}

/** Requests that make the server act or read, with the member of their parameters that names what. */
export const JUDGED: Readonly<Record<McpCall["method"], "name" | "uri">> = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
};

/** Whether the request is judged as a call. */
export function isJudged(method: string): method is McpCall["method"] {
  return Object.hasOwn(JUDGED, method);
}

/** The definition that must stand in the verified set, `undefined` where none must, `"malformed"` where none can be read. */
export function targetOf({ method, params }: McpRequest): Target | undefined | "malformed" {
  if (method === "tools/call" || method === "prompts/get") {
    const name = member(params, "name");
    return typeof name === "string" ? { kind: method === "tools/call" ? "tool" : "prompt", name } : "malformed";
  }
  if (method === "resources/read") return typeof member(params, "uri") === "string" ? undefined : "malformed";
  if (method !== "completion/complete") return undefined;
  const ref = member(params, "ref");
  const [type, name, uri] = [member(ref, "type"), member(ref, "name"), member(ref, "uri")];
  if (type === "ref/prompt" && typeof name === "string") return { kind: "prompt", name };
  return type === "ref/resource" && typeof uri === "string" ? { kind: "resourceTemplate", name: uri } : "malformed";
}

const KIND_WORDS: Readonly<Record<DefinitionKind, string>> = {
  tool: "tool",
  prompt: "prompt",
  resourceTemplate: "resource template",
};

/** Why a target is not served, for the model: short, and with what a person types. */
export function unservedText(server: string, { kind, name }: Target, served: Served): string {
  const { otherServer } = served.verified;
  if (otherServer !== undefined) {
    const words = forTerminal(otherServerWordsForModel(otherServer), { max: 700 });
    return `ringfence: held: server \`${server}\` ${words}; nothing of it is served until a person looks at it with \`ringfence mcp diff ${server}\` and accepts it with \`ringfence mcp approve ${server}\``;
  }
  const held = served.held(kind, name);
  const what = `${KIND_WORDS[kind]} \`${forTerminal(name, { max: 128 })}\``;
  if (held === undefined) return `ringfence: refused: server \`${server}\` has no approved ${what}`;
  const fields =
    held.fields.length === 0 ? "" : ` in ${held.fields.map((field) => forTerminal(field, { max: 64 })).join(", ")}`;
  // Frozen, the project's lock alone decides.
  const accept =
    held.why === "unknown-server" ? "pin it with `ringfence mcp lock" : "accept it with `ringfence mcp approve";
  return `ringfence: held: ${what} of server \`${server}\` is not approved (${held.why}${fields}); a person can look at it with \`ringfence mcp diff ${server}\` and ${accept} ${server}\``;
}

/** Whether two definitions are the same object of the same words: what was judged is what is called. */
export function isSame(one: JsonObject | undefined, other: JsonObject | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}
