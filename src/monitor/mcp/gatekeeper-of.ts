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

/** Everything but the transport's own asker. */
export interface SessionGatekeeper extends Omit<GatekeeperOptions, "asker"> {
  /** What it is held to. */
  readonly locks: LockFiles;
  /** Makes screening ready beside other work; the answer ends a preparation that has not begun. */
  readonly prepare: () => () => void;
}

/** The server needs longer to come up than this takes, on another core; the client's first words are on their way to it by then. */
const FIRST_WORDS_MS = 30;
/** Definitions that are known are not read: the first text is that of an answer, and a start has no time for it. */
const FIRST_ANSWER_MS = 1_000;

/** The gatekeeper of a session. */
export function gatekeeperOf(session: McpSession, target: ServerTarget): SessionGatekeeper {
  const { server, policy, root, home, stateDir, tell } = session;
  const screening = screeningOf(session);
  const own = ownLockFile({ server, target, workspace: root, stateDir });
  const definitions = rememberedScreening(session, own, (found, peers) => screening.description(server, found, peers));
  const { verify, neighbours, files } = openPins({
    ...{ server, target, workspace: root, stateDir, tell, mode: policy.mcp.mode },
    lockFile: lockFilePlace(policy.mcp.lock.text, { workspace: root, home }),
    record: async (first) => void (await session.guarded.append(pinBody(session, first))),
    screen: definitions.screen,
  });
  return {
    ...{ server, verify, ports: openMcpPorts(session), list: listServer, locks: files },
    prepare: () => {
      const timer = setTimeout(() => void screening.prepare(), definitions.isKnown ? FIRST_ANSWER_MS : FIRST_WORDS_MS);
      return () => clearTimeout(timer);
    },
    lockMark: () => lockMark(files),
    digest: (definition) => definitionDigest(sha256, definition),
    screen: (value, signal) => screening.answer(value, neighbours(), signal),
    clean: (value) => cleanResult(value, session.redact),
  };
}
