// Members beside those that JSON-RPC has: a server may write any. They pass with their message as long as nothing speaks against them.
import { type JsonObject, type McpMessage, writeJson } from "#core/mcp";
import type { Envelope, Gate } from "./gate.ts";
import { excerptOf } from "./notes.ts";

/** Where each kind of message has its words, which are judged with it. */
const MEMBERS: Readonly<Record<McpMessage["kind"], readonly string[]>> = {
  request: ["jsonrpc", "id", "method", "params"],
  notification: ["jsonrpc", "method", "params"],
  response: ["jsonrpc", "id", "result"],
  error: ["jsonrpc", "id", "error"],
};

/** A server's message, without its other members where screening or cleaning finds anything in one of them. */
export async function withPlainMembers(gate: Gate, envelope: Envelope): Promise<Envelope> {
  const { message, value } = envelope;
  const members = MEMBERS[message.kind];
  const entries = Object.entries(value);
  if (entries.every(([key]) => members.includes(key))) return envelope;
  const more: JsonObject = Object.fromEntries(entries.filter(([key]) => !members.includes(key)));
  if ((await gate.options.screen(more)).length === 0 && !gate.options.clean(more).changed) return envelope;
  const excerpt = excerptOf(new TextEncoder().encode(writeJson(more)));
  await gate.notes.refused({ from: "server", why: "unknown-member", excerpt });
  const plain: JsonObject = Object.fromEntries(entries.filter(([key]) => members.includes(key)));
  return { message, value: plain, bytes: new TextEncoder().encode(writeJson(plain)) };
}
