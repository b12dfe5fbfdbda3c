// TLS with a server, spoken over a connection that was dialled to its judged address: the chain, the dates and the name are verified, and what fails is
// an error, never a connection.
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { err, ok, type Problem, type Result } from "#core";

const HANDSHAKE_MS = 15_000;

/** The secured connection; otherwise the connection is gone. */
export function secured(socket: Duplex, host: string, roots: string): Promise<Result<TLSSocket, Problem>> {
  return new Promise((done) => {
    const tls = connect({
      ...{ socket, host, minVersion: "TLSv1.2", rejectUnauthorized: true, ALPNProtocols: ["http/1.1"] },
      // RFC 6066: an address is no server name.
      servername: isIP(host) === 0 ? host : "",
      ca: roots,
    });
    const end = (why: string | undefined): void => {
      clearTimeout(timer);
      if (why === undefined && tls.authorized) return done(ok(tls));
      tls.destroy();
      socket.destroy();
      done(
        err({
          code: "mcp-tls",
          message: `\`${host}\` does not prove that it is the server of that name (${why ?? "unauthorized"})`,
          hint: "an authority of your own network goes into NODE_EXTRA_CA_CERTS",
        }),
      );
    };
    const timer = setTimeout(() => end("no answer in time"), HANDSHAKE_MS);
    // Stays: a later error ends the connection, never the process.
    tls.on("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    tls.once("close", () => end("closed"));
    tls.once("secureConnect", () => end(undefined));
  });
}
