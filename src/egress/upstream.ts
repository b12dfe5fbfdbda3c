// A connection to a server, kept while requests go to the same place.
import type { FixedPlace } from "./destination.ts";
import { type DialDeps, type Dialled, dial, judge } from "./dial.ts";
import { InspectFault } from "./inspector.ts";
import { Intake } from "./intake.ts";
import type { Forward } from "./message.ts";
import type { Refusal } from "./refusal.ts";

/** An open one. The opener closes it. */
export interface Upstream extends FixedPlace {
  readonly intake: Intake;
  readonly since: number;
  /** Its name in the record. */
  readonly connection: string;
  bytesUp: number;
  bytesDown: number;
  /** True when nothing moved for too long. */
  isStalled: boolean;
  /** Set where it is an outside proxy that wants requests in absolute form. */
  readonly forward?: Forward;
}

/** Dials and, for https, finishes TLS; or says why not. */
export async function openUpstream(
  to: FixedPlace & { readonly upgrade: boolean },
  deps: DialDeps,
): Promise<Upstream | Refusal> {
  const { scheme, host, port } = to;
  const rule = judge(deps, host, port);
  if ("status" in rule) return rule;
  // No proxy switches protocols on behalf of a client that asks it in absolute form.
  const dialled = await dial(deps, { host, port, rule, scheme, plain: scheme === "http" && !to.upgrade });
  if ("status" in dialled) return dialled;
  if (scheme === "http")
    return upstreamOf(to, { ...dialled, intake: new Intake(dialled.socket, dialled.landing) }, deps);
  try {
    if (deps.inspector === undefined) throw new Error("not-inspected");
    const intake = new Intake(await deps.inspector.originate(dialled.socket, { host, port }));
    return upstreamOf(to, { intake, connection: dialled.connection }, deps);
  } catch (error) {
    dialled.socket.destroy();
    const { reason, hint } = error instanceof InspectFault ? error.refusal : UNVERIFIED;
    return { status: 502, host, port, reason, hint };
  }
}

const UNVERIFIED = { reason: "upstream-tls", hint: "the host is allowed but its TLS could not be verified" };

/** One around a connection that is open already. */
export function upstreamOf(
  { scheme, host, port }: FixedPlace,
  dialled: Pick<Dialled, "connection" | "forward"> & { readonly intake: Intake },
  deps: DialDeps,
): Upstream {
  const { connection, forward, intake } = dialled;
  const counts = { bytesUp: 0, bytesDown: 0, isStalled: false };
  const upstream = {
    ...{ scheme, host, port, connection, intake, since: performance.now(), ...counts },
    ...(forward === undefined ? {} : { forward }),
  };
  intake.socket.setTimeout(deps.stallMs, () => {
    upstream.isStalled = true;
    intake.socket.destroy();
  });
  return upstream;
}

/** True when it leads there and its server has neither ended it nor said anything unasked (RFC 9112 section 9.5). */
export function isUsable(upstream: Upstream, to: FixedPlace, upgrade: boolean): boolean {
  const { intake } = upstream;
  if (upgrade && upstream.forward !== undefined) return false;
  const leadsThere = upstream.host === to.host && upstream.port === to.port && upstream.scheme === to.scheme;
  return leadsThere && !intake.socket.destroyed && !intake.hasEnded && !intake.hasMore && intake.socket.writable;
}

/** Ends it and records what went through. */
export async function closeUpstream(upstream: Upstream, deps: DialDeps): Promise<void> {
  upstream.intake.socket.destroy();
  const { connection, host, port, bytesUp, bytesDown, since } = upstream;
  const ms = Math.round(performance.now() - since);
  await deps.tally.close({ connection, host, port, bytesUp, bytesDown, ms }, deps.peer);
}
