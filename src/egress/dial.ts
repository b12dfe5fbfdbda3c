// From an allowed name to a connection: looked up once, every address judged, the attempt on record, and the judged address dialled (I8).

import net, { type Socket } from "node:net";
import { decideAddresses, decideHost, type EgressPlan, type EgressRule, isAddress, singleAddress } from "#core/net";
import type { HttpFilter, Peer } from "./filter.ts";
import type { HoldRoom } from "./hold-room.ts";
import type { Inspector } from "./inspector.ts";
import { Landing } from "./landing.ts";
import type { NameGuard } from "./leak-filter.ts";
import type { Live } from "./live.ts";
import type { Forward } from "./message.ts";
import type { NameBudget } from "./name-budget.ts";
import type { ChooseProxy, OutsideProxy } from "./outside-proxy.ts";
import type { TakeOwn } from "./own.ts";
import type { Refusal } from "./refusal.ts";
import type { Resolve } from "./resolve.ts";
import type { Tally } from "./tally.ts";
import { proxyAuthorization, reachProxy, tunnelThrough } from "./via.ts";

/** An open connection to an allowed place. */
export interface Dialled {
  readonly socket: Socket;
  readonly rule: EgressRule;
  /** Its name in the record. */
  readonly connection: string;
  /** Where its bytes land: no `data` event tells of them. Absent where TLS is to be spoken over it. */
  readonly landing?: Landing;
  /** Set where the connection ends at an outside proxy that is asked in absolute form. */
  readonly forward?: Forward;
}

/** A destination that the plan allows, about to be dialled. */
export interface Destination {
  readonly host: string;
  readonly port: number;
  /** Empty where only the outside proxy can know it. */
  readonly address: string;
  /** The allowing rule and its place. */
  readonly rule: string;
}

/** Somebody else's no to it; `undefined` lets it pass. A rejection is a no too. */
export type Consult = (to: Destination) => Promise<Pick<Refusal, "reason" | "hint"> | undefined>;

/** What serving one connection needs: the proxy's own parts, and who the client is. */
export interface DialDeps {
  readonly consult?: Consult;
  /** The plan as it is now: it may be another one at the next request. */
  readonly plan: () => EgressPlan;
  readonly tally: Tally;
  readonly resolve: Resolve;
  /** What may be looked up below wildcards. */
  readonly budget: NameBudget;
  /** The person's own way out; directly where absent. */
  readonly outside?: ChooseProxy;
  readonly live: Live;
  readonly room: HoldRoom;
  readonly filters: readonly HttpFilter[];
  /** Looks at names before they are looked up. */
  readonly nameGuard?: NameGuard;
  readonly inspector?: Inspector;
  /** Takes what is asked of the proxy itself. */
  readonly own?: TakeOwn;
  /** The program at the other end, where that is known. */
  readonly peer?: Peer;
  /** A client that says nothing for this long between requests is let go. */
  readonly idleMs: number;
  /** An exchange in which nothing moves for this long is broken off. */
  readonly stallMs: number;
}

const OPTIONAL_LOOKUP_MS = 2_000;
const CONNECT_MS = 15_000;
const NEXT_MS = 4_000;
/** Lookup and all addresses together. */
const DIAL_MS = 20_000;

/** Judges the name alone: a refusal here means that nothing was ever looked up. */
export function judge(
  deps: Pick<DialDeps, "plan" | "peer" | "nameGuard">,
  host: string,
  port: number,
): EgressRule | Refusal {
  const verdict = decideHost(deps.plan(), host, port, deps.peer);
  const against = deps.nameGuard?.(host);
  // Such a name is written nowhere, whatever the rules say of it.
  if (against !== undefined) return { status: 403, host: "(not told)", port, ...against };
  if (verdict.allowed) return verdict.rule;
  const { reason, hint, rule } = verdict;
  return { status: 403, host, port, reason, hint, ...(rule === undefined ? {} : { rule: placeOf(rule) }) };
}

/** Where to dial. `plain`: requests are written in absolute form to an outside proxy that wants them so. */
export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly rule: EgressRule;
  readonly scheme: string;
  readonly plain?: boolean;
}

