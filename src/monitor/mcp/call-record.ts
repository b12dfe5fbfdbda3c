// The lines of the record about an MCP connection (docs/log-format.md). Every text is the server's or the client's: redaction and escapes are the
// record's and the doors' own.
import type { Reason } from "#core";
import type { RecordBody, Json as Recorded } from "#core/log";
import {
  type Finding,
  type Held,
  type Json,
  member,
  otherServerWords,
  type Pin,
  pinDigest,
  writeJson,
} from "#core/mcp";
import { sha256 as digestOf, type McpCall, type McpEvent, type McpOutcome, type McpServerRequest } from "#mcp";
import { recordedReason } from "../guard/call-record.ts";
import type { Asked } from "../guard/guarded-session.ts";
import { callDigest, sha256 } from "./call-act.ts";
import type { McpPeers } from "./mcp-session.ts";

/** Characters of an answer that are kept; its digest is of all of it. */
const OUTPUT_MOST = 65_536;
const LISTED_MOST = 50;
const EXCERPT_MOST = 200;
const PINS_MOST = 500;

/** What was decided, and how a person came into it. */
export interface Decided {
  readonly verdict: "allow" | "deny";
  readonly reasons: readonly Reason[];
  readonly asked?: Asked | undefined;
}

type Data = { readonly [key: string]: Recorded };

function body(type: RecordBody["type"], { client }: McpPeers, data: Data): RecordBody {
  return { type, origin: "observed", ...(client === undefined ? {} : { actor: { agent: client } }), data };
}

function decided({ verdict, reasons, asked }: Decided): Data {
  return {
    verdict,
    reasons: reasons.slice(0, LISTED_MOST).map(recordedReason),
    ...(asked === undefined ? {} : { answer: answerOf(asked) }),
  };
}

function answerOf({ by, scope, question }: Asked): Recorded {
  return { by, scope, ...(question === undefined ? {} : { question }) };
}

/** `mcp.call`: the intent, durable before the server hears of it. `secret`: its name; the arguments are neither kept nor counted then, so that nobody can try values. */
export function callBody(
  peers: McpPeers,
  call: McpCall,
  about: Decided & { readonly id: string; readonly secret?: string; readonly resumes?: boolean },
): RecordBody {
  const { method, tool, prompt, uri, digest, era, retry } = call;
  const withheld = about.secret === undefined ? undefined : { withheld: about.secret };
  return body("mcp.call", peers, {
    ...{ server: peers.server, method },
    ...(tool === undefined ? {} : { tool }),
    ...(prompt === undefined ? {} : { prompt }),
    ...(uri === undefined ? {} : { uri }),
    ...(withheld ?? { input: writeJson(call.arguments) }),
    ...decided(about),
    ...{ request: about.id, era },
    ...(retry === undefined ? {} : { retry: true, ...(about.resumes === true ? { resumes: true } : {}) }),
    ...(call.task === true ? { task: true } : {}),
    ...(digest === undefined ? {} : { definition: digest }),
    ...(withheld === undefined ? { inputDigest: callDigest(call) } : {}),
  });
}

/** `mcp.result`: the outcome, on record before it is handed over. */
export function resultBody(
  peers: McpPeers,
  outcome: McpOutcome,
  about: Decided & { readonly id?: string },
): RecordBody {
  const { call, method, result, error, cleaned, findings } = outcome;
  const said = writeJson(result ?? outcomeError(error));
  return body("mcp.result", peers, {
    ...{ server: peers.server, method },
    ...(call?.tool === undefined ? {} : { tool: call.tool }),
    failed: error !== undefined || isError(result),
    ...(error === undefined ? {} : { code: error.code }),
    ...decided(about),
    ...listed(findings),
    ...(cleaned ? { cleaned } : {}),
    output: said.slice(0, OUTPUT_MOST),
    ...(said.length > OUTPUT_MOST ? { truncated: said.length } : {}),
    ...(about.id === undefined ? {} : { request: about.id }),
    ...{ bytes: outcome.bytes, ms: Math.round(outcome.ms), resultDigest: sha256(said) },
  });
}

