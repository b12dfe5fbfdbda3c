// Requests of the gateway's own to the server, in an id space of their own: the client never sees them or their answers.
import { randomBytes } from "node:crypto";
import { err, ok, type Problem, type Result } from "#core";
import { type Json, type JsonObject, type McpMessage, writeMessage } from "#core/mcp";
import { forTerminal } from "#core/text";

/** Asks the server something. Each transport gives one. */
export interface Asker {
  request(method: string, params?: JsonObject): Promise<Result<Json, Problem>>;
  /**
   * For transports where our answers come in one stream with the client's: takes the message if it answers a request of ours. Whatever it
   * answers `true` for goes nowhere else.
   */
  settle?(message: McpMessage): boolean;
}

/** An asker over one stream, which it shares with the client. */
export interface StreamAsker extends Asker {
  settle(message: McpMessage): boolean;
  /** Nothing comes any more: what is open fails, and so does what is asked later. */
  close(): void;
}

const ANSWER_MS = 60_000;

/** An asker that writes with `send`. No client can guess its ids, so that none can take them. */
export function openStreamAsker(send: (bytes: Uint8Array) => void, answerMs: number = ANSWER_MS): StreamAsker {
  const prefix = `${randomBytes(12).toString("base64url")}-`;
  const open = new Map<string, (answer: Result<Json, Problem>) => void>();
  let count = 0;
  let closed = false;
  return {
    request(method, params) {
      if (closed) return Promise.resolve(err(GONE));
      count += 1;
      const id = `${prefix}${count}`;
      return new Promise((answer) => {
        const end = (result: Result<Json, Problem>): void => {
          clearTimeout(timer);
          open.delete(id);
          answer(result);
        };
        const timer = setTimeout(() => end(err(silent(method, answerMs))), answerMs);
        open.set(id, end);
        send(writeMessage({ kind: "request", id, method, params }));
      });
    },
    settle(message) {
      if (message.kind !== "response" && message.kind !== "error") return false;
      if (typeof message.id !== "string" || !message.id.startsWith(prefix)) return false;
      const end = open.get(message.id);
      end?.(message.kind === "response" ? ok(message.result) : err(refused(message.error)));
      return true;
    },
    close() {
      closed = true;
      for (const end of [...open.values()]) end(err(GONE));
    },
  };
}

/** The code of the problem that no answer came in time. */
export const SILENT = "mcp-server-silent";

const GONE: Problem = { code: "mcp-server-gone", message: "the server has ended" };

function silent(method: string, ms: number): Problem {
  return {
    code: SILENT,
    message: `the server did not answer \`${method}\` for ${ms / 1000} seconds`,
    hint: "look whether it is an MCP server, whether it is up, and whether it waits for a login or a download",
  };
}

function refused({ code, message }: { readonly code: number; readonly message: string }): Problem {
  return {
    code: `mcp-error ${code}`,
    message: `the server answered with an error: ${forTerminal(message, { max: 200 })}`,
  };
}
