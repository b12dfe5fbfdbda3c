// A client of the newest revision, out of the official SDK: `mcp-modern-client.mjs PACKAGES COMMAND [ARGUMENT…]`, or an address in the place of the command. It probes on a sibling process, as
// the SDK does, and prints what it saw.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, command, ...args] = process.argv.slice(2);
const load = (file) =>
  import(pathToFileURL(join(packages, "node_modules/@modelcontextprotocol/client/dist", file)).href);
const { Client, StreamableHTTPClientTransport } = await load("index.mjs");
const { StdioClientTransport } = await load("stdio.mjs");

const seen = [];
const client = new Client(
  { name: "tested", version: "1" },
  { capabilities: { elicitation: {}, roots: {} }, versionNegotiation: { mode: "auto" } },
);
client.setRequestHandler("elicitation/create", ({ params }) => {
  seen.push({ elicited: params.message });
  return { action: "accept", content: { confirm: true } };
});
client.setRequestHandler("roots/list", () => {
  seen.push("roots");
  return { roots: [{ uri: "file:///tmp" }] };
});
client.setNotificationHandler("notifications/tools/list_changed", () => {
  seen.push("list_changed");
});
await client.connect(
  command.startsWith("http:")
    ? new StreamableHTTPClientTransport(new URL(command))
    : new StdioClientTransport({ command, args, stderr: "ignore" }),
);
const transcript = {};
async function step(name, act) {
  try {
    transcript[name] = await act();
  } catch (error) {
    transcript[name] = { thrown: error.code ?? error.name, message: error.message };
  }
}
await step("server", () => ({
  version: client.getNegotiatedProtocolVersion?.(),
  info: client.getServerVersion(),
  instructions: client.getInstructions(),
  capabilities: client.getServerCapabilities(),
}));
await step("tools", async () => (await client.listTools()).tools);
const subscription = await client.listen({ toolsListChanged: true });
await step("echo", () => client.callTool({ name: "echo", arguments: { message: "hi" } }));
await step("deploy", () => client.callTool({ name: "deploy", arguments: { env: "prod" } }));
await step("numbers", () => client.callTool({ name: "numbers", arguments: {} }));
await step("grow", () => client.callTool({ name: "grow", arguments: {} }));
await new Promise((done) => setTimeout(done, 300));
await step("tools again", async () =>
  (await client.listTools(undefined, { cacheMode: "refresh" })).tools.map(({ name }) => name),
);
await subscription.close();
await step("echo again", () => client.callTool({ name: "echo", arguments: { message: "again" } }));
await client.close();
process.stdout.write(JSON.stringify({ transcript, seen }, null, 1));
