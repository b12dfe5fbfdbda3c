// A client of an MCP server over stdio or HTTP, out of the official SDK of either generation, that does what there is to do and prints what it saw:
// `mcp-client.mjs PACKAGES v1|v2 COMMAND [ARGUMENT…]`, or an address in the place of the command.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, generation, command, ...args] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(packages, "node_modules/@modelcontextprotocol", file)).href);
const { Client } = await load(generation === "v1" ? "sdk/dist/esm/client/index.js" : "client/dist/index.mjs");
const { StdioClientTransport } = await load(
  generation === "v1" ? "sdk/dist/esm/client/stdio.js" : "client/dist/stdio.mjs",
);
const types = generation === "v1" ? await load("sdk/dist/esm/types.js") : undefined;

const seen = [];
const client = new Client(
  { name: "tested", version: "1" },
  { capabilities: { sampling: {}, elicitation: {}, roots: { listChanged: true } } },
);
const answers = {
  "sampling/createMessage": () => ({ model: "m", role: "assistant", content: { type: "text", text: "sampled" } }),
  "elicitation/create": () => ({ action: "decline" }),
  "roots/list": () => ({ roots: [{ uri: "file:///tmp", name: "tmp" }] }),
};
const schemas = {
  "sampling/createMessage": types?.CreateMessageRequestSchema,
  "elicitation/create": types?.ElicitRequestSchema,
  "roots/list": types?.ListRootsRequestSchema,
};
for (const [method, answer] of Object.entries(answers))
  client.setRequestHandler(generation === "v1" ? schemas[method] : method, (request) => {
    seen.push({ asked: request.method, params: request.params });
    return answer();
  });
client.fallbackNotificationHandler = async ({ method, params }) => {
  seen.push({ told: method, params });
};

const { StreamableHTTPClientTransport } = await load(
  generation === "v1" ? "sdk/dist/esm/client/streamableHttp.js" : "client/dist/index.mjs",
);
const transport = /^https?:/.test(command)
  ? new StreamableHTTPClientTransport(new URL(command))
  : new StdioClientTransport({ command, args, stderr: "ignore" });
await client.connect(transport);
const transcript = {};
async function step(name, act) {
  try {
    transcript[name] = await act();
  } catch (error) {
    transcript[name] = { thrown: error.code ?? error.name, message: error.message };
  }
}
await step("server", () => ({
  capabilities: client.getServerCapabilities(),
  info: client.getServerVersion(),
  instructions: client.getInstructions(),
}));
await step("ping", () => client.ping());
await step("tools", () => client.listTools());
await step("prompts", () => client.listPrompts());
await step("resources", () => client.listResources());
await step("templates", () => client.listResourceTemplates());
await new Promise((done) => setTimeout(done, 300));
await step("tools again", () => client.listTools());
const inputs = {
  echo: { message: "hello \u{1f600} 12345678901234567890" },
  add: { a: 2, b: 3 },
  "get-sum": { a: 2, b: 3 },
  "get-tiny-image": {},
  "get-annotated-message": { messageType: "error", includeImage: true },
  "get-structured-content": { location: "Chicago" },
  "get-resource-links": { count: 3 },
  "get-resource-reference": { resourceType: "Text", resourceId: 1 },
  "trigger-sampling-request": { prompt: "say it", maxTokens: 10 },
  "trigger-elicitation-request": {},
  "get-roots-list": {},
  "trigger-long-running-operation": { duration: 0.4, steps: 4 },
  "no-such-tool": {},
  "get-sum with words": { a: "x", b: 3 },
};
for (const [name, given] of Object.entries(inputs)) {
  const tool = name.split(" ")[0];
  await step(`call ${name}`, () => {
    const options = { onprogress: (progress) => seen.push({ progress }), timeout: 10_000 };
    const params = { name: tool, arguments: given };
    return generation === "v1" ? client.callTool(params, undefined, options) : client.callTool(params, options);
  });
}
for (const [name, given] of [
  ["simple-prompt", {}],
  ["args-prompt", { city: "Oslo" }],
  ["no-such-prompt", {}],
])
  await step(`prompt ${name}`, () => client.getPrompt({ name, arguments: given }));
await step("read", async () => client.readResource({ uri: transcript.resources.resources[0].uri }));
await step("read none", () => client.readResource({ uri: "demo://nowhere" }));
await step("complete", () =>
  client.complete({
    ref: { type: "ref/prompt", name: "completable-prompt" },
    argument: { name: "department", value: "E" },
  }),
);
await step("level", () => client.setLoggingLevel("debug"));
await step("cancelled", async () => {
  const abort = new AbortController();
  const params = { name: "trigger-long-running-operation", arguments: { duration: 1.5, steps: 3 } };
  const options = { signal: abort.signal, timeout: 10_000 };
  const call = generation === "v1" ? client.callTool(params, undefined, options) : client.callTool(params, options);
  setTimeout(() => abort.abort("enough"), 200);
  return call;
});
await step("many", () =>
  Promise.all(Array.from({ length: 50 }, (_, n) => client.callTool({ name: "echo", arguments: { message: `m${n}` } }))),
);
await client.close();
process.stdout.write(JSON.stringify({ transcript, seen }, null, 1));
