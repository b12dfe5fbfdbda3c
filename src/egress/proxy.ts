// The one way out (NET-2): an HTTP proxy on a Unix socket that only the fence's bridge reaches. Nothing else leaves, because there is
// nothing else: no route, no UDP, no resolver inside.
import { chmodSync } from "node:fs";
import net, { type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { EgressPlan } from "#core/net";
import { serveConnect } from "./connect.ts";
import type { Consult, DialDeps } from "./dial.ts";
import type { HttpFilter } from "./filter.ts";
import { BadMessage } from "./head.ts";
import { HoldRoom } from "./hold-room.ts";
import type { Inspector } from "./inspector.ts";
import { Intake } from "./intake.ts";
import type { NameGuard } from "./leak-filter.ts";
import { Live } from "./live.ts";
import { NameBudget } from "./name-budget.ts";
import type { ChooseProxy } from "./outside-proxy.ts";
import type { TakeOwn } from "./own.ts";
import { type Preface, readPreface } from "./peer.ts";
import { type DigestOf, observed, type ProgramAt, recalled } from "./program.ts";
import { recordRefused } from "./refused-inside.ts";
import { serveRequests } from "./requests.ts";
import { type Resolve, systemResolver } from "./resolve.ts";
import { ruleFilter } from "./rule-filter.ts";
import { isSocks, serveSocks } from "./socks.ts";
import { type Blocked, type Reached, Tally } from "./tally.ts";
import { serveTurned } from "./turned.ts";

/** What the proxy is opened with. */
export interface EgressOptions {
  readonly plan: EgressPlan;
  /** In a folder that only the caller can enter. */
  readonly socketPath: string;
  readonly append: Append;
  /** Asked before each connection that the plan allows: the plan knows hosts, not what the session has done so far. */
  readonly consult?: Consult;
  /** What looks at each exchange, in order. */
  readonly filters?: readonly HttpFilter[];
  /** Takes what is asked of the proxy itself: agents' telemetry. */
  readonly own?: TakeOwn;
  /** What looks at names, before anything is looked up. */
  readonly nameGuard?: NameGuard;
  /** The digest of a program's file, for rules that name one. */
  readonly digestOf?: DigestOf;
  /** What reads TLS; without one, a host that a filter needs to see is not reached by TLS. */
  readonly inspector?: Inspector;
  /** The proxy of the person's own network, where there is one. */
  readonly outside?: ChooseProxy;
  /** True when whoever connects writes a preface first (peer.ts), as the fence's bridge does: then a connection without one is refused. */
  readonly preface?: boolean;
  /** Who has just dialled an address, for the record of what the kernel could not name any more. */
  readonly programAt?: ProgramAt;
  /** For tests; the system's resolver otherwise. */
  readonly resolve?: Resolve;
  readonly now?: () => number;
  /** For tests; ten minutes otherwise. */
  readonly idleMs?: number;
  /** For tests; fifteen minutes otherwise. */
  readonly stallMs?: number;
}

/** An open proxy. The opener closes it. */
export interface Egress {
  /** From the next request on, another plan; open connections that it does not allow are closed. */
  reload(plan: EgressPlan): void;
  /** Ends every connection and writes what is still counted. Idempotent. */
  close(): Promise<void>;
  summary(): { readonly allowed: readonly Reached[]; readonly blocked: readonly Blocked[] };
}

/** A client that says nothing for this long between requests is let go. */
const IDLE_MS = 10 * 60_000;
/** Longer than the clients of slow models wait. */
const STALL_MS = 15 * 60_000;
/** A build opens hundreds at once; a full queue would be a refusal to the bridge. */
const BACKLOG = 2048;

/** Opens it, or says why the socket cannot be made. */
export async function openEgress(options: EgressOptions): Promise<Result<Egress, Problem>> {
  const tally = new Tally(options.append, options.now ?? Date.now);
  let plan = options.plan;
  const live = new Live();
  const rules = ruleFilter({
    plan: () => plan,
    report: ({ host, port, peer }, refusal) => tally.report({ host, port, ...refusal }, peer),
  });
  const deps: DialDeps = {
    plan: () => plan,
    tally,
    live,
    room: new HoldRoom(),
    // the rules come first: what they refuse costs no token and nobody else's look
    filters: [rules, ...(options.filters ?? [])],
    ...(options.nameGuard === undefined ? {} : { nameGuard: options.nameGuard }),
    ...(options.own === undefined ? {} : { own: options.own }),
    ...(options.inspector === undefined ? {} : { inspector: options.inspector }),
    resolve: options.resolve ?? systemResolver(),
    budget: new NameBudget(options.now ?? Date.now),
    ...(options.consult === undefined ? {} : { consult: options.consult }),
    ...(options.outside === undefined ? {} : { outside: options.outside }),
    idleMs: options.idleMs ?? IDLE_MS,
    stallMs: options.stallMs ?? STALL_MS,
  };
  const clients = new Set<Socket>();
  const serving = new Set<Promise<void>>();
  let isLimitRecorded = false;
  let accepted = 0;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted += 1;
    if (clients.size >= plan.maxConnections) {
      socket.destroy();
      if (!isLimitRecorded) {
        isLimitRecorded = true;
        const hit = { type: "limit.hit", origin: "observed", data: { limit: "connections" } } as const;
        options.append(hit).catch(() => undefined); // refused all the same
      }
      void tally.refuse({
        host: "(any)",
        port: 0,
        reason: "too-many-connections",
        hint: "sandbox.limits.connections in the policy",
      });
      return;
    }
    clients.add(socket);
    socket.setMaxListeners(32); // both ends of a tunnel watch it
    socket.once("close", () => clients.delete(socket));
    const served: Promise<void> = serve(socket, deps, options).finally(() => serving.delete(served));
    serving.add(served);
  });
  const failed = await listen(server, options.socketPath);
  if (failed !== undefined)
    return err({
      code: "egress-socket",
      message: `the proxy's socket cannot be opened (${failed})`,
      hint: "run `ringfence doctor`",
    });
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    // What the bridge said before its fence ended still waits in the queue: one is accepted in a turn of the loop, and read in the next.
    for (let turn = 0, last = 0; turn < 2 * BACKLOG && turn - last < 4; turn++) {
      const before = accepted;
      await setImmediate();
      if (accepted > before) last = turn;
    }
    tally.hurry();
    for (const socket of clients) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
    // Each connection's last record, its byte counts, is written as it ends: the log closes after this.
    await Promise.all(serving);
    await tally.flush();
  };
  const reload = (next: EgressPlan): void => {
    const before = plan;
    plan = next;
    for (const { host, port } of live.sweep(next, before))
      void tally.refuse({ host, port, reason: "policy-changed", hint: "the policy that allowed it was changed" });
  };
  return ok({ reload, close: () => (closed ??= close()), summary: () => tally.summary() });
}

