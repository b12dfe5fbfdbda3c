// The relay over streams: order, room, and ends.
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { type GatekeeperOptions, listServer, relayStdio } from "#mcp";

interface Bed {
  readonly client: { readonly says: PassThrough; readonly hears: PassThrough };
  readonly server: { readonly says: PassThrough; readonly hears: PassThrough };
  readonly relay: ReturnType<typeof relayStdio>;
}

function bed(ports: Partial<GatekeeperOptions["ports"]> = {}): Bed {
  const [says, hears, fromServer, toServer] = [0, 0, 0, 0].map(() => new PassThrough()) as [
    PassThrough,
    PassThrough,
    PassThrough,
    PassThrough,
  ];
  const allow = async () => ({ verdict: "allow" }) as const;
  const relay = relayStdio(
    { fromClient: says, toClient: hears, fromServer, toServer },
    {
      server: "tested",
      ports: { call: allow, result: allow, ask: allow, note: async () => undefined, redact: (text) => text, ...ports },
      list: listServer,
      verify: async (description) => ({ description, held: [] }),
      digest: () => "",
      screen: async () => [],
      clean: (value) => ({ value, changed: false }),
    },
  );
  return { client: { says, hears }, server: { says: fromServer, hears: toServer }, relay };
}

const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
const read = (stream: PassThrough): Promise<string> =>
  new Promise((done) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    stream.on("end", () => done(text));
  });

test("a client that says nothing more closes the server's input, and the last answers still come", async () => {
  const { client, server, relay } = bed();
  const heard = read(server.hears);
  client.says.end(line({ id: 1, method: "ping" }) + line({ id: 2, method: "ping" }));
  expect(await heard).toBe(line({ id: 1, method: "ping" }) + line({ id: 2, method: "ping" }));
  expect(await relay.ended).toBe("client");
  const answers = read(client.hears);
  server.says.end(line({ id: 2, result: {} }) + line({ id: 1, result: {} }));
  await relay.done;
  client.hears.end();
  expect(await answers).toBe(line({ id: 2, result: {} }) + line({ id: 1, result: {} }));
});

test("a client that goes away while a person is asked holds nothing open", async () => {
  let signal: AbortSignal | undefined;
  const { client, server, relay } = bed({
    call: (_, given) =>
      new Promise((done) => {
        signal = given;
        given.addEventListener("abort", () => done({ verdict: "deny", text: "gone" }));
      }),
  });
  const heard = read(server.hears);
  client.says.end(line({ id: 1, method: "resources/read", params: { uri: "x:" } }));
  expect(await relay.ended).toBe("client");
  expect(signal?.aborted).toBe(true);
  expect(await heard).toBe("");
  server.says.end();
  await relay.done;
});

test("nothing is read while the other side does not read", async () => {
  const { client, server, relay } = bed();
  let taken = 0;
  const chunk = line({ id: "x", method: "notifications/none" }).replace('"id":"x",', "").repeat(1000);
  await new Promise<void>((full) => {
    const timer = setTimeout(full, 2000);
    const write = (): void => {
      while (taken < 5000) {
        taken += 1;
        if (!client.says.write(chunk)) break;
      }
      clearTimeout(timer);
      client.says.once("drain", write);
      setTimeout(full, 1000);
    };
    write();
  });
  // Far from the 5000 that a side would take that forgets about room.
  expect(taken).toBeLessThan(100);
  server.hears.resume();
  client.says.removeAllListeners("drain");
  client.says.end();
  server.says.end();
  await relay.done;
});
