// The connections that are open, so that a changed plan reaches them too: what it no longer allows is closed, not only refused the next time.
import type { Socket } from "node:net";
import { decideAddresses, decideHost, type EgressPeer, type EgressPlan, needsReading, readsMore } from "#core/net";

/** One of them. */
export interface LiveConnection {
  readonly host: string;
  readonly port: number;
  /** Empty where only the outside proxy knows it. */
  readonly address: string;
  readonly socket: Socket;
  /** `tls` and `tcp` pass unread. */
  readonly scheme: string;
  readonly peer: EgressPeer | undefined;
}

/** All of a session. */
export class Live {
  private readonly open = new Set<LiveConnection>();

  /** Until its socket closes. */
  add(connection: LiveConnection): void {
    this.open.add(connection);
    connection.socket.once("close", () => this.open.delete(connection));
  }

  /** Closes what this plan does not allow, or may have read and did not before; answers what that was. */
  sweep(plan: EgressPlan, before: EgressPlan): readonly LiveConnection[] {
    const more = readsMore(before, plan);
    const over = [...this.open].filter(
      ({ address, host, peer, port, scheme }) =>
        !decideHost(plan, host, port, peer).allowed ||
        (/^t/.test(scheme) && needsReading(plan, host, port)) ||
        (scheme === "tls" && more) ||
        (address !== "" && !decideAddresses(plan, host, [address], port).allowed),
    );
    for (const { socket } of over) socket.destroy();
    return over;
  }
}
