// The gatekeeper of one session, put together from its parts: pins, screening, judgement and record.
import { definitionDigest, type ServerTarget } from "#core/mcp";
import { cleanResult } from "#core/mcp/screen";
import { type GatekeeperOptions, type LockFiles, listServer, lockMark, ownLockFile, sha256 } from "#mcp";
import { pinBody } from "./call-record.ts";
import { lockFilePlace } from "./lock-place.ts";
import type { McpSession } from "./mcp-session.ts";
import { openPins } from "./pins.ts";
import { openMcpPorts } from "./ports.ts";
import { rememberedScreening } from "./remembered-screening.ts";
import { screeningOf } from "./screening-of.ts";

/** Everything but the transport's own asker, and the locks that it is held to. */
export function gatekeeperOf(
  session: McpSession,
  target: ServerTarget,
): Omit<GatekeeperOptions, "asker"> & { readonly locks: LockFiles } {
  const { server, policy, root, home, stateDir, tell } = session;
  const screening = screeningOf(session);
  const own = ownLockFile({ server, target, workspace: root, stateDir });
  const { verify, neighbours, files } = openPins({
    ...{ server, target, workspace: root, stateDir, tell, mode: policy.mcp.mode },
    lockFile: lockFilePlace(policy.mcp.lock.text, { workspace: root, home }),
    record: async (first) => void (await session.guarded.append(pinBody(session, first))),
    screen: rememberedScreening(session, own, (found, peers) => screening.description(server, found, peers)),
  });
  return {
    ...{ server, verify, ports: openMcpPorts(session), list: listServer, locks: files },
    lockMark: () => lockMark(files),
    digest: (definition) => definitionDigest(sha256, definition),
    screen: (value, signal) => screening.answer(value, neighbours(), signal),
    clean: (value) => cleanResult(value, session.redact),
  };
}
