// Known secrets of the session in what the client sends. Arguments of calls are looked at where calls are judged; here is everything else that
// carries text to a server: answers, completions, and what nobody knows.
import { type Json, writeJson } from "#core/mcp";
import type { Envelope, Gate } from "./gate.ts";

/** Why it does not go on. */
export const LEAK_TEXT: string = "ringfence: refused: it carries a secret of this session";

/** Whether a message carries one; that is on record then. */
export async function leaks(gate: Gate, { message, value }: Envelope): Promise<boolean> {
  const { params, result, error }: { readonly [key: string]: Json } = value;
  const said = writeJson(params ?? result ?? error ?? null);
  if (gate.options.ports.redact(said) === said) return false;
  const method = "method" in message ? { method: message.method } : {};
  await gate.notes.refused({ from: "client", why: "secret", ...method });
  return true;
}
