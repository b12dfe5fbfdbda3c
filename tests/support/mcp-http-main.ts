// A stdio front in a process of its own, with a gatekeeper that lets everything pass: `mcp-http-main URL`.
import net from "node:net";
import { ok } from "#core";
import { definitionDigest } from "#core/mcp";
import { listServer, openExchanger, openGatekeeper, openStdioFront, openUpstream, readTarget, sha256 } from "#mcp";

const target = readTarget(process.argv[2] ?? "");
if (!target.ok) throw new Error(target.error.message);
const exchanger = openExchanger({
  dial: async ({ port }) => ok(net.connect({ host: "127.0.0.1", port })),
  mayBePlain: () => true,
  roots: async () => "",
});
const allow = async (): Promise<{ readonly verdict: "allow" }> => ({ verdict: "allow" });
const front = openStdioFront({
  fromClient: process.stdin,
  toClient: process.stdout,
  lane: {
    upstream: openUpstream({
      exchanger,
      target: target.value,
      credential: {
        fields: async () => ok({}),
        refused: async () => ({ code: "login", message: "a login is wanted" }),
      },
    }),
    dropped: () => undefined,
    gatekeeper: (asker) =>
      openGatekeeper({
        ...{ server: "tested", asker, list: listServer, screen: async () => [] },
        ports: { call: allow, result: allow, ask: allow, note: async () => undefined, redact: (text) => text },
        verify: async (found) => ({ description: found, held: [] }),
        digest: (definition) => definitionDigest(sha256, definition),
        clean: (value) => ({ value, changed: false }),
      }),
  },
});
await front.done;
exchanger.close();
