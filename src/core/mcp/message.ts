// JSON-RPC 2.0 as MCP has it: a value becomes exactly one kind of message, or none. What could be read as two kinds is refused.
import { err, ok, type Result } from "../result.ts";
import { isObject, type Json, type JsonObject, member, writeJson } from "./json.ts";
import { MESSAGE_KEYS, PARAMETER_KEYS, twinKey } from "./twin-keys.ts";

/** An id: a text or a safe integer, never null. `1` and `"1"` are two. */
export type McpId = string | number;

/** What an error says. */
export interface McpError {
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

/** A request. */
export interface McpRequest {
  readonly kind: "request";
  readonly id: McpId;
  readonly method: string;
  readonly params: JsonObject | undefined;
}

/** A notification. */
export interface McpNotification {
  readonly kind: "notification";
  readonly method: string;
  readonly params: JsonObject | undefined;
}

/** The answer to a request. */
export interface McpResponse {
  readonly kind: "response";
  readonly id: McpId;
  readonly result: Json;
}

/** The refusal of a request; without an id where its sender could not read one. */
export interface McpFailure {
  readonly kind: "error";
  readonly id: McpId | null;
  readonly error: McpError;
}

/** One message. */
export type McpMessage = McpRequest | McpNotification | McpResponse | McpFailure;

/** Why a value is no message. The id is there where it is certain: an answer may name it. */
export interface MessageFault {
  readonly code: "not-an-object" | "not-2.0" | "ambiguous" | "bad-id" | "bad-method" | "bad-params" | "bad-error";
  readonly id?: McpId;
}

/** Reads one message out of a value. Members that JSON-RPC does not know are left alone. */
export function readMessage(value: Json): Result<McpMessage, MessageFault> {
  if (!isObject(value)) return err({ code: "not-an-object" });
  const id = member(value, "id");
  const known = isId(id) ? { id } : {};
  if (twinKey(value, MESSAGE_KEYS) !== undefined) return err({ code: "ambiguous", ...known });
  if (member(value, "jsonrpc") !== "2.0") return err({ code: "not-2.0", ...known });
  const parts = ["method", "result", "error"].filter((key) => Object.hasOwn(value, key));
  if (parts.length !== 1) return err({ code: "ambiguous", ...known });
  if (parts[0] === "method") return readCall(value, id, known);
  if (parts[0] === "error") return readFailure(value, id, known);
  return isId(id) ? ok({ kind: "response", id, result: value["result"] ?? null }) : err({ code: "bad-id" });
}

/** Longer ones are nobody's: they would be kept, compared and recorded. */
const MAX_ID = 256;

/** Whether a value may be an id. */
export function isId(value: Json | undefined): value is McpId {
  return typeof value === "string" ? value.length <= MAX_ID : Number.isSafeInteger(value);
}

/** A message as the bytes of one line, without its end. */
export function writeMessage(message: McpMessage): Uint8Array {
  return new TextEncoder().encode(writeJson({ jsonrpc: "2.0", ...body(message) }));
}

function body(message: McpMessage): JsonObject {
  switch (message.kind) {
    case "request":
    case "notification": {
      const params = message.params === undefined ? {} : { params: message.params };
      return { ...(message.kind === "request" ? { id: message.id } : {}), method: message.method, ...params };
    }
    case "response":
      return { id: message.id, result: message.result };
    case "error": {
      const { code, message: text, data } = message.error;
      return { id: message.id, error: { code, message: text, ...(data === undefined ? {} : { data }) } };
    }
    default:
      return message satisfies never;
  }
}

type Known = { readonly id?: McpId };

function readCall(value: JsonObject, id: Json | undefined, known: Known): Result<McpMessage, MessageFault> {
  const method = value["method"];
  const params = member(value, "params");
  if (typeof method !== "string" || method === "") return err({ code: "bad-method", ...known });
  if (params !== undefined && !isObject(params)) return err({ code: "bad-params", ...known });
  if (twinKey(params, PARAMETER_KEYS) !== undefined) return err({ code: "ambiguous", ...known });
  // A request without an id would be carried out by a server that looks at methods alone; none has an id that is a notice.
  const isNotice = method.startsWith("notifications/");
  if (isNotice === Object.hasOwn(value, "id")) return err({ code: "bad-method", ...known });
  if (isNotice) return ok({ kind: "notification", method, params });
  return isId(id) ? ok({ kind: "request", id, method, params }) : err({ code: "bad-id" });
}

function readFailure(value: JsonObject, id: Json | undefined, known: Known): Result<McpMessage, MessageFault> {
  const error = value["error"];
  const code = member(error, "code");
  const message = member(error, "message");
  const data = member(error, "data");
  if (!Number.isInteger(code) || typeof message !== "string") return err({ code: "bad-error", ...known });
  if (!isId(id) && id !== null && id !== undefined) return err({ code: "bad-id" });
  const said: McpError = { code: code as number, message, ...(data === undefined ? {} : { data }) };
  return ok({ kind: "error", id: id ?? null, error: said });
}
