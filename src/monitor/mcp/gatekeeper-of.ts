// The gatekeeper of one session, put together from its parts: pins, screening, judgement and record.
import { definitionDigest, type ServerTarget } from "#core/mcp";
import { cleanResult, screenDescription, screenResult } from "#core/mcp/screen";
import { type GatekeeperOptions, listServer, sha256 } from "#mcp";
import { pinBody } from "./call-record.ts";
import { lockFilePlace } from "./lock-place.ts";
import type { McpSession } from "./mcp-session.ts";
import { openPins } from "./pins.ts";
import { openMcpPorts } from "./ports.ts";

/** Everything but the transport's own asker. */
export function gatekeeperOf(session: McpSession, target: ServerTarget): Omit<GatekeeperOptions, "asker"> {
  const { server, policy, root, home, stateDir, tell } = session;
  const { verify, neighbours } = openPins({
    ...{ server, target, workspace: root, stateDir, tell, mode: policy.mcp.mode },
    lockFile: lockFilePlace(policy.mcp.lock.text, { workspace: root, home }),
    record: async (first) => void (await session.guarded.append(pinBody(session, first))),
    screen: (found, peers) => screenDescription(server, found, peers),
  });
  return {
    ...{ server, verify, ports: openMcpPorts(session), list: listServer },
    digest: (definition) => definitionDigest(sha256, definition),
    screen: (value) => screenResult(server, value, neighbours()),
    clean: (value) => cleanResult(value, session.redact),
  };
}
