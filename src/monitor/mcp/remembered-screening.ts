// Screening of definitions that remembers what it found: a server that says what it always said is not read anew at each start. What was found, and for
// which text, is kept beside the person's own lock (mcp/screened-store.ts); a program with other tables or other code finds nothing there.
import type { Json, JsonObject, ServerDescription } from "#core/mcp";
import { openScreened, screenedDigest, screenedFile } from "#mcp";
import type { McpSession } from "./mcp-session.ts";
import type { PeerTool, PinsOptions } from "./pins.ts";

/** `screen`, with its memory. */
export function rememberedScreening(
  { build, server }: Pick<McpSession, "build" | "server">,
  ownLock: string,
  screen: PinsOptions["screen"],
): PinsOptions["screen"] {
  if (build === undefined) return screen;
  const known = openScreened(screenedFile(ownLock));
  return async (found, peers) => {
    const of = screenedDigest(build, whatIsScreened(server, found, peers));
    const before = known.recall(of);
    if (before !== undefined) return before;
    const findings = await screen(found, peers);
    // What there was no time for is tried again.
    if (!findings.some(({ kind }) => kind === "unscreened")) known.keep(of, findings);
    return findings;
  };
}

/** Everything that screening sees, in the order in which it sees it. */
function whatIsScreened(server: string, found: ServerDescription, peers: readonly PeerTool[]): Json {
  const said: JsonObject = { ...found };
  return [server, said, peers.map((peer): readonly Json[] => [peer.server, peer.tool])];
}
