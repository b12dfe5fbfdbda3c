// What a request of the client is about: a definition that must be approved (I13), or an address.
import {
  type DefinitionKind,
  findingWords,
  type Held,
  type JsonObject,
  type McpRequest,
  member,
  otherServerWordsForModel,
} from "#core/mcp";
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
  // Frozen, the project's lock alone decides.
  const accept =
    held.why === "unknown-server" ? "pin it with `ringfence mcp lock" : "accept it with `ringfence mcp approve";
  return `ringfence: held: ${what} of server \`${server}\` is not approved (${whyHeld(held)}); a person can look at it with \`ringfence mcp diff ${server}\` and ${accept} ${server}\``;
}

/** A code, and what it says in words: which fields differ, or what was found and where. */
function whyHeld({ why, fields, findings }: Held): string {
  const found = findingWords(findings);
  if (why === "first-sight") return `${why}: it is new, and something else of its server speaks against it`;
  if (why === "hard-finding" || why === "soft-finding") return found === "" ? why : `${why}: ${found}`;
  const named = [...new Set(fields.map((field) => (FIELDS.has(field) ? field : "a field of its own")))];
  const differing = named.length === 0 ? "" : ` in ${named.join(", ")}`;
  return `${why}${differing}${found === "" ? "" : `; ${found}`}`;
}

/** What the specification calls a field. Any other name is the server's own word. */
const FIELDS: ReadonlySet<string> = new Set(
  "name title description inputSchema outputSchema annotations arguments icons execution mimeType uriTemplate _meta".split(
    " ",
  ),
);

/** Whether two definitions are the same object of the same words: what was judged is what is called. */
export function isSame(one: JsonObject | undefined, other: JsonObject | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}
