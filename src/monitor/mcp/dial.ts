// A way out for this process itself, by the session's own proxy: what the fence's programs are refused, the gateway is refused too.
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";

/** Longer than the proxy's own patience for lookup and all addresses. */
const CONNECT_MS = 30_000;

/** Asks the proxy at `socketPath` for a connection to `host:port`. */
export function connectThrough(socketPath: string, host: string, port: number): Promise<Result<Duplex, Problem>> {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const said = `\`${forTerminal(name, { max: 120 })}:${port}\``;
  return new Promise((resolve) => {
    const no = (why: string, hint: string): void =>
      resolve(err({ code: "upstream-refused", message: `${said} is not reached (${why})`, hint }));
    const place = `${name}:${port}`;
    const asked = request({
      ...{ socketPath, method: "CONNECT", path: place, timeout: CONNECT_MS, agent: false },
      headers: { host: place },
    });
    asked.once("connect", ({ statusCode, headers }, socket, head) => {
      const told = (field: string): string => forTerminal(String(headers[field] ?? ""), { max: 500 });
      if (statusCode !== 200) {
        socket.destroy();
        return no(told("x-ringfence-reason") || `answer ${statusCode}`, told("x-ringfence-hint"));
      }
      if (head.length > 0) socket.unshift(head);
      socket.setTimeout(0);
      resolve(ok(socket));
    });
    asked.once("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.once("error", (error) => no(error.message, "is the session still running?"));
    asked.end();
  });
}
