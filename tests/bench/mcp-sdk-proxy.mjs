// The official SDK's own way to stand in between: a Server for the client, a Client for the server, each request passed on.
// `mcp-sdk-proxy.mjs PACKAGES COMMAND [ARGUMENT…]`
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [packages, command, ...args] = process.argv.slice(2);
const load = (file) =>
  import(pathToFileURL(join(packages, "node_modules/@modelcontextprotocol/sdk/dist/esm", file)).href);
const { Client } = await load("client/index.js");
const { StdioClientTransport } = await load("client/stdio.js");
const { Server } = await load("server/index.js");
const { StdioServerTransport } = await load("server/stdio.js");
const { CallToolRequestSchema, ListToolsRequestSchema } = await load("types.js");

const client = new Client({ name: "proxy", version: "1" });
await client.connect(new StdioClientTransport({ command, args, stderr: "ignore" }));
const server = new Server(client.getServerVersion(), { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, ({ params }) => client.listTools(params));
server.setRequestHandler(CallToolRequestSchema, ({ params }) => client.callTool(params));
const transport = new StdioServerTransport();
transport.onclose = () => client.close();
process.stdin.on("end", () => client.close().then(() => process.exit(0)));
await server.connect(transport);
