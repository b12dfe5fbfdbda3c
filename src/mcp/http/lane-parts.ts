// What a lane works with, and how it fails.
import type { Problem } from "#core";
import type { Asker } from "../asker.ts";
import type { Gatekeeper } from "../gatekeeper.ts";
import type { Fields } from "./mirrored.ts";
import type { ToClient } from "./to-client.ts";
import type { Upstream } from "./upstream.ts";

/** What one message is sent with. */
export interface LaneSending {
  readonly signal: AbortSignal;
  /** The client's own headers, where it has any. */
  readonly client?: Fields;
  /** True for a client that comes for the rest of a broken stream itself. */
  readonly resumes?: boolean;
  /** Called once the server has the message, or cannot have it any more. */
  readonly delivered?: (() => void) | undefined;
}

/** A failure of what is no request, and so has no answer that could say it. */
export class LaneFault extends Error {
  override readonly name = "LaneFault";
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** What a lane is made of. */
export interface LaneOptions {
  readonly upstream: Upstream;
  /** Opens this conversation's gatekeeper over its own way to ask the server. */
  readonly gatekeeper: (asker: Asker) => Gatekeeper;
  /** For what the server says while this gateway itself asks something. */
  readonly aside: (to: ToClient) => void;
  /** A tool that breaks the rules for its headers, and is not served. */
  readonly dropped: (tool: string, why: string) => void;
  /** What names the client to servers over HTTP; the gateway's own questions have it too, so that none can be told from the client's. */
  readonly userAgent?: string;
}

/** A fault of the transport: outside of what JSON-RPC and MCP keep for themselves. */
export const TRANSPORT_ERROR: number = -31_502;

/** An answer that was not whole. */
export const BROKEN: Problem = { code: "mcp-broken", message: "the server's answer broke off" };
/** A session that is over: its client has to begin anew. */
export const GONE: Problem = {
  code: "mcp-session-gone",
  message: "the server has ended the session",
  hint: "connect to it anew",
};

const PASSING_HEADER = /^[\x20-\x7e]{1,2048}$/;

/** Trace context belongs to the request and is nobody's credential (W3C Trace Context). */
export function traced(client: Fields): Readonly<Record<string, string>> {
  const passing = ["traceparent", "tracestate"].flatMap((name): readonly [string, string][] => {
    const value = client[name];
    return typeof value === "string" && PASSING_HEADER.test(value) ? [[name, value]] : [];
  });
  return Object.fromEntries(passing);
}

/** The version that a client says in its header. Where its body has none, that is the server's to refuse, and it refuses by the header. */
export function versionTold(client: Fields): Readonly<Record<string, string>> {
  const version = client["mcp-protocol-version"];
  return typeof version === "string" && PASSING_HEADER.test(version) ? { "mcp-protocol-version": version } : {};
}
