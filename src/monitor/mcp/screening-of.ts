// One screening for all servers of a guarded session: its turns are shared, so that two talkative servers hold up nobody twice as long.
import { openScreening, type Screening } from "#mcp";
import type { McpSession } from "./mcp-session.ts";

const screenings = new WeakMap<McpSession["guarded"], Screening>();

/** Screening for the servers of this session. */
export function screeningOf({ guarded }: Pick<McpSession, "guarded">): Screening {
  const known = screenings.get(guarded) ?? openScreening();
  screenings.set(guarded, known);
  return known;
}
