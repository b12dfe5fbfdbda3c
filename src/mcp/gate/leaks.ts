// Known secrets of the session in what the client sends. Arguments of calls are looked at where calls are judged; here is everything else that
// carries text to a server: answers, completions, and what nobody knows.
import { isObject, type Json, type McpMessage, writeJson } from "#core/mcp";
import type { Envelope, Gate } from "./gate.ts";
import { isJudged } from "./targets.ts";

/** Of a call, whose arguments are judged with it. */
function withoutArguments(message: McpMessage, params: Json | undefined): Json | undefined {
  if (!("method" in message) || !isJudged(message.method) || !isObject(params)) return params;
  const { arguments: _, ...rest } = params;
  return rest;
}

/** Why it does not go on. */
export const LEAK_TEXT: string = "ringfence: refused: it carries a secret of this session";

/** Whether a message carries one; that is on record then. */
export async function leaks(gate: Gate, { message, value }: Envelope): Promise<boolean> {
  const { params, result, error }: { readonly [key: string]: Json } = value;
  const said = writeJson(withoutArguments(message, params) ?? result ?? error ?? null);
  if (gate.options.ports.redact(said) === said) return false;
  const method = "method" in message ? { method: message.method } : {};
  await gate.notes.refused({ from: "client", why: "secret", ...method });
  return true;
}
