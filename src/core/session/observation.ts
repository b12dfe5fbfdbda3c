// From what an agent asks for, what a hook tells and what the record says to observations of legs. One fold takes them all (legs.ts);
// who speaks decides the origin: hooks claim, walls observe.
import type { Action } from "../action.ts";
import type { HookEvent } from "../hook.ts";
import type { Origin, RecordBody } from "../log/index.ts";
import type { LegSource } from "./leg-policy.ts";
import type { Observation } from "./legs.ts";
import { commandSources } from "./sources/commands.ts";
import type { LegContext } from "./sources/context.ts";
import { hostKind } from "./sources/hosts.ts";
import { mcpSources } from "./sources/mcp.ts";
import { readSources, writeSources } from "./sources/paths.ts";
import { inputFields } from "./tool-input.ts";

/** What an act speaks of, before it happens or after. Total; an act that speaks of nothing gives none. */
export function observationsOf(action: Action, context: LegContext, origin: Origin): readonly Observation[] {
  const as = (cause: string, sources: readonly LegSource[]): readonly Observation[] =>
    sources.map((source) => ({ source, cause, origin }));
  switch (action.kind) {
    case "exec":
      return commandSources(action.command, action.cwd, context).map((found) => ({ ...found, origin }));
    case "read":
      return as(`read ${action.path}`, readSources(action.path, context));
    case "write":
    case "edit":
    case "delete":
      return as(`changed ${action.path}`, writeSources(action.path, context));
    case "fetch":
      return as(`fetched ${action.url ?? `${action.host}:${action.port}`}`, hostSources(action.host, context));
    case "mcp":
      return as(
        `called mcp__${action.server}__${action.tool}`,
        mcpSources(action.server, action.tool, action.input, context),
      );
    case "other":
      return as(`used ${action.tool}`, /^(?:google_)?web_?search/i.test(action.tool) ? ["search"] : []);
    case "agent":
    case "prompt":
      return [];
    default:
      return action satisfies never;
  }
}

/** What an agent's hook tells of: a call that is allowed to happen, or is over. A failed call may have done its part, so it counts. */
export function observationsOfEvent(event: HookEvent, context: LegContext): readonly Observation[] {
  return "actions" in event ? event.actions.flatMap((action) => observationsOf(action, context, "claimed")) : [];
}

/** What a line of the record tells of: connections, files, uses of a secret, MCP calls. Other types speak of nothing. */
export function observationsOfRecord(record: RecordBody, context: LegContext): readonly Observation[] {
  const { type, origin, data } = record;
  const text = (key: string): string => (typeof data[key] === "string" ? data[key] : "");
  const as = (cause: string, sources: readonly LegSource[]): readonly Observation[] =>
    sources.map((source) => ({ source, cause, origin }));
  if (type === "net.connect") {
    const address = text("address");
    return as(
      `connected to ${text("host")}:${String(data["port"] ?? "")}`,
      hostSources(text("host"), context, address === "" ? undefined : address),
    );
  }
  if (type === "file.read") return as(`read ${text("path")}`, readSources(absolute(text("path"), context), context));
  if (type === "file.write" && data["verdict"] !== "refused")
    return as(`changed ${text("path")}`, writeSources(absolute(text("path"), context), context));
  if (type === "secret.use") return as(`used the secret ${text("credential")}`, ["credential"]);
  if (type === "mcp.call" && data["verdict"] !== "deny") {
    const tool = text("tool") === "" ? text("method") : text("tool");
    const called = `called mcp__${text("server")}__${tool}`;
    return as(called, mcpSources(text("server"), tool, inputFields(data["input"]), context));
  }
  return [];
}

function hostSources(host: string, context: LegContext, address?: string): readonly LegSource[] {
  const kind = hostKind(host, context, address);
  return kind === "web" || kind === "private-host" || kind === "credential" ? [kind] : [];
}

function absolute(path: string, context: LegContext): string {
  return path.startsWith("/") ? path : `${context.root}/${path}`;
}
