// What the gatekeeper asks of the world: judgement, record and people. The room has no policy of its own; the monitor implements this.
import type { Finding, Held, Json, JsonObject, McpEra, McpId, OtherServer } from "#core/mcp";

/** A request of the client that makes the server act or read: `tools/call`, `prompts/get` or `resources/read`. */
export interface McpCall {
  readonly server: string;
  readonly method: "tools/call" | "prompts/get" | "resources/read";
  readonly tool?: string;
  readonly prompt?: string;
  readonly uri?: string;
  readonly arguments: Json;
  readonly id: McpId;
  readonly era: McpEra;
  /** The pinned digest of the tool's or prompt's definition. */
  readonly digest?: string;
  /** The server's own word on its tool: it may tighten, never loosen. */
  readonly annotations?: JsonObject;
  /** A modern retry: what the server wanted to know is in it, and the state that the server gave. */
  readonly retry?: { readonly requestState?: string; readonly inputResponses: JsonObject };
  /** Whether the client wants a task instead of an answer. */
  readonly task?: true;
}

/** What a server answered, as it would be handed over: cleaned, screened, not yet released. */
export interface McpOutcome {
  readonly server: string;
  /** The method of the client's request. */
  readonly method: string;
  /** The call that it answers, also for what a task of it yields later. */
  readonly call?: McpCall;
  readonly result?: Json;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Json };
  readonly findings: readonly Finding[];
  /** Whether something was stripped or redacted. */
  readonly cleaned: boolean;
  /** Bytes of the server's own message. */
  readonly bytes: number;
  readonly ms: number;
}

/** Something that the server wants of the client, as a request of its own or inside of a result. */
export interface McpServerRequest {
  readonly server: string;
  readonly method: "sampling/createMessage" | "elicitation/create" | "roots/list";
  readonly params: JsonObject | undefined;
  readonly era: McpEra;
  readonly findings: readonly Finding[];
  /** The call during which it came, where it came inside of that call's result. */
  readonly call?: McpCall;
}

/** A wire fault, as a code that the record keeps. */
export type RefusedWhy = string;

/** What is worth a line of the record beside calls and results. */
export type McpEvent =
  | {
      readonly kind: "open";
      readonly era: McpEra;
      readonly protocolVersion?: string;
      readonly clientInfo?: JsonObject;
      readonly serverInfo?: JsonObject;
      readonly held: readonly Held[];
    }
  | {
      readonly kind: "list";
      readonly tools: number;
      readonly prompts: number;
      readonly resourceTemplates: number;
      readonly held: readonly Held[];
      /** All of it, because its name was approved for something else. */
      readonly otherServer?: OtherServer;
      /** Why the server's lists could not be read at all; nothing is served then. */
      readonly fault?: string;
    }
  | {
      readonly kind: "notice";
      readonly from: "client" | "server";
      readonly method: string;
      readonly verdict: "allow" | "deny";
      readonly findings?: readonly Finding[];
    }
  | {
      readonly kind: "refused";
      readonly from: "client" | "server";
      readonly why: RefusedWhy;
      readonly id?: McpId;
      readonly method?: string;
      /** How many of the same kind this line stands for. */
      readonly count: number;
      /** The beginning of what was refused. Hostile text: escape before showing. */
      readonly excerpt?: string;
    }
  | { readonly kind: "close" };

/** A verdict; the text of a refusal is short and goes to the model. */
export type McpVerdict = { readonly verdict: "allow" } | { readonly verdict: "deny"; readonly text: string };

/** May the request reach the client, and with which parameters? */
export type McpAskVerdict =
  | { readonly verdict: "allow"; readonly params?: JsonObject }
  | { readonly verdict: "deny"; readonly text: string };

/** Judgement, record and people, as the monitor gives them. Every promise that rejects is a refusal. */
export interface McpPorts {
  /** Judges a call, also every retry. Resolves when the intent is durably on record (I6). */
  call(call: McpCall, signal: AbortSignal): Promise<McpVerdict>;
  /** The outcome, on record before it is handed over. May hold it. */
  result(outcome: McpOutcome, signal: AbortSignal): Promise<McpVerdict>;
  /** Sampling, elicitation and roots: may the server's wish reach the client? */
  ask(request: McpServerRequest, signal: AbortSignal): Promise<McpAskVerdict>;
  /** Everything else that is worth a line. */
  note(event: McpEvent): Promise<void>;
  /** Takes the session's known secrets out of a text. */
  redact(text: string): string;
}
