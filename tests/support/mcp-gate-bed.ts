// A gatekeeper with a server that is a table of answers, ports that write down what they are asked, and verdicts that a test sets.
import { err, ok } from "#core";
import { type Finding, type Json, type JsonObject, readJson, type ServerDescription, type Verified } from "#core/mcp";
import { type Gatekeeper, listServer, type McpPorts, openGatekeeper, type Passage } from "#mcp";

/** What a test may set at any time. */
export interface GateBed {
  readonly keeper: Gatekeeper;
  /** Every port's calls and events, in their order. */
  readonly log: { readonly kind: string; readonly [key: string]: unknown }[];
  /** What the server answers to our own requests, by method. */
  readonly server: Record<string, Json | ((params: JsonObject | undefined) => Json)>;
  readonly asked: { readonly method: string; readonly params: JsonObject | undefined }[];
  verify: (found: ServerDescription, part: "opening" | "whole") => Verified | Promise<Verified>;
  lockMark: () => string;
  readonly verdicts: { -readonly [Port in "call" | "result" | "ask"]?: McpPorts[Port] };
  screen: (value: Json, signal?: AbortSignal) => readonly Finding[] | Promise<readonly Finding[]>;
  clean: (value: Json) => { readonly value: Json; readonly changed: boolean };
  /** Sends one message of either side, as an object or as its text, and answers with what is done, as `forward {…}`. */
  client(message: object | string): Promise<string>;
  from(message: object | string): Promise<string>;
  /** A legacy session, opened; its messages are not in the log. */
  open(more?: { readonly version?: string; readonly instructions?: string }): Promise<void>;
}

/** What the server has, unless a test says otherwise. */
export const TOOLS: readonly JsonObject[] = [
  { name: "echo", description: "says it again", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } },
  { name: "wipe", description: "removes", inputSchema: { type: "object" } },
];

/** How a client of the newest revision introduces itself. */
export const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "c", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

/** From now on, the tool is held as changed. */
export function holdTool(bed: GateBed, name: string): void {
  bed.verify = (found): Verified => ({
    description: { ...found, tools: found.tools.filter((tool) => tool["name"] !== name) },
    held: [{ kind: "tool", name, why: "changed", fields: ["description"], findings: [] }],
  });
}

/** The bed. */
export function gateBed(): GateBed {
  const log: GateBed["log"] = [];
  const asked: GateBed["asked"] = [];
  const server: GateBed["server"] = {
    "tools/list": { tools: TOOLS },
    "prompts/list": { prompts: [{ name: "ask" }] },
    "resources/list": { resources: [] },
    "resources/templates/list": { resourceTemplates: [{ name: "t", uriTemplate: "demo:///{id}" }] },
    "server/discover": { resultType: "complete", capabilities: { tools: {}, prompts: {}, resources: {} } },
  };
  const allow = { verdict: "allow" } as const;
  const ports: McpPorts = {
    call: async (call, signal) => {
      log.push({ kind: "call", what: call });
      return (await bed.verdicts.call?.(call, signal)) ?? allow;
    },
    result: async (outcome, signal) => {
      log.push({ kind: "result", what: outcome });
      return (await bed.verdicts.result?.(outcome, signal)) ?? allow;
    },
    ask: async (request, signal) => {
      log.push({ kind: "ask", what: request });
      return (await bed.verdicts.ask?.(request, signal)) ?? allow;
    },
    note: async (event) => void log.push(event),
    redact: (text) => text.replaceAll("hunter2", "[redacted]"),
  };
  const keeper = openGatekeeper({
    server: "tested",
    ports,
    asker: {
      request: async (method, params) => {
        asked.push({ method, params });
        const answer = server[method];
        if (answer === undefined) return err({ code: "mcp-error -32601", message: "no such method" });
        return ok(typeof answer === "function" ? answer(params) : answer);
      },
    },
    list: listServer,
    verify: async (found, part) => bed.verify(found, part),
    lockMark: () => bed.lockMark(),
    digest: (definition) => `digest of ${JSON.stringify(definition)}`.slice(0, 40),
    screen: async (value, signal) => bed.screen(value, signal),
    clean: (value) => bed.clean(value),
  });
  const bytesOf = (message: object | string): Uint8Array =>
    new TextEncoder().encode(typeof message === "string" ? message : JSON.stringify({ jsonrpc: "2.0", ...message }));
  const bed: GateBed = {
    ...{ keeper, log, asked, server, verdicts: {} },
    verify: (description) => ({ description, held: [] }),
    lockMark: () => "",
    screen: () => [],
    clean: (value) => ({ value, changed: false }),
    client: async (message) => shown(await keeper.fromClient(bytesOf(message))),
    from: async (message) => shown(await keeper.fromServer(bytesOf(message))),
    open: async ({ version = "2025-11-25", instructions } = {}) => {
      await bed.client({ id: "open", method: "initialize", params: { protocolVersion: version } });
      const words = { serverInfo: { name: "s" }, ...(instructions === undefined ? {} : { instructions }) };
      const capabilities = { tools: {}, prompts: {}, resources: {} };
      await bed.from({ id: "open", result: { protocolVersion: version, capabilities, ...words } });
      await bed.client({ method: "notifications/initialized" });
      await new Promise((listed) => setTimeout(listed, 5));
      log.length = 0;
    },
  };
  return bed;
}

/** What is done, as one text. A delivered message is delivered. */
function shown(passage: Passage): string {
  if (passage.kind === "drop") return `drop ${passage.why}`;
  if (passage.kind === "several") return passage.parts.map(shown).join("; ");
  if (passage.kind === "forward") passage.delivered?.();
  return `${passage.kind} ${new TextDecoder().decode(passage.bytes)}`;
}

/** A call of a tool. */
export function toolCall(id: number | string, name = "echo", more: object = {}): object {
  return { id, method: "tools/call", params: { name, arguments: { text: "x" }, ...more } };
}

/** The text of the tool's result in a shown passage. */
export function textIn(text: string): string | undefined {
  return (messageIn(text)["result"] as unknown as { content: { text: string }[] }).content[0]?.text;
}

/** The message in a shown passage. */
export function messageIn(text: string): JsonObject {
  const read = readJson(new TextEncoder().encode(text.slice(text.indexOf(" ") + 1)));
  if (!read.ok) throw new Error(`no message: ${text}`);
  return read.value as JsonObject;
}