async function serve(
  socket: Socket,
  deps: DialDeps,
  { preface: hasPreface = false, digestOf, programAt }: Pick<EgressOptions, "preface" | "digestOf" | "programAt">,
): Promise<void> {
  socket.on("error", () => socket.destroy());
  socket.setTimeout(deps.idleMs, () => socket.destroy());
  try {
    const client = new Intake(socket);
    const preface: Partial<Preface> | undefined = hasPreface ? await readPreface(client) : {};
    if (preface === undefined) return void socket.destroy();
    const peer = preface.peer && (await observed(deps.plan(), await recalled(preface.peer, programAt), digestOf));
    const own = peer === undefined ? deps : { ...deps, peer };
    if (preface.refused !== undefined) {
      socket.destroy(); // it carries nothing else
      if (await recordRefused({ ...preface, peer: peer ?? {} }, own)) return;
      throw new BadMessage("preface");
    }
    if (preface.turned !== undefined) return await serveTurned(client, preface.turned, own);
    if (isSocks(await client.peek())) return await serveSocks(client, own);
    await serveRequests(client, { deps: own, onConnect: (head, asking) => serveConnect(head, asking, own) });
  } catch (error) {
    socket.destroy(); // a broken peer; every decision was made and recorded before
    if (!(error instanceof BadMessage)) return;
    await deps.tally.refuse({
      ...{ host: "?", port: 0, reason: `bad-request-${error.message}` },
      hint: "what reached the proxy's socket was not the fence's bridge: run `ringfence doctor`",
    });
  }
}

function listen(server: Server, path: string): Promise<string | undefined> {
  return new Promise((done) => {
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen({ path, backlog: BACKLOG }, () => {
      chmodSync(path, 0o600);
      server.on("error", () => undefined); // one failed accept is that client's loss
      done(undefined);
    });
  });
}
