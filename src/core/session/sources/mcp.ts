// What an MCP call speaks of, by its names and its input alone: a server's own annotations are its own word and count for nothing.
import { wildcardSource } from "../../text/wildcard.ts";
import { pathsIn, textsIn } from "../../tool/texts.ts";
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";
import { hostKind, hostOfUrl } from "./hosts.ts";
import { readSources } from "./paths.ts";

const READERS = new Set(
  "get list read search find fetch query describe show view lookup look count status check diff whoami resolve inspect explain summarize analyze download browse open glob grep ls cat tree stat head info help docs navigate snapshot screenshot think sequentialthinking".split(
    " ",
  ),
);
const WRITERS = new Set(
  "create add update edit write set put post send delete remove drop insert upload publish push merge commit comment reply close reopen approve assign move rename copy run execute exec eval invoke trigger deploy apply install start stop restart grant revoke share invite transfer pay buy order submit fill click type press fork star subscribe schedule book cancel archive patch upsert save store import sync notify message tweet".split(
    " ",
  ),
);
/** Stores of somebody's private things, as words of a server's or a tool's name. */
const PRIVATE = new Set(
  "gmail mail email outlook inbox calendar drive gdrive onedrive dropbox box sharepoint slack teams discord telegram whatsapp imessage notion confluence jira linear asana obsidian notes evernote contacts postgres postgresql mysql mariadb sqlite mongo mongodb redis snowflake bigquery databricks supabase neon airtable database db sql salesforce hubspot zendesk intercom stripe paypal quickbooks aws gcp azure kubernetes k8s vault 1password bitwarden keychain secrets secret credentials datadog sentry grafana splunk".split(
    " ",
  ),
);
/** Tools of code hosts that read what may be a private repository. */
const PRIVATE_CODE = /(?:^|_)(?:file|files|contents?|code|blob|tree|repo(?:sitor(?:y|ies))?)(?:_|$)/;
const CODE_HOST = /github|gitlab|gitea|bitbucket|forgejo/i;
const SQL = /^\s*(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|merge|copy|call)\b/i;

/** What the call, and the answer that the model will read, speak of. */
export function mcpSources(server: string, tool: string, input: unknown, context: LegContext): readonly LegSource[] {
  const { servers, readingTools } = context.policy;
  const said = Object.hasOwn(servers, server) ? servers[server] : undefined;
  const sources = new Set<LegSource>();
  const texts = textsIn(input);
  const listed = readingTools.some((pattern) => matches(pattern, `mcp__${server}__${tool}`));
  const writes = !plainlyReads(tool) || texts.some((text) => SQL.test(text));
  if (said?.includes("untrusted") ?? true) sources.add("mcp-result");
  if (writes && !listed && (said?.includes("outside") ?? true)) sources.add("mcp-write");
  if (said?.includes("private") ?? soundsPrivate(server, tool)) sources.add("mcp-private");
  for (const text of texts) {
    const host = /^(?:https?|wss?|ftp):/i.test(text) ? hostOfUrl(text.trim().replace(/\s/g, "%20"), false) : undefined;
    const kind = host === undefined ? "local" : hostKind(host, context);
    if (kind === "web" || kind === "private-host" || kind === "credential") sources.add(kind);
  }
  // a server that reads files reads what it is told to
  for (const path of pathsIn(input, context))
    for (const source of readSources(path, context)) if (OF_FILES.has(source)) sources.add(source);
  return [...sources];
}

/** By its words: a reader's, and none of a writer's. */
export function plainlyReads(tool: string): boolean {
  const name = words(tool);
  return name.some((word) => READERS.has(word)) && !name.some((word) => WRITERS.has(word));
}

/** One of its words says that it changes something. */
export function plainlyWrites(tool: string): boolean {
  return words(tool).some((word) => WRITERS.has(word));
}

function soundsPrivate(server: string, tool: string): boolean {
  const name = words(tool);
  return (
    [...words(server), ...name].some((word) => PRIVATE.has(word)) ||
    (CODE_HOST.test(server) && PRIVATE_CODE.test(name.join("_")))
  );
}

const OF_FILES: ReadonlySet<LegSource> = new Set(["secret-file", "outside-file"]);

/** `getIssue_comments`, `get-issue.comments` → get, issue, comments. */
function words(name: string): readonly string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "");
}

/** A rule's `mcp__server`, `mcp__server__*` or `mcp__server__tool`, with `*` for any text. */
function matches(pattern: string, name: string): boolean {
  const pieces = pattern.split(/\*+/).map((part) => part.replace(/[.\\^$+?()[\]{}|-]/g, "\\$&"));
  return (
    new RegExp(`^${wildcardSource(pieces, ".")}$`, "s").test(name) ||
    (!pattern.includes("*") && name.startsWith(`${pattern}__`))
  );
}
