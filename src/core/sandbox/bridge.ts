// The one way out of a fence, as data (native/bridge.h): what comes to the bridge by itself, and what it says of it to the proxy. Pure.
import { type EgressPlan, isAddress } from "../net/index.ts";

/** TCP port inside (127.0.0.1 and ::1) → Unix socket outside. */
export interface BridgePlan {
  readonly port: number;
  readonly socketPath: string;
  /** Connections to elsewhere come to the bridge, too, and each begins with who made it and where it was meant to go (native/preface.h). */
  readonly turned?: TurnedPlan;
}

/** Programs that ignore proxy variables (NET-4). */
export interface TurnedPlan {
  /** `anyip`: as where the kernel has no nftables (native/redirect.h); for tests. */
  readonly way: "auto" | "anyip";
  /** Ports that rules name: by AnyIP no others can be reached. */
  readonly ports: readonly number[];
  /** Addresses that may be dialled as such; a connection to another is refused at once, and told. `any` leaves all of them to the proxy. */
  readonly addresses: readonly string[] | "any";
}

/** Where programs usually find the proxy. */
const PROXY_PORT = 3128;

/** Where the proxy is inside, beside the ports that are published: whoever reached it by one of those would speak outside with what this session may. */
export function proxyPort(published: readonly number[]): number {
  let port = PROXY_PORT;
  while (published.includes(port)) port += 1;
  return port;
}

/** By AnyIP the bridge listens on each port (native/bridge.h). */
const TURNED_MOST = 64;

/** The plan of a run. */
export function turnedPlan(plan: EgressPlan): TurnedPlan {
  const addresses = [...new Set(plan.allow.map(({ host }) => host).filter(isAddress))];
  return {
    way: "auto",
    ports: [...new Set([80, 443, ...plan.allow.flatMap(({ ports }) => ports)])].slice(0, TURNED_MOST),
    addresses: addresses.length > TURNED_MOST ? "any" : addresses,
  };
}
