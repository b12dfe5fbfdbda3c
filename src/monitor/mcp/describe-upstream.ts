// What a server over HTTP says of itself, asked by ourselves: `mcp lock`, `verify`, `diff` and `scan`. Nothing of it is served to anybody, so nothing of it is
// judged on the way; whoever asked compares and screens it.
import { PassThrough } from "node:stream";
import { ok, type Problem, type Result } from "#core";
import type { ServerDescription } from "#core/mcp";
import { type Gatekeeper, inquire, openStdioFront } from "#mcp";
import { cannot } from "../refusals.ts";
import type { Refusal } from "../request.ts";
import { openProxied, type ProxiedRequest } from "./proxied-server.ts";

/** Asks it, and ends its session there. */
export async function describeUpstream(request: ProxiedRequest): Promise<Result<ServerDescription, Refusal>> {
  const opened = await openProxied(request);
  if (!opened.ok) return opened;
  const { open, upstream, stop, close } = opened.value;
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const front = openStdioFront({
    ...{ fromClient: stdin, toClient: stdout },
    lane: { upstream, gatekeeper: () => WIRE, dropped: () => undefined },
  });
  const end = (): void => void stdout.destroy();
  stop.addEventListener("abort", end, { once: true });
  void front.done.then(end);
  try {
    const said = await inquire({ stdin, stdout });
    if (open.failed.aborted) return cannot(open.failed.reason as Problem);
    return said.ok ? ok(said.value) : cannot(said.error);
  } finally {
    stop.removeEventListener("abort", end);
    await front.close();
    await close();
  }
}

/** Lets everything through, both ways. */
const WIRE: Gatekeeper = {
  fromClient: async (bytes) => ({ kind: "forward", bytes }),
  fromServer: async (bytes) => ({ kind: "forward", bytes }),
  unread: async () => ({ kind: "drop", why: "unread" }),
  reverify: async () => [],
  abandon: () => undefined,
  close: async () => undefined,
};
