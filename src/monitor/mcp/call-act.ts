// A call of a client as the rules see it: an MCP act whose server is known by itself, with arguments as plain values.
import { hash } from "node:crypto";
import type { Action } from "#core";
import { ExactNumber, isList, isObject, type Json, writeJson } from "#core/mcp";
import type { McpCall } from "#mcp";

/** An act of an MCP server. */
export type McpAction = Extract<Action, { readonly kind: "mcp" }>;

/** The act. `prompts/get` and `resources/read` stand under their method's name, with what they ask for as arguments. */
export function actOf(call: McpCall): McpAction {
  const { server, method, digest } = call;
  const named = method === "tools/call" ? (call.tool ?? "") : method;
  const bound = digest === undefined ? {} : { definition: digest };
  return { kind: "mcp", server, tool: named, input: plain(inputOf(call)), apart: true, ...bound };
}

function inputOf(call: McpCall): Json {
  if (call.method === "prompts/get") return { name: call.prompt ?? "", arguments: call.arguments };
  return call.method === "resources/read" ? { uri: call.uri ?? "" } : call.arguments;
}

/** Everything of a call that the server is told, as text: arguments, and what a retry brings along. */
export function toldText(call: McpCall): string {
  const { retry } = call;
  return writeJson(retry === undefined ? inputOf(call) : [inputOf(call), retry.inputResponses]);
}

/** The call by its digest: method, names and arguments, numbers in their own words; a retry of it has the same. */
export function callDigest(call: McpCall): string {
  return sha256(writeJson([call.server, call.method, call.tool ?? "", call.digest ?? "", inputOf(call)]));
}

/** SHA-256 in hexadecimal letters. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** As JavaScript has it; a number that it cannot say is kept by its text, as the record keeps it: `{"number":"1.0"}`. */
export function plain(value: Json | undefined): unknown {
  if (value instanceof ExactNumber) return { number: value.text };
  if (isList(value)) return value.map(plain);
  if (!isObject(value)) return value;
  // own keys only, `__proto__` among them
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
