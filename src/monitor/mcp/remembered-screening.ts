// Screening of definitions that remembers what it found: a server that says what it always said is not read anew at each start. What was found, and for
// which text, is kept beside the person's own lock (mcp/screened-store.ts); a program with other tables or other code finds nothing there.
import type { Json, JsonObject, ServerDescription } from "#core/mcp";
import { openScreened, screenedDigest, screenedFile } from "#mcp";
import type { McpSession } from "./mcp-session.ts";
import type { PeerTool } from "./neighbours.ts";
import type { PinsOptions } from "./pins.ts";

/** Screening of definitions. */
export interface RememberedScreening {
  readonly screen: PinsOptions["screen"];
  /** Whether an earlier start left something: then most likely nothing has to be read in this one. */
  readonly isKnown: boolean;
}

/** `screen`, with its memory. */
export function rememberedScreening(
  { build, server }: Pick<McpSession, "build" | "server">,
  ownLock: string,
  screen: PinsOptions["screen"],
): RememberedScreening {
  if (build === undefined) return { screen, isKnown: false };
  const known = openScreened(screenedFile(ownLock));
  const remembered: PinsOptions["screen"] = async (found, peers) => {
    const of = screenedDigest(build, whatIsScreened(server, found, peers));
    const before = known.recall(of);
    if (before !== undefined) return before;
    const findings = await screen(found, peers);
    // What there was no time for is tried again.
    if (!findings.some(({ kind }) => kind === "unscreened")) known.keep(of, findings);
    return findings;
  };
  return { screen: remembered, isKnown: !known.isEmpty };
}

/** Everything that screening sees, in the order in which it sees it. */
function whatIsScreened(server: string, found: ServerDescription, peers: readonly PeerTool[]): Json {
  const said: JsonObject = { ...found };
  return [server, said, peers.map((peer): readonly Json[] => [peer.server, peer.tool])];
}
