// What a record about an MCP connection says, in one phrase of a timeline; and which call an answer belongs to.
import type { Json, LogRecord } from "../log/index.ts";

/** One phrase; `undefined` for what is no such record. Texts stay an adversary's. */
export function mcpPhrase({ type, data, actor }: LogRecord): string | undefined {
  const server = text(data["server"]);
  switch (type) {
    case "mcp.open":
      return `${actor?.agent ?? "a client"} opened MCP server ${server}${heldText(data["held"])}`;
    case "mcp.list":
      return `MCP server ${server} serves ${count(data["tools"], "tool")}${heldText(data["held"])}${fault(data["fault"])}`;
    case "mcp.call":
      return `${actor?.agent ?? "a client"} called ${server}/${target(data)} ${argumentsOf(data)}`.trimEnd();
    case "mcp.result":
      return `MCP server ${server} answered ${text(data["method"])}`;
    case "mcp.request":
      return `MCP server ${server} wants ${text(data["method"])}`;
    case "mcp.pin":
      return `MCP server ${server} is pinned as it is now: ${count(data["count"], "definition")}`;
    case "mcp.notice":
      return `MCP ${text(data["from"])} of ${server} said ${text(data["method"])}`;
    case "mcp.refused":
      return `refused what the ${text(data["from"])} of MCP server ${server} sent (${text(data["reason"])})`;
    case "mcp.close":
      return `MCP server ${server} closed`;
    default:
      return undefined;
  }
}

/** What a call and its answer share: the gateway's own number of it. */
export function mcpRequest({ data }: LogRecord): string {
  return `mcp ${text(data["server"])} ${text(data["request"])}`;
}

/** How an answer came out. */
export function mcpEnd({ data }: LogRecord): string {
  if (data["verdict"] === "deny") return "answer held";
  return data["failed"] === true ? "failed" : "done";
}

function target(data: LogRecord["data"]): string {
  return text(data["tool"]) || text(data["prompt"]) || text(data["uri"]) || text(data["method"]);
}

function argumentsOf(data: LogRecord["data"]): string {
  return data["withheld"] === undefined
    ? text(data["input"])
    : `(arguments not kept: they held ${text(data["withheld"])})`;
}

function heldText(held: Json | undefined): string {
  const names = Array.isArray(held) ? held.length : 0;
  return names === 0 ? "" : `, ${names} held`;
}

function fault(said: Json | undefined): string {
  return typeof said === "string" ? `: ${said}` : "";
}

function count(value: Json | undefined, noun: string): string {
  const number = typeof value === "number" ? value : 0;
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
