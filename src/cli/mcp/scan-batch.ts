// `ringfence mcp scan --batch` (DESIGN 5): lines `{id, server, tool|result|instructions|prompt|resource|elicitation|sampling, peers?}` in, one line
// `{id, flagged, findings}` out for each, in order. What cannot be read is flagged.
import { isList, isObject, type Json, type JsonObject, readJson } from "#core/mcp";
import {
  type Finding,
  type Peer,
  screenDefinition,
  screenElicitation,
  screenResult,
  screenSampling,
} from "#core/mcp/screen";
import { answerLines, idIn, LINE_MOST } from "../batch-lines.ts";
import { jsonLine } from "../print-json.ts";

/** Reads standard input to its end. */
export function mcpScanBatch(): Promise<void> {
  return answerLines((bytes) => jsonLine(answerTo(bytes)));
}

function answerTo(bytes: Uint8Array | undefined): object {
  const unread = (id: Json, error: string): object => ({ id, flagged: true, findings: [], error });
  if (bytes === undefined) return unread(null, "the line is too long");
  const read = readJson(bytes, { maxBytes: LINE_MOST, maxDepth: 192 });
  if (!read.ok) return unread(idIn(bytes), `the line is no JSON (${read.error.code})`);
  if (!isObject(read.value)) return unread(null, "the line is no object");
  const { id = null, server = "" } = read.value;
  if (typeof server !== "string") return unread(id, "`server` is no text");
  const peers = peersOf(read.value["peers"]);
  if (peers === undefined) return unread(id, "`peers` is not a list of {server, tool}");
  const findings = screened(read.value, server, peers);
  if (findings === undefined) return unread(id, "there is nothing to screen");
  return {
    id,
    flagged: findings.length > 0,
    findings: findings.map(({ severity, kind, at, excerpt }) => ({ severity, kind, at, excerpt })),
  };
}

/** What is screened as a definition, however many of them a line has. */
const DEFINITIONS = ["tool", "prompt", "resource", "resourceTemplate", "instructions", "tools"] as const;

function screened(line: JsonObject, server: string, peers: readonly Peer[]): readonly Finding[] | undefined {
  const own = (key: string): Json | undefined => (Object.hasOwn(line, key) ? line[key] : undefined);
  const found: Finding[][] = [];
  for (const key of DEFINITIONS) {
    const value = own(key);
    if (value !== undefined)
      found.push([
        ...(isAnswer(key, value) ? screenResult(server, value, peers) : screenDefinition(server, value, peers)),
      ]);
  }
  const [result, elicitation, sampling] = [own("result"), own("elicitation"), own("sampling")];
  if (result !== undefined) found.push([...screenResult(server, result, peers)]);
  if (elicitation !== undefined) found.push([...screenElicitation(paramsOf(elicitation))]);
  if (sampling !== undefined) found.push([...screenSampling(paramsOf(sampling))]);
  return found.length === 0 ? undefined : found.flat();
}

/** A prompt that was got, or a resource that was read, is what a server answers. */
function isAnswer(key: string, value: Json): boolean {
  return (
    (key === "prompt" || key === "resource") &&
    isObject(value) &&
    ["messages", "contents", "text"].some((name) => Object.hasOwn(value, name))
  );
}

function paramsOf(value: Json): Json {
  return isObject(value) && isObject(value["params"]) ? value["params"] : value;
}

function peersOf(value: Json | undefined): readonly Peer[] | undefined {
  if (value === undefined || value === null) return [];
  if (!isList(value)) return undefined;
  const peers = value.flatMap((peer) => {
    const [server, tool] = isObject(peer) ? [peer["server"], peer["tool"]] : [];
    if (typeof server !== "string") return [];
    // a name alone is enough to be spoken of
    if (typeof tool === "string") return [{ server, tool: { name: tool } }];
    return isObject(tool) ? [{ server, tool }] : [];
  });
  return peers.length === value.length ? peers : undefined;
}
