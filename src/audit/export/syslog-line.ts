// The ways to a syslog receiver. A stream is opened for one batch and hung up behind it, and the batch counts when the receiver hangs up in
// turn: syslog acknowledges nothing, but who reads to the end has had everything. A datagram is gone when it is sent; nobody says more.
import { createSocket } from "node:dgram";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { octetCounted } from "#core/log/export";
import { systemCode } from "../problem.ts";
import { sendUnixDatagrams } from "./unix-datagrams.ts";

/** Where messages go. */
export type SyslogPlace =
  | { readonly kind: "udp" | "tcp" | "tls"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** How the way is opened. */
export interface WayOptions {
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string | undefined;
  /** The native helper, for a Unix socket that takes datagrams. */
  readonly helper: string;
}

const CONNECT_MS = 10_000;

/** How long a receiver has to hang up once it was told that this is all. */
const HANG_UP_MS = 10_000;

/** Between the last message and the hanging up: time in which a receiver that is going can be seen to go. */
const SETTLE_MS = 50;

/** How long the refusal of a datagram takes to come back on this machine; from further away none comes at all. */
const REFUSAL_MS = 20;

/** Sends messages, in order. Rejects when they were not taken, as far as that can be known. */
export async function sendMessages(
  place: SyslogPlace,
  messages: readonly Buffer[],
  options: WayOptions,
): Promise<void> {
  if (place.kind === "udp") return await sendDatagrams(place, messages);
  try {
    await sendStream(place, messages, options);
  } catch (error) {
    // The kernel's word for a socket of the other kind.
    if (place.kind !== "unix" || systemCode(error) !== "EPROTOTYPE") throw error;
    await sendUnixDatagrams(place.path, messages, options);
  }
}

async function sendDatagrams(
  { host, port }: Extract<SyslogPlace, { host: string }>,
  messages: readonly Buffer[],
): Promise<void> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  let failed: Error | undefined;
  socket.on("error", (error) => {
    failed ??= error;
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      // Connected, so that a port where nobody listens is told to us.
      socket.connect(port, host, () => resolve());
    });
    for (const message of messages) {
      if (failed !== undefined) throw failed;
      await new Promise<void>((resolve, reject) => {
        socket.send(message, (error) => (error == null ? resolve() : reject(error)));
      });
    }
    await new Promise((resolve) => setTimeout(resolve, REFUSAL_MS));
    if (failed !== undefined) throw failed;
  } finally {
    socket.close();
  }
}

function sendStream(
  place: Exclude<SyslogPlace, { kind: "udp" }>,
  messages: readonly Buffer[],
  options: WayOptions,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = dial(place, options.ca);
    const give = (code: string, text: string) => (): void => {
      socket.destroy(Object.assign(new Error(text), { code }));
    };
    let timer = setTimeout(give("ETIMEDOUT", "no connection"), CONNECT_MS);
    let ending = false;
    let complete = false;
    let failed: Error | undefined;
    const end = (): void => {
      ending = true;
      socket.end();
      timer = setTimeout(give("ETIMEDOUT", "the receiver did not hang up"), HANG_UP_MS);
    };
    socket.on("error", (error) => {
      failed ??= error;
    });
    socket.once(place.kind === "tls" ? "secureConnect" : "connect", () => {
      clearTimeout(timer);
      const all = Buffer.concat(messages.map(octetCounted));
      socket.write(all, (error) => {
        if (error == null) timer = setTimeout(end, SETTLE_MS);
      });
    });
    socket.once("end", () => {
      // A receiver that goes before it was told that this is all has not had all.
      complete = ending;
      if (!ending) socket.destroy();
    });
    socket.once("close", () => {
      clearTimeout(timer);
      if (failed === undefined && complete) resolve();
      else reject(failed ?? Object.assign(new Error("the receiver hung up"), { code: "EPIPE" }));
    });
    // What a receiver says has no meaning, but must be read for its end to be seen.
    socket.resume();
  });
}

function dial(place: Exclude<SyslogPlace, { kind: "udp" }>, ca: string | undefined): Socket {
  // Half open, so that the receiver's end is its own and not an answer of our stack to it.
  if (place.kind === "unix") return connect({ path: place.path, allowHalfOpen: true });
  const { host, port } = place;
  if (place.kind === "tcp") return connect({ host, port, allowHalfOpen: true });
  // Said here so that no variable of the environment can unsay it.
  const trust = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
  return connectTls({ host, port, servername: host, ...trust });
}
