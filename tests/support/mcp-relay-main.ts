// The stdio relay in a process of its own, with a gatekeeper that allows everything: `mcp-relay-main COMMAND [ARGUMENT…]`. Environment:
// RELAY_TRACE names a file that gets a line for each event and call; RELAY_MAX is the longest message,
// RELAY_SCREEN=1 screens and cleans as a session does.
import { spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { definitionDigest, WIRE_LIMITS } from "#core/mcp";
import { cleanResult, screenResult } from "#core/mcp/screen";
import { listServer, type McpPorts, relayStdio, sha256 } from "#mcp";

const [command = "", ...args] = process.argv.slice(2);
const screens = process.env["RELAY_SCREEN"] === "1";
const trace = process.env["RELAY_TRACE"];
const note = (what: object): Promise<void> => {
  if (trace !== undefined) appendFileSync(trace, `${JSON.stringify(what)}\n`);
  return Promise.resolve();
};
const allowed = (what: object): Promise<{ readonly verdict: "allow" }> => note(what).then(() => ({ verdict: "allow" }));
const ports: McpPorts = {
  call: (call) => allowed({ kind: "call", ...call }),
  result: ({ method, findings, cleaned, bytes }) => allowed({ kind: "result", method, findings, cleaned, bytes }),
  ask: ({ method, era }) => allowed({ kind: "ask", method, era }),
  note,
  redact: (text) => text,
};
const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
const relay = relayStdio(
  { fromClient: process.stdin, toClient: process.stdout, fromServer: child.stdout, toServer: child.stdin },
  {
    server: "tested",
    ports,
    list: listServer,
    verify: async (found) => ({ description: found, held: [] }),
    digest: (definition) => definitionDigest(sha256, definition),
    screen: async (value) => (screens ? screenResult("tested", value) : []),
    clean: (value) => (screens ? cleanResult(value, (text) => text) : { value, changed: false }),
    limits: { ...WIRE_LIMITS, maxBytes: Number(process.env["RELAY_MAX"] ?? WIRE_LIMITS.maxBytes) },
  },
);
const code = await new Promise<number>((done) => child.on("exit", (exit) => done(exit ?? 1)));
await relay.done;
process.exit(code);
