// A call fails, and the server's fence has refused it a host meanwhile: the server's own words seldom say that, so the person hears it here, once for each host.
import { member } from "#core/mcp";
import { forTerminal } from "#core/text";
import type { McpOutcome } from "#mcp";
import type { McpSession } from "./mcp-session.ts";
import { tellOnce } from "./tell-once.ts";

/** Places in one failed call's lines; the record has them all. */
const TOLD_MOST = 5;

/** Whether the server says that the call failed. */
export function isFailed({ error, result }: Pick<McpOutcome, "error" | "result">): boolean {
  return error !== undefined || member(result, "isError") === true;
}

/** Tells what was refused and what would open it. */
export function tellRefusedHosts(session: McpSession): void {
  const server = forTerminal(session.server, { max: 120 });
  // Port 0: a request that named no place, or more places than are kept.
  const places = (session.refused?.() ?? []).filter(({ port }) => port !== 0);
  for (const { host, port, reason, hint } of places.slice(0, TOLD_MOST)) {
    const place = `${forTerminal(host, { max: 120 })}:${port}`;
    tellOnce(
      session,
      `MCP server ${server} wanted ${place} and was refused it (${reason}): ${forTerminal(hint, { max: 400 })}`,
    );
  }
}
