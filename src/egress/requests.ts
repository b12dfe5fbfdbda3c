// The requests of one connection, each judged on its own. One upstream is kept while they go to the same place, so that a keep-alive client pays
// for one dial.
import { beginChain, FilterStop, type Passage } from "./chain.ts";
import { type Destination, destinationOf, type FixedPlace } from "./destination.ts";
import { type DialDeps, judge } from "./dial.ts";
import { carryOut, type Exchange, type Outcome } from "./exchange.ts";
import { BadMessage, parseRequestHead, type RequestHead, UpstreamFault } from "./head.ts";
import type { Intake } from "./intake.ts";
import { endToEnd, isWebSocket } from "./message.ts";
import { outgoing } from "./outgoing.ts";
import { isOwn, serveOwn } from "./own.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { closeUpstream, isUsable, openUpstream, type Upstream } from "./upstream.ts";

/** Where the requests of a connection may lead. */
export interface ServeOptions {
  readonly deps: DialDeps;
  /** Set inside a tunnel or a redirected connection: requests are in origin form and their Host must agree. */
  readonly fixed?: FixedPlace;
  /** Inside a tunnel: the connection that was already dialled for it. */
  readonly dialled?: Upstream;
  /** Called for a CONNECT; never inside a tunnel. */
  readonly onConnect?: (head: RequestHead, client: Intake) => Promise<void>;
}

/** Serves a client until it or the upstream ends, or a request is refused. Never rejects. */
export async function serveRequests(client: Intake, options: ServeOptions): Promise<void> {
  await new Requests(client, options).serve();
}

class Requests {
  private readonly client: Intake;
  private readonly options: ServeOptions;
  private upstream: Upstream | undefined;
  private at: { readonly host: string; readonly port: number };
  private readonly progress = { answered: false };

  constructor(client: Intake, options: ServeOptions) {
    this.client = client;
    this.options = options;
    this.upstream = options.dialled;
    this.at = options.fixed ?? { host: "?", port: 0 };
  }

  async serve(): Promise<void> {
    const { client, options } = this;
    const onClose = (): void => void this.upstream?.intake.socket.destroy();
    client.socket.once("close", onClose);
    try {
      for (;;) {
        const text = await client.readHead(options.deps.idleMs);
        if (text === undefined) return;
        this.progress.answered = false;
        const head = parseRequestHead(text);
        if (head.method === "CONNECT") {
          if (options.onConnect === undefined) throw new BadMessage("connect-inside");
          return await options.onConnect(head, client);
        }
        client.socket.setTimeout(0); // a slow answer is not an idle client
        if ((await this.one(head)) !== "keep") return;
        client.socket.setTimeout(options.deps.idleMs);
      }
    } catch (error) {
      const refusal = this.refusalOf(error);
      if (refusal === undefined) throw error;
      await this.stop(refusal);
    } finally {
      client.socket.off("close", onClose);
      client.socket.destroySoon();
      if (this.upstream !== undefined) await closeUpstream(this.upstream, options.deps);
    }
  }

  /** One request: judged, looked at, and only then sent. */
  private async one(head: RequestHead): Promise<Outcome> {
    const { client, options, progress } = this;
    const { own } = options.deps;
    if (own !== undefined && options.fixed === undefined && isOwn(head))
      return await serveOwn(head, client, { room: options.deps.room, take: own });
    const to = destinationOf(head, options.fixed);
    this.at = { host: to.host, port: to.port };
    const rule = judge(options.deps, to.host, to.port);
    if ("status" in rule) return await this.stop(rule);
    const upgrade = isWebSocket(head);
    const passage = await this.filtered(head, to, upgrade);
    const body = await outgoing(head, passage, { client, room: options.deps.room });
    try {
      return await this.send({ head, to, upgrade, passage: passage?.settled(body.isWhole), body, client, progress });
    } finally {
      body.close();
    }
  }

  private async send(exchange: Omit<Exchange, "upstream" | "isReused">): Promise<Outcome> {
    const { body, client, head, passage, progress, to, upgrade } = exchange;
    const isReused = this.upstream !== undefined && isUsable(this.upstream, to, upgrade);
    const upstream = isReused ? this.upstream : await this.reach({ ...to, upgrade });
    if (upstream === undefined) return "end";
    // in full: this is done for each request, and copying an object is slow
    const outcome = await carryOut({ body, client, head, passage, progress, to, upgrade, upstream, isReused });
    if (outcome !== "stale") return outcome;
    const fresh = await this.reach({ ...to, upgrade });
    return fresh === undefined ? "end" : await carryOut({ ...exchange, upstream: fresh, isReused: false });
  }

  private filtered(head: RequestHead, to: Destination, upgrade: boolean): Promise<Passage | undefined> {
    const { filters, peer } = this.options.deps;
    const { scheme, host, port, path: target } = to;
    const view = { scheme, host, port, method: head.method, target, fields: endToEnd(head) };
    return beginChain(filters, {
      ...view,
      ...(upgrade ? { upgrade: "websocket" as const } : {}),
      ...(peer === undefined ? {} : { peer }),
    });
  }

  /** A fresh upstream in the place of the last one; `undefined` when that was refused. */
  private async reach(to: Destination & { readonly upgrade: boolean }): Promise<Upstream | undefined> {
    const { client, options } = this;
    if (this.upstream !== undefined) await closeUpstream(this.upstream, options.deps);
    this.upstream = undefined;
    const opened = await openUpstream(to, options.deps);
    if ("status" in opened) {
      await this.stop(opened);
      return undefined;
    }
    this.upstream = opened;
    if (client.socket.destroyed) opened.intake.socket.destroy(); // it went while we dialled
    return opened;
  }

  /** Tells and records a refusal. Inside an answer no other can begin: the client sees a connection that broke. */
  private async stop(refusal: Refusal): Promise<"end"> {
    const { client, options } = this;
    this.upstream?.intake.socket.destroy();
    if (this.progress.answered) {
      client.socket.destroy();
      await options.deps.tally.refuse(refusal, options.deps.peer);
    } else {
      await refuse(client, options.deps, refusal);
    }
    return "end";
  }

  /** Whose fault it was, in the words of a refusal; `undefined` for what is nobody's message. */
  private refusalOf(error: unknown): Refusal | undefined {
    const { at } = this;
    if (error instanceof FilterStop) return { status: 403, ...at, ...error.refusal };
    if (error instanceof UpstreamFault) {
      const { inspector } = this.options.deps;
      const last = this.upstream === undefined ? undefined : inspector?.lastWord(this.upstream.intake.socket);
      if (last !== undefined) return { status: 502, ...at, ...last };
      const hint = "the host is allowed but its answer is no HTTP/1.1";
      return { status: error.message === "stalled" ? 504 : 502, reason: `upstream-${error.message}`, ...at, hint };
    }
    if (!(error instanceof BadMessage)) return undefined;
    const hint = "the request is not plain HTTP/1.1 as RFC 9112 writes it";
    return { status: 400, reason: `bad-request-${error.message}`, ...at, hint };
  }
}
