// The thief's collector in the demo: a real listener for HTTP, raw TCP and DNS on this machine's loopback, so that nothing stolen goes anywhere.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

// Not 127.0.0.1: that one stands in every NO_PROXY, and the thief's host has to be one that goes through the proxy.
const HOST = "127.0.0.2";

/** A running collector. */
export interface Sink extends AsyncDisposable {
  /** `host:port`, the same for TCP and UDP. */
  readonly address: string;
  /** What arrived so far, in order: by which way (`curl`, `fetch`, `tcp`, `dns`) and the text. */
  received(): readonly { readonly way: string; readonly text: string }[];
}

/** Listens on a free port. Throws when the machine has no loopback. */
export async function openSink(): Promise<Sink> {
  const received: { way: string; text: string }[] = [];
  const http = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    received.push({ way: (request.url ?? "/").slice(1), text });
    response.end("thanks\n");
  });
  // Bytes that are not HTTP are what a thief's raw socket sends.
  http.on("clientError", (error: Error & { rawPacket?: Buffer }, socket) => {
    if (error.rawPacket !== undefined) received.push({ way: "tcp", text: error.rawPacket.toString() });
    socket.destroy();
  });
  const udp = createSocket("udp4", (query, from) => {
    received.push({ way: "dns", text: query.toString("latin1") });
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x8183, 2); // RFC 1035 section 4.1.1: a response, "no such name"
    udp.send(answer, from.port, from.address);
  });
  const port = await listenOnBoth(http, udp);
  return {
    address: `${HOST}:${port}`,
    received: () => [...received],
    async [Symbol.asyncDispose]() {
      udp.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** One port for both: the system chooses a free one for TCP, and another program may have it for UDP. */
async function listenOnBoth(http: Server, udp: Socket): Promise<number> {
  for (let tries = 1; ; tries++) {
    http.listen(0, HOST);
    await once(http, "listening");
    const { port } = http.address() as AddressInfo;
    try {
      udp.bind(port, HOST);
      await once(udp, "listening");
      return port;
    } catch (taken) {
      if (tries === 5) throw taken;
      await new Promise((resolve) => http.close(resolve));
    }
  }
}