/** `mcp.request`: what the server wanted of its client. */
export function requestBody(
  peers: McpPeers,
  wish: McpServerRequest,
  about: Decided & {
    /** How many of the same kind this line stands for. */
    readonly count: number;
  },
): RecordBody {
  const { method, params, call, era, findings } = wish;
  return body("mcp.request", peers, {
    ...{ server: peers.server, method, era },
    ...(about.count > 1 ? { count: about.count } : {}),
    ...(call?.tool === undefined ? {} : { tool: call.tool }),
    input: writeJson(params ?? {}).slice(0, OUTPUT_MOST),
    ...listed(findings),
    ...decided(about),
  });
}

/** `mcp.open`, `mcp.list`, `mcp.notice`, `mcp.refused`, `mcp.close`. */
export function eventBody(peers: McpPeers, event: McpEvent): RecordBody {
  const { server } = peers;
  switch (event.kind) {
    case "open": {
      const { era, protocolVersion, clientInfo, serverInfo, held } = event;
      return body("mcp.open", peers, {
        ...{ server, era },
        ...(protocolVersion === undefined ? {} : { protocolVersion }),
        ...(clientInfo === undefined ? {} : { clientInfo: writeJson(clientInfo).slice(0, OUTPUT_MOST) }),
        ...(serverInfo === undefined ? {} : { serverInfo: writeJson(serverInfo).slice(0, OUTPUT_MOST) }),
        held: heldList(held),
      });
    }
    case "list": {
      const { tools, prompts, resourceTemplates, held, fault, otherServer } = event;
      return body("mcp.list", peers, {
        ...{ server, tools, prompts, resourceTemplates, held: heldList(held) },
        ...(otherServer === undefined ? {} : { otherServer: otherServerWords(otherServer).slice(0, OUTPUT_MOST) }),
        ...(fault === undefined ? {} : { fault }),
      });
    }
    case "notice": {
      const { from, method, verdict, findings = [] } = event;
      return body("mcp.notice", peers, { server, from, method, verdict, ...listed(findings) });
    }
    case "refused": {
      const { from, why, id, method, count, excerpt } = event;
      return body("mcp.refused", peers, {
        ...{ server, from, reason: why, count, verdict: "deny" },
        ...(id === undefined ? {} : { id: String(id) }),
        ...(method === undefined ? {} : { method }),
        ...(excerpt === undefined ? {} : { excerpt: excerpt.slice(0, EXCERPT_MOST) }),
      });
    }
    case "close":
      return body("mcp.close", peers, { server });
    default:
      return event satisfies never;
  }
}

/** `mcp.pin`: what a first sight pins, before it is pinned. */
export function pinBody(peers: McpPeers, first: readonly Pin[]): RecordBody {
  const pins = first
    .slice(0, PINS_MOST)
    .map((pin) => ({ kind: pin.kind, name: pin.name, definition: pinDigest(digestOf, pin) }));
  return body("mcp.pin", peers, { server: peers.server, by: "first-sight", count: first.length, pins });
}

function listed(findings: readonly Finding[]): Data {
  if (findings.length === 0) return {};
  return {
    findings: findings.slice(0, LISTED_MOST).map(({ severity, kind, at }) => ({ severity, kind, at })),
    ...(findings.length > LISTED_MOST ? { moreFindings: findings.length - LISTED_MOST } : {}),
  };
}

function heldList(held: readonly Held[]): Recorded {
  return held
    .slice(0, LISTED_MOST)
    .map(({ kind, name, why, fields }) => ({ kind, name, why, fields: fields.slice(0, LISTED_MOST) }));
}

function isError(result: Json | undefined): boolean {
  return member(result, "isError") === true;
}

function outcomeError(error: McpOutcome["error"]): Json {
  return error === undefined
    ? null
    : { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) };
}
