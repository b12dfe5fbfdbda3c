// The outer end of an inspected connection: the proxy is the client now, and it alone verifies the server, so it does all of it: chain to a root of
// this host or its person, dates, and the name as subjectAltName (RFC 9525; a common name is no name). What fails is an error, never a tunnel.
import type { Socket } from "node:net";
import { checkServerIdentity, connect, type PeerCertificate, type SecureContext, type TLSSocket } from "node:tls";
import { isAddress } from "#core/net";
import { InspectFault } from "../inspector.ts";
import { HIGH_WATER } from "./contexts.ts";
import { upstreamFault } from "./tls-fault.ts";

const HANDSHAKE_MS = 15_000;

/** Begins TLS with a server on a connection that was dialled to its judged address. Rejects with an `InspectFault`; then the socket is gone. */
export async function originateTls(
  socket: Socket,
  to: { readonly host: string; readonly context: SecureContext },
): Promise<TLSSocket> {
  const { host, context } = to;
  const options = { ALPNProtocols: ["http/1.1"], rejectUnauthorized: true, highWaterMark: HIGH_WATER };
  const tls = connect({
    ...options,
    socket,
    secureContext: context,
    host,
    // RFC 6066: an address is no server name.
    servername: isAddress(host) ? "" : host,
    checkServerIdentity: (_, certificate) => identityFault(host, certificate),
  });
  const failed = await established(tls);
  if (failed === undefined && tls.authorized) return tls;
  tls.destroy();
  socket.destroy();
  throw new InspectFault(upstreamFault(failed ?? new Error("unauthorized")));
}

function identityFault(host: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) {
    const message = "the certificate has no subjectAltName";
    return Object.assign(new Error(message), { code: "ERR_TLS_CERT_ALTNAME_MISSING" });
  }
  return checkServerIdentity(host, certificate);
}

function established(tls: TLSSocket): Promise<Error | undefined> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(new Error("timeout")), HANDSHAKE_MS);
    const end = (error?: Error): void => {
      clearTimeout(timer);
      done(error);
    };
    tls.on("error", end); // stays: a later error ends the connection, never the process
    tls.once("close", () => end(new Error("closed")));
    tls.once("secureConnect", () => end());
  });
}
