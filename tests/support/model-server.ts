// A scripted model on loopback. THE MODEL IS A STUB: it follows a fixed list of steps and thinks nothing.
// Everything else is real: the agents from npm, and the protocols they speak to a vendor (see model-protocols.ts).
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type JsonObject, type Protocol, protocolOf, type Step } from "./model-protocols.ts";

/** One model call that an agent made. */
export interface ModelCall {
  readonly protocol: Protocol["name"];
  /** The tools the agent offered; empty for side calls such as a title for the session. */
  readonly tools: readonly string[];
  /** What the agent said its tools returned, one a step so far. */
  readonly results: readonly string[];
}

/** A running scripted model. */
export interface ModelServer extends AsyncDisposable {
  readonly port: number;
  /** Every model call so far, in order. */
  readonly calls: readonly ModelCall[];
  /** Paths that were asked for and are no model call (answered 404, or 200 for HEAD). */
  readonly others: readonly string[];
  /** The longest list of tool results seen: what each step of the script returned. */
  results(): readonly string[];
}

/**
 * Serves `script` on 127.0.0.1: the n-th tool result of a conversation gets step n, and the last step is repeated.
 * A request without tools is a side call and gets a short text, so that it does not use up a step.
 */
export async function openModelServer(script: readonly Step[]): Promise<ModelServer> {
  const calls: ModelCall[] = [];
  const others: string[] = [];
  let count = 0;
  const server = createServer(async (request, response) => {
    // Through a forward proxy the target is absolute; directly it is a path.
    const path = new URL(request.url ?? "/", "http://model.test").pathname;
    const body = await bodyOf(request);
    const protocol = request.method === "POST" ? protocolOf(path) : undefined;
    if (protocol === undefined || body === undefined) {
      others.push(`${request.method} ${path}`);
      response.writeHead(request.method === "HEAD" ? 200 : 404, { "content-type": "application/json" });
      response.end(request.method === "HEAD" ? undefined : '{"error":{"type":"not_found_error","message":"not here"}}');
      return;
    }
    const call = { protocol: protocol.name, tools: protocol.tools(body), results: protocol.results(body) };
    calls.push(call);
    const step = call.tools.length === 0 ? undefined : script[Math.min(call.results.length, script.length - 1)];
    count += 1;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    response.end(protocol.answer(step ?? { text: "ok" }, String(count), String(body["model"] ?? "scripted")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    others,
    results: () =>
      calls.reduce<readonly string[]>((most, { results }) => (results.length > most.length ? results : most), []),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<JsonObject | undefined> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined; // not JSON: answered as "not here"
  }
}
