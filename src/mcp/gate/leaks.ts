// Known secrets of the session in what the client sends. Arguments of calls are looked at where calls are judged; here is the whole rest of every
// message, its id and members that nobody knows too: a server reads all of it.
import { isObject, type JsonObject, type McpMessage, member, writeJson } from "#core/mcp";
import type { Envelope, Gate } from "./gate.ts";

/** A call without its arguments, which are judged with it. A resource has none: what stands under their name is judged here. */
function withoutArguments(message: McpMessage, value: JsonObject): JsonObject {
  const params = member(value, "params");
  const isCall = "method" in message && (message.method === "tools/call" || message.method === "prompts/get");
  if (!isCall || !isObject(params)) return value;
  const { arguments: _, ...rest } = params;
  return { ...value, params: rest };
}

/** Why it does not go on. */
export const LEAK_TEXT: string = "ringfence: refused: it carries a secret of this session";

/** Whether a message carries one; that is on record then. */
export async function leaks(gate: Gate, { message, value }: Envelope): Promise<boolean> {
  const said = writeJson(withoutArguments(message, value));
  if (gate.options.ports.redact(said) === said) return false;
  const method = "method" in message ? { method: message.method } : {};
  await gate.notes.refused({ from: "client", why: "secret", ...method });
  return true;
}
