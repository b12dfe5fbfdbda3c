// Reads a description out of JSON that somebody kept: a whole server, a list of tools, one tool, or an answer of the wire with one of these in it.
import { err, ok, type Result } from "../result.ts";
import type { ServerDescription } from "./description.ts";
import { isList, isObject, type Json, type JsonObject, member } from "./json.ts";

/** A description, and what stood beside it that no description has. */
export interface ReadDescription {
  readonly description: ServerDescription;
  readonly further: JsonObject;
}

const LISTS = ["tools", "prompts", "resources", "resourceTemplates"] as const;
type Lists = Pick<ServerDescription, (typeof LISTS)[number]>;

/** Reads it; the error says in words what it is not. */
export function readDescription(value: Json): Result<ReadDescription, string> {
  if (isObject(value) && Object.hasOwn(value, "jsonrpc") && Object.hasOwn(value, "result"))
    return readDescription(value["result"] ?? null);
  if (isList(value)) return readWhole({ tools: value });
  if (!isObject(value)) return err("is neither a tool, nor a list of tools, nor a server's description");
  return isDefinition(value) ? readWhole({ tools: [value] }) : readWhole(value);
}

/** A tool has a name, and a server's description has none. */
function isDefinition(value: JsonObject): boolean {
  return Object.hasOwn(value, "name") && !LISTS.some((list) => isList(member(value, list)));
}

function readWhole(value: JsonObject): Result<ReadDescription, string> {
  const lists: [string, readonly JsonObject[]][] = [];
  for (const list of LISTS) {
    const items = member(value, list) ?? [];
    const objects = isList(items) ? items.filter(isObject) : [];
    if (!isList(items) || objects.length !== items.length) return err(`has \`${list}\` that are no list of objects`);
    lists.push([list, objects]);
  }
  const { protocolVersion, serverInfo, instructions, capabilities = {}, ...rest } = value;
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
