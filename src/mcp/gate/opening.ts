// The server's first words. Its instructions go to the model like any tool's description, and what it says it can do makes a client ask for it:
// both are compared with the lock before the client has them.
import {
  isObject,
  type JsonObject,
  type McpResponse,
  member,
  readOpening,
  refusalOf,
  SERVER_INFO,
  type ServerDescription,
  type Verified,
  writeJson,
} from "#core/mcp";
import type { Passage } from "../gatekeeper.ts";
import { type ClientRequest, type Envelope, forwarded, type Gate, replaced, rewritten } from "./gate.ts";

const NO_LISTS = { tools: [], prompts: [], resources: [], resourceTemplates: [] };

/** The answer to `initialize` or `server/discover`. */
export async function passOpening(gate: Gate, envelope: Envelope<McpResponse>, open: ClientRequest): Promise<Passage> {
  const { result } = envelope.message;
  const refused = (text: string): Passage => replaced(refusalOf(open, open.era, text));
  if (!isObject(result)) return refused("ringfence: refused: the server's opening is no object");
  const opening = readOpening(open.era, result);
  const { era: _, ...words } = opening;
  const found: ServerDescription = { ...words, ...NO_LISTS };
  let verified: Verified;
  try {
    verified = await gate.options.verify(found, "opening");
    await note(gate, open, found, verified);
    const findings = await gate.options.screen(unpinned(result), open.abort.signal);
    if (findings.some(({ severity }) => severity === "hard")) {
      await gate.notes.notice({ from: "server", method: open.method, verdict: "deny", findings });
      return refused("ringfence: refused: what the server's opening says beside its own words tries something");
    }
  } catch (thrown) {
    // Whoever goes on all the same reads the reason with each list and call, and is served once it is gone.
    if (open.method === "initialize") gate.eras.opened(opening);
    return refused(`ringfence: refused: the server's opening could not be verified or recorded: ${String(thrown)}`);
  }
  if (open.method === "initialize") gate.eras.opened(opening);
  const served = servedOpening(gate, result, verified.description);
  return writeJson(served) === writeJson(result) ? forwarded(envelope) : rewritten(envelope, { result: served });
}

/** What no pin holds: the version of the protocol, and whatever nobody knows. The model may read it all the same. */
function unpinned(result: JsonObject): JsonObject {
  const { instructions: _, capabilities: __, serverInfo: ___, ...rest } = result;
  const meta = rest["_meta"];
  if (!isObject(meta)) return rest;
  const { [SERVER_INFO]: ____, ...further } = meta;
  return { ...rest, _meta: further };
}

/** The result with the verified words in the place of the server's. */
function servedOpening(gate: Gate, result: JsonObject, verified: ServerDescription): JsonObject {
  const { instructions: _, capabilities: __, ...rest } = result;
  const instructions = verified.instructions === undefined ? {} : { instructions: verified.instructions };
  const cleaned = gate.options.clean({ ...rest, ...named(result, verified), ...instructions }).value;
  const capabilities = Object.hasOwn(result, "capabilities") ? { capabilities: verified.capabilities } : {};
  const words: JsonObject = { ...(isObject(cleaned) ? cleaned : rest), ...capabilities };
  // In the server's own order of members, so that what was not changed is the same text.
  return Object.fromEntries(
    [...new Set([...Object.keys(result), ...Object.keys(words)])].flatMap((key) =>
      Object.hasOwn(words, key) ? [[key, words[key] ?? null]] : [],
    ),
  );
}

/** The server's own name and title, which it says in one of two places. */
function named(result: JsonObject, { serverInfo }: ServerDescription): JsonObject {
  if (serverInfo === undefined) return {};
  if (Object.hasOwn(result, "serverInfo")) return { serverInfo };
  const meta = member(result, "_meta");
  return isObject(meta) && Object.hasOwn(meta, SERVER_INFO) ? { _meta: { ...meta, [SERVER_INFO]: serverInfo } } : {};
}

async function note(gate: Gate, open: ClientRequest, found: ServerDescription, verified: Verified): Promise<void> {
  const clientInfo = open.params === undefined ? undefined : (open.params["clientInfo"] ?? undefined);
  await gate.notes.note({
    kind: "open",
    era: open.era,
    ...(found.protocolVersion === undefined ? {} : { protocolVersion: found.protocolVersion }),
    ...(isObject(clientInfo) ? { clientInfo } : {}),
    ...(found.serverInfo === undefined ? {} : { serverInfo: found.serverInfo }),
    held: verified.held,
  });
}
