// What makes TLS readable (NET-5): the client's TLS ends here, another begins towards the server. The proxy decides when, and judges what is read;
// how certificates are made and verified is its business alone.
import type { Socket } from "node:net";
import type { FilterRefusal } from "./made.ts";

/** The one place both ends of an inspected connection lead to. */
export interface InspectedPlace {
  readonly host: string;
  readonly port: number;
}

/** Both ends of TLS. A rejection is a refusal that is recorded; it is never answered with a tunnel. */
export interface Inspector {
  /** True when TLS to it must be read: then bytes that are neither TLS nor HTTP do not pass either. */
  needs(host: string, port: number): boolean;
  /**
   * Ends the client's TLS under the name of `host`, as HTTP/1.1. The socket has been read to its ClientHello, whose server name agrees with `host`;
   * all bytes that were read have been put back (`unshift`). Resolves when the handshake is done.
   */
  terminate(client: Socket, to: InspectedPlace): Promise<Socket>;
  /** TLS to the server over a connection that was dialled for it; resolves when its certificate is verified for `host`. */
  originate(server: Socket, to: InspectedPlace): Promise<Socket>;
  /** What TLS itself said when such a connection ended: in 1.3 a server refuses a client without a certificate only then. */
  lastWord(server: Socket): FilterRefusal | undefined;
}

/** Why one of them could not be made, in the words of a refusal. */
export class InspectFault extends Error {
  readonly refusal: FilterRefusal;
  constructor(refusal: FilterRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}
