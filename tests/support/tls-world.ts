// A world outside with a certificate authority of its own: what real servers show, good and bad. Certificates are made by hand here, not by the
// authority under test.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import net, { type AddressInfo, type Socket } from "node:net";
import tls, { type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";
import { type CertificateFacts, makeCertificate } from "../../src/egress/inspect/certificate.ts";

const DAY = 86_400_000;

/** Key and certificate as a server loads them. */
export interface Shown {
  readonly key: string;
  readonly cert: string;
}

/** An authority of that world. */
export interface WorldAuthority {
  /** PEM. */
  readonly certificate: string;
  /** What a server of that name shows; `changes` make it a bad one. */
  server(host: string, changes?: Partial<CertificateFacts>): Shown;
}

/** Makes one. */
export function worldAuthority(name = "An authority outside"): WorldAuthority {
  const signer = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const dates = { notBefore: new Date(Date.now() - 10 * DAY), notAfter: new Date(Date.now() + 10 * DAY) };
  const own = { ...signer, subject: name, issuer: name, signer, ...dates };
  const certificate = makeCertificate(own);
  return {
    certificate,
    server(host, changes = {}) {
      const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const facts = { subject: host, issuer: name, publicKey, signer, host, ...dates, ...changes };
      return { key: pem(privateKey), cert: makeCertificate(facts) };
    },
  };
}

/** A private key as PEM. */
export function pem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

/** A server on loopback; what it does with a connection is the test's. */
export async function tlsServer(options: TlsOptions, serve: (socket: tls.TLSSocket) => void): Promise<number> {
  const server = tls.createServer(options, (socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.on("tlsClientError", () => undefined);
  return listening(server);
}

/** A server of plain bytes. */
export async function plainServer(serve: (socket: Socket) => void): Promise<number> {
  return listening(net.createServer({ allowHalfOpen: false }, serve));
}

async function listening(server: net.Server): Promise<number> {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.on("error", () => undefined);
    open.add(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A connection to loopback, and its other end where a test plays the server. */
export async function dialled(port: number): Promise<Socket> {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await once(socket, "connect");
  onTestFinished(() => void socket.destroy());
  return socket;
}
