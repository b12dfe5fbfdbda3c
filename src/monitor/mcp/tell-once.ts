// What the person at the client is told of a refusal that only the server or the model would hear of: once for each kind, however often it comes.
import type { McpSession } from "./mcp-session.ts";

const told = new WeakMap<McpSession, Set<string>>();
const KINDS_MOST = 100;

/** One line, unless it was said already. */
export function tellOnce(session: McpSession, line: string): void {
  const known = told.get(session) ?? new Set();
  told.set(session, known);
  if (known.has(line) || known.size >= KINDS_MOST) return;
  known.add(line);
  session.tell(line);
}
