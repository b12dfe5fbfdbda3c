// What only sessions have (up to 2025-11-25): the server's own stream by GET, also for the rest of one that broke off, and a session's end by DELETE.
import { failure, REFUSAL, writeMessage } from "#core/mcp";
import type { ListenerLane } from "./lanes.ts";
import { Reply } from "./reply.ts";
import type { Serving } from "./serving.ts";

const EVENT_ID = /^[\x21-\x7e][\x20-\x7e]{0,1022}$/;

/** Serves a GET. */
export async function serveListening(serving: Serving): Promise<void> {
  const { asked, response } = serving;
  const at = await sessionOf(serving);
  if (at === undefined) return;
  const last = asked.headers["last-event-id"];
  if (last !== undefined && (typeof last !== "string" || !EVENT_ID.test(last)))
    return void response.writeHead(400).end();
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([gone.signal, at.over]);
  const listening = await at.lane.listen({ signal, ...(last === undefined ? {} : { lastEventId: last }) });
  if (!listening.ok || listening.value.status >= 400) {
    // Whatever the server's reason: there is no stream. Clients read that in a 405, and begin anew at a 404.
    if (listening.ok) listening.value.discard();
    response.writeHead(at.lane.isGone ? 404 : 405, { allow: "POST, DELETE" }).end();
    return;
  }
  const reply = new Reply(response, { isStream: true });
  reply.begin();
  const isOwn = last === undefined && at.take === undefined;
  if (isOwn) at.take = (to) => void reply.write(to);
  try {
    if (isOwn) for (const to of at.aside.splice(0)) await reply.write(to);
    for await (const to of listening.value.to) await reply.write(to);
  } finally {
    if (isOwn) at.take = undefined;
    reply.end();
  }
}

/** Serves a DELETE. */
export async function serveEnd(serving: Serving): Promise<void> {
  const { response, lanes } = serving;
  const at = await sessionOf(serving);
  if (at === undefined) return;
  await lanes.end(at);
  response.writeHead(200).end();
}

async function sessionOf({ asked, response, lanes, notes }: Serving): Promise<ListenerLane | undefined> {
  const name = asked.headers["mcp-session-id"];
  // Without a session it is no request of any era: revisions without sessions have POST alone.
  const at = typeof name === "string" ? lanes.session(name) : undefined;
  if (at !== undefined) return at;
  const status = name === undefined ? 405 : 404;
  if (name !== undefined) await notes.refused({ from: "client", why: "http-session" });
  const bytes = writeMessage({ ...failure("", REFUSAL.invalidRequest, "there is no such session"), id: null });
  response.writeHead(status, { "content-type": "application/json", allow: "POST" }).end(bytes);
  return undefined;
}
