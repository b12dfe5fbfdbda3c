// What is said to a model and what it answers, read by the proxy where it reads the requests anyway (AUD-1): observed, while hooks and
// transcripts only claim. It looks: nothing is changed, held or refused, and a body that it cannot follow passes like any other. The key
// stands in the head, of which nothing is kept.

import type { Actor, Append } from "#core/log";
import { modelApiOf } from "#core/model";
import type { ExchangeFilter, HttpFilter, Peer, RequestView } from "../filter.ts";
import { HoldRoom } from "../hold-room.ts";
import { WatchedAnswer } from "./watched-answer.ts";
import { type Tell, WatchedRequest } from "./watched-request.ts";
import { WatchedSocket } from "./watched-socket.ts";

/** What it is made with. */
export interface ModelWatchOptions {
  /** Not waited for: a log that takes no more ends the session by itself. */
  readonly append: Append;
  readonly now?: () => number;
  /** How much all exchanges together may keep; 64 MiB otherwise. */
  readonly room?: HoldRoom;
}

/** The filter. First among them, so that it sees what the program sent, and of the answer what the broker left of it. */
export function modelWatch({ append, now = Date.now, room = new HoldRoom() }: ModelWatchOptions): HttpFilter {
  let count = 0;
  const begin = (request: RequestView): ExchangeFilter | undefined => {
    const { fields, host, method, peer, port, target, upgrade } = request;
    const api = method === "POST" || upgrade !== undefined ? modelApiOf(target) : undefined;
    if (api === undefined) return undefined;
    count += 1;
    const about = { exchange: `m${count}`, via: "proxy", host, port, provider: api.provider, api: api.name };
    const tell: Tell = (type, data) => {
      append({ type, origin: "observed", ...by(peer), data: { ...about, ...data } }).catch(() => undefined);
    };
    const parts = { api, room, tell, now };
    if (upgrade !== undefined) {
      const socket = new WatchedSocket(parts);
      return { up: socket.up, down: () => ({ body: socket.down }) };
    }
    const sent = new WatchedRequest({ ...parts, target, fields });
    const began = now();
    return {
      up: sent.body,
      down: (response) => ({ body: new WatchedAnswer({ ...parts, response, began, sent }).body }),
    };
  };
  return { needs: () => false, begin: async (request) => begin(request) };
}

function by(peer: Peer | undefined): { readonly actor?: Actor } {
  const { pid, exe } = (peer?.pid === undefined ? peer?.dialler : peer) ?? {};
  return pid === undefined ? {} : { actor: { pid, ...(exe === undefined ? {} : { exe }) } };
}
