// The gateway's own requests over HTTP: each its own POST with its own answer, so that its ids meet nobody's. What the lists say of headers is learnt
// here, where they are read (revision 2026-07-28: a tool whose annotations break the rules is not served).
import { randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import {
  eraOf,
  isList,
  isObject,
  type Json,
  type JsonObject,
  type McpMessage,
  type McpRequest,
  member,
  readJson,
  readMessage,
  writeMessage,
} from "#core/mcp";
import { forTerminal } from "#core/text";
import type { Asker } from "../asker.ts";
import { type MirroredParameter, mirroredParameters } from "./mirrored.ts";
import { SseFault } from "./sse.ts";
import type { UpstreamAnswer } from "./upstream.ts";

/** The mirrored parameters by the tool's name. */
export type ToolHeaders = Map<string, readonly MirroredParameter[]>;

/** What the asker is made of. */
export interface AskerParts {
  readonly send: (
    bytes: Uint8Array,
    message: McpRequest,
    signal: AbortSignal,
  ) => Promise<Result<UpstreamAnswer, Problem>>;
  readonly headers: ToolHeaders;
  readonly dropped: (tool: string, why: string) => void;
  /** What the server says beside the answer. */
  readonly other: (data: Buffer) => Promise<void>;
}

const ASK_MS = 60_000;

/** Opens it. */
export function openUpstreamAsker(parts: AskerParts): Asker {
  const prefix = `ringfence-${randomBytes(6).toString("hex")}-`;
  let count = 0;
  return {
    request: async (method, params) => {
      const message: McpRequest = { kind: "request", id: `${prefix}${++count}`, method, params };
      const answered = await parts.send(writeMessage(message), message, AbortSignal.timeout(ASK_MS));
      if (!answered.ok) return answered;
      const answer = await answerOf(answered.value, message, parts);
      if (!answer.ok || method !== "tools/list" || eraOf(method, params) !== "modern") return answer;
      return ok(withoutBroken(answer.value, parts));
    },
  };
}

async function answerOf(
  answered: UpstreamAnswer,
  { id, method }: McpRequest,
  parts: AskerParts,
): Promise<Result<Json, Problem>> {
  const no = (why: string): Result<never, Problem> =>
    err({ code: "mcp-unanswered", message: `the server does not answer \`${method}\` (${why})` });
  try {
    for await (const event of answered.events ?? []) {
      if (event.kind !== "event" || event.type !== "message" || event.data.length === 0) continue;
      const message = messageOf(event.data);
      const isError =
        message?.kind === "error" && (message.id === id || (message.id === null && answered.status >= 400));
      if (isError) {
        const { code, message: text } = message.error;
        return err({
          code: `mcp-error ${code}`,
          message: `the server refuses \`${method}\` (${code}: ${forTerminal(text, { max: 200 })})`,
        });
      }
      if (message?.kind === "response" && message.id === id) return ok(message.result);
      await parts.other(event.data);
    }
  } catch (error) {
    if (error instanceof SseFault) return no(error.message);
    throw error;
  }
  return no("its stream ended");
}

/** One message of a body or an event, read for its kind and id alone; the gatekeeper judges the bytes themselves. */
export function messageOf(data: Uint8Array): McpMessage | undefined {
  const value = readJson(data);
  const message = value.ok ? readMessage(value.value) : undefined;
  return message?.ok === true ? message.value : undefined;
}

function withoutBroken(result: Json, { headers, dropped }: AskerParts): Json {
  const tools = member(result, "tools");
  if (!isObject(result) || !isList(tools)) return result;
  const whole = tools.filter((tool) => {
    const name = member(tool, "name");
    if (!isObject(tool) || typeof name !== "string") return true; // the lister's to refuse
    const parameters = mirroredParameters(tool);
    if (typeof parameters !== "string") {
      headers.set(name, parameters);
      return true;
    }
    dropped(name, parameters);
    return false;
  });
  return whole.length === tools.length ? result : ({ ...result, tools: whole } satisfies JsonObject);
}
