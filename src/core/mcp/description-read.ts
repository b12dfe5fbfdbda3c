// Reads a description out of JSON that somebody kept: a whole server, a list of tools, one tool, or an answer of the wire with one of these in it.
import { err, ok, type Result } from "../result.ts";
import type { ServerDescription } from "./description.ts";
import { isList, isObject, type Json, type JsonObject, member } from "./json.ts";
import { SERVER_INFO } from "./opening.ts";

/** A description, and what stood beside it that no description has. */
export interface ReadDescription {
  readonly description: ServerDescription;
  readonly further: JsonObject;
}

const LISTS = ["tools", "prompts", "resources", "resourceTemplates"] as const;
type Lists = Pick<ServerDescription, (typeof LISTS)[number]>;

/** Reads it; the error says in words what it is not. */
export function readDescription(value: Json): Result<ReadDescription, string> {
  if (isEnvelope(value)) return readDescription(value["result"] ?? null);
  if (isList(value)) return readWhole({ tools: value });
  if (!isObject(value)) return err("is neither a tool, nor a list of tools, nor a server's description");
  return isDefinition(value) ? readWhole({ tools: [value] }) : readWhole(value);
}

/** An answer of the wire, whole or without what every one of them has. */
function isEnvelope(value: Json): value is JsonObject {
  if (!isObject(value) || !Object.hasOwn(value, "result")) return false;
  return Object.hasOwn(value, "jsonrpc") || Object.keys(value).every((key) => key === "result" || key === "id");
}

/** A tool has a name, and a server's description has none. */
function isDefinition(value: JsonObject): boolean {
  return Object.hasOwn(value, "name") && !LISTS.some((list) => isList(member(value, list)));
}

/** A modern server says its name in the `_meta` of its answers (`SERVER_INFO`): it is the same name. */
function inOnePlace(value: JsonObject): JsonObject {
  const meta = value["_meta"];
  if (Object.hasOwn(value, "serverInfo") || !isObject(meta) || !Object.hasOwn(meta, SERVER_INFO)) return value;
  const { [SERVER_INFO]: serverInfo = null, ...further } = meta;
  const { _meta: _, ...rest } = value;
  return { ...rest, serverInfo, ...(Object.keys(further).length === 0 ? {} : { _meta: further }) };
}

function readWhole(value: JsonObject): Result<ReadDescription, string> {
  const lists: [string, readonly JsonObject[]][] = [];
  for (const list of LISTS) {
    const items = member(value, list) ?? [];
    const objects = isList(items) ? items.filter(isObject) : [];
    if (!isList(items) || objects.length !== items.length) return err(`has \`${list}\` that are no list of objects`);
    lists.push([list, objects]);
  }
  const { protocolVersion, serverInfo, instructions, capabilities = {}, ...rest } = inOnePlace(value);
  if (!isObject(capabilities)) return err("has `capabilities` that are no object");
  if (serverInfo !== undefined && !isObject(serverInfo)) return err("has a `serverInfo` that is no object");
  if (instructions !== undefined && typeof instructions !== "string") return err("has `instructions` that are no text");
  if (protocolVersion !== undefined && typeof protocolVersion !== "string")
    return err("has a `protocolVersion` that is no text");
  const further = Object.fromEntries(Object.entries(rest).filter(([key]) => !LISTS.some((list) => list === key)));
  return ok({
    description: {
      ...(Object.fromEntries(lists) as unknown as Lists),
      capabilities,
      ...(protocolVersion === undefined ? {} : { protocolVersion }),
      ...(serverInfo === undefined ? {} : { serverInfo }),
      ...(instructions === undefined ? {} : { instructions }),
    },
    further,
  });
}
