// The inner end of an inspected connection: the proxy answers the program's handshake with a certificate of the session's own authority.
// The ClientHello was read and its name agreed with the destination before (hello.ts); here it must still be that name.
import type { Socket } from "node:net";
import { type SecureContext, TLSSocket } from "node:tls";
import { isAddress } from "#core/net";
import { InspectFault } from "../inspector.ts";
import { HIGH_WATER } from "./contexts.ts";
import { clientFault } from "./tls-fault.ts";

/** A handshake is four packets; a program that takes longer is stuck. */
const HANDSHAKE_MS = 30_000;

/**
 * Ends the program's TLS. Rejects with an `InspectFault` when it cannot be ended; then the socket is gone. `client` still holds what it has sent, from the first byte of
 * the ClientHello. HTTP/1.1 is the only protocol that is agreed on: a program that offers others but not this one is refused.
 */
export async function terminateTls(
  client: Socket,
  to: { readonly host: string; readonly context: SecureContext },
): Promise<TLSSocket> {
  const options = { isServer: true, requestCert: false, ALPNProtocols: ["http/1.1"], highWaterMark: HIGH_WATER };
  const tls = new TLSSocket(client, { ...options, secureContext: to.context });
  const failed = await handshake(tls, to.host);
  if (failed !== undefined) {
    tls.destroy();
    client.destroy();
    throw new InspectFault(clientFault(failed));
  }
  client.setTimeout(0); // the idle time is the inner connection's from here on
  tls.on("timeout", () => tls.destroy());
  return tls;
}

/** A second hello, after a retry, may not name another server than the first. */
function nameAgrees(tls: TLSSocket, host: string): boolean {
  const { servername } = tls as { readonly servername?: string | false | null };
  if (typeof servername !== "string" || servername === "") return isAddress(host);
  return servername.toLowerCase().replace(/\.$/, "") === host;
}

/**
 * Resolves when the program has said its first word inside, or ended: with nothing, or with what went wrong. In TLS 1.3 a program that does not accept the
 * certificate says so only after the server's handshake is done, so that alone proves nothing.
 */
function handshake(tls: TLSSocket, host: string): Promise<Error | undefined> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(new Error("timeout")), HANDSHAKE_MS);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      done(error);
    };
    tls.on("error", end); // stays: a later error ends the connection, never the process
    tls.on("_tlsError", end);
    tls.once("close", () => end(new Error("closed")));
    tls.once("secure", () => {
      clearTimeout(timer); // an agreed connection may idle
      if (nameAgrees(tls, host)) tls.once("readable", () => end());
      else end(new Error("name-differs"));
    });
  });
}