/** Dials an allowed destination, or says why not. Never rejects for anything the network does. */
export async function dial(deps: DialDeps, to: DialTarget): Promise<Dialled | Refusal> {
  const { host, port, rule } = to;
  const refusal = (status: Refusal["status"], reason: string, hint: string): Refusal => ({
    ...{ status, host, port, reason, hint, rule: placeOf(rule) },
  });
  const spent = deps.budget.spend(host, rule, deps.plan());
  if (spent !== undefined) return refusal(403, spent.reason, spent.hint);
  const proxy = deps.outside?.(to);
  const addresses = decideAddresses(deps.plan(), host, await lookUp(deps, host, proxy), port);
  // Where the person's network resolves no outside name, its proxy does; what does resolve here is judged here. Report mode reaches public names only,
  // and nobody here knows what such a name is.
  const isUnknown =
    !addresses.allowed && addresses.reason === "no-address" && proxy !== undefined && rule.namesNobody !== true;
  if (!addresses.allowed && !isUnknown)
    return refusal(addresses.reason === "no-address" ? 502 : 403, addresses.reason, addresses.hint);
  const found = addresses.allowed ? addresses.addresses : [];
  const against = await consulted(deps, { host, port, address: found[0] ?? "", rule: placeOf(rule) });
  if (against !== undefined) return refusal(403, against.reason, against.hint);
  // a person may have thought about it meanwhile
  const until = performance.now() + DIAL_MS;
  let lastCause = "unreachable";
  const tries = proxy === undefined ? found.slice(0, 4) : [found[0] ?? ""];
  for (const [i, address] of tries.entries()) {
    // An address that swallows everything (IPv6 that leads nowhere) leaves time for the next.
    const most = i < tries.length - 1 ? NEXT_MS : CONNECT_MS;
    const left = Math.min(most, until - performance.now());
    if (left <= 0) break;
    const through = proxy === undefined ? {} : { through: `${proxy.host}:${proxy.port}` };
    let connection: string;
    try {
      connection = await deps.tally.connect(
        { host, port, address, rule: placeOf(rule), scheme: to.scheme, ...through },
        deps.peer,
      );
    } catch {
      return refusal(503, "not-recorded", "the record cannot be written, so nothing may happen");
    }
    try {
      const dialled = await reach({ ...to, address, proxy }, left, deps.room);
      deps.live.add({ host, port, address, socket: dialled.socket, scheme: to.scheme, peer: deps.peer });
      return { ...dialled, rule, connection };
    } catch (error) {
      lastCause = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    }
  }
  const hint =
    proxy === undefined
      ? "the host is allowed but did not answer"
      : "it is allowed, but the proxy of your own network (HTTPS_PROXY) did not reach it";
  return refusal(502, `upstream-${lastCause.toLowerCase()}`, hint);
}

async function lookUp(deps: DialDeps, host: string, proxy: OutsideProxy | undefined): Promise<readonly string[]> {
  if (isAddress(host)) return [host];
  try {
    const found = deps.resolve(host);
    // Where no answer is an answer too, it is not waited for: a network that resolves no outside name, or a name that only the policy knows.
    if (proxy === undefined && !isPinned(deps.plan(), host)) return await found;
    const late = new Promise<readonly string[]>((done) => setTimeout(() => done([]), OPTIONAL_LOOKUP_MS).unref());
    return await Promise.race([found, late]);
  } catch {
    return []; // not known outside; a policy may still pin it (decideAddresses)
  }
}

/** True for a name that the policy gives a single address, which answers when nobody else does. */
function isPinned(plan: EgressPlan, host: string): boolean {
  return plan.allowPrivate.some((entry) => entry.host === host && singleAddress(entry.cidr) !== undefined);
}

async function reach(
  to: DialTarget & { readonly address: string; readonly proxy: OutsideProxy | undefined },
  ms: number,
  room: HoldRoom,
): Promise<Pick<Dialled, "socket" | "landing" | "forward">> {
  const { address, port, proxy } = to;
  if (proxy === undefined) return connect({ address, port }, ms, to.scheme === "https" ? undefined : new Landing(room));
  if (to.plain !== true || proxy.kind === "socks5") return { socket: await tunnelThrough(proxy, to, ms) };
  const authorization = proxyAuthorization(proxy);
  return { socket: await reachProxy(proxy, ms), forward: authorization === undefined ? {} : { authorization } };
}

async function consulted(deps: DialDeps, to: Destination): ReturnType<Consult> {
  try {
    return await deps.consult?.(to);
  } catch {
    return { reason: "not-recorded", hint: "the record cannot be written, so nothing may happen" };
  }
}

/** `preset:npm (policy.yaml:12)`: every refusal and record names rule and place (I9). */
export function placeOf(rule: EgressRule): string {
  return `${rule.text} (${rule.at.file}:${rule.at.line})`;
}

function connect(
  { address, port }: { readonly address: string; readonly port: number },
  ms: number,
  landing: Landing | undefined,
): Promise<Pick<Dialled, "socket" | "landing">> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({
      ...{ host: address, port, noDelay: true, allowHalfOpen: true, keepAlive: true },
      ...(landing === undefined ? {} : { onread: landing.onread }),
    });
    const timer = setTimeout(() => socket.destroy(new Error("timeout")), ms);
    socket.once("close", () => landing?.close());
    socket.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeAllListeners("error");
      socket.on("error", () => socket.destroy());
      resolve(landing === undefined ? { socket } : { socket, landing });
    });
  });
}
