// A scripted model behind TLS and a key, as a vendor's is: an HTTPS server on loopback, under an authority of its own, that asks for the key first.
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { ModelServer } from "./model-server.ts";
import { worldAuthority } from "./tls-world.ts";

/** A running one. */
export interface ModelFront extends AsyncDisposable {
  readonly port: number;
  /** PEM of its authority. */
  readonly authority: string;
  /** Every key that was shown, as the header's value. */
  readonly keys: readonly string[];
}

const PLACES = ["x-api-key", "authorization", "x-goog-api-key"] as const;

/** Opens it in front of a model. Only `key` is let through, bare or as a bearer. */
export async function openModelFront(model: ModelServer, host: string, key: string): Promise<ModelFront> {
  const authority = worldAuthority();
  const keys: string[] = [];
  const server = https.createServer(authority.server(host), (request, response) => {
    const shown = PLACES.flatMap((name) => request.headers[name] ?? []);
    keys.push(...(shown as string[]));
    if (request.method !== "HEAD" && !shown.includes(key) && !shown.includes(`Bearer ${key}`))
      return void response
        .writeHead(401, { "content-type": "application/json" })
        .end('{"error":{"type":"authentication_error","message":"invalid x-api-key"}}');
    const { headers, method, url } = request;
    const inner = http.request({ host: "127.0.0.1", port: model.port, path: url, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    inner.on("error", () => response.destroy());
    request.pipe(inner);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    authority: authority.certificate,
    keys,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
