// HTTP/2 by CONNECT and by SOCKS: inside TLS that nobody reads it is the client's and the server's own matter.
import http2 from "node:http2";
import net, { type Socket } from "node:net";
import tls from "node:tls";
import { expect, it, onTestFinished } from "vitest";
import { bed, listen } from "../support/proxy-bed.ts";
import { worldAuthority } from "../support/tls-world.ts";

/** Asks, and resolves when the answer is complete: a head, or so many bytes. */
async function asked(socket: Socket, question: string | Buffer, length: number): Promise<void> {
  socket.write(question);
  let got = Buffer.alloc(0);
  while (got.length < length && !got.includes("\r\n\r\n")) {
    const piece: Buffer = await new Promise((done) => socket.once("data", done));
    got = Buffer.concat([got, piece]);
  }
  socket.pause();
}

it.each(["CONNECT", "SOCKS"])("a hundred streams at once through one %s, to the name alone", async (way) => {
  const world = worldAuthority();
  const server = http2.createSecureServer(world.server("ok.test"), (request, response) => response.end(request.url));
  const port = await listen(server as unknown as net.Server);
  const { socketPath, records } = await bed({ allow: [`ok.test:${port}`] });
  const through = net.connect(socketPath);
  if (way === "CONNECT")
    await asked(through, `CONNECT ok.test:${port} HTTP/1.1\r\nHost: ok.test:${port}\r\n\r\n`, 1_000);
  else {
    const name = Buffer.from("ok.test");
    await asked(through, Buffer.from([5, 1, 0, 5, 1, 0, 3, name.length, ...name, port >> 8, port & 255]), 12);
  }
  const secure = tls.connect({ socket: through, servername: "ok.test", ca: world.certificate, ALPNProtocols: ["h2"] });
  const client = http2.connect(`https://ok.test:${port}`, { createConnection: () => secure });
  onTestFinished(() => client.destroy());
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const stream = client.request({ ":path": `/${i}` });
      return new Promise<string>((done, fail) => {
        let body = "";
        stream.setEncoding("utf8").on("data", (piece: string) => {
          body += piece;
        });
        stream.on("end", () => done(body)).on("error", fail);
      });
    }),
  );
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => `/${i}`));
  expect(secure.alpnProtocol).toBe("h2");
  expect(records.map(({ type }) => type)).toEqual(["net.connect"]);
});
