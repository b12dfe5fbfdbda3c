// A server of the newest revision over stdio, or over HTTP at a port that it says, out of the official SDK: `mcp-modern-server.mjs PACKAGES [http]`. Wants things of its client inside of
// results, keeps state with it, changes its list, and answers with what older revisions did not have.
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const load = (file) => import(pathToFileURL(join(process.argv[2], "node_modules", file)).href);
const { McpServer, createMcpHandler, inputRequired, acceptedContent } = await load(
  "@modelcontextprotocol/server/dist/index.mjs",
);
const { serveStdio } = await load("@modelcontextprotocol/server/dist/stdio.mjs");
const { z } = await load("zod/index.js");
const text = (said) => ({ content: [{ type: "text", text: said }] });

function made() {
  const server = new McpServer(
    { name: "modern", version: "3.1" },
    { capabilities: { tools: { listChanged: true } }, instructions: "Ask before you deploy." },
  );
  server.registerTool(
    "echo",
    { description: "says it again", inputSchema: z.object({ message: z.string() }) },
    ({ message }) => text(message),
  );
  const answer = z.object({ confirm: z.boolean() });
  server.registerTool(
    "deploy",
    { description: "deploys", inputSchema: z.object({ env: z.string() }) },
    ({ env }, { mcpReq }) => {
      if (acceptedContent(mcpReq.inputResponses, "confirm", answer)?.confirm === true)
        return text(`deployed to ${env} with state ${JSON.stringify(mcpReq.requestState())}`);
      const requestedSchema = { type: "object", properties: { confirm: { type: "boolean" } }, required: ["confirm"] };
      const confirm = inputRequired.elicit({ message: `Deploy to ${env}?`, requestedSchema });
      return inputRequired({
        inputRequests: { confirm, roots: inputRequired.listRoots() },
        requestState: `é\u200b ${env}`,
      });
    },
  );
  server.registerTool("numbers", { description: "any JSON", outputSchema: z.array(z.number()) }, () => ({
    content: [],
    structuredContent: [1, 2, 3],
  }));
  server.registerTool("grow", { description: "gets another tool" }, () => {
    server.registerTool(`grown`, { description: "was not there" }, () => text("new"));
    return text("grown");
  });
  return server;
}

if (process.argv[3] === "http") {
  const { toNodeHandler } = await load("@modelcontextprotocol/node/dist/index.mjs");
  const server = createServer(toNodeHandler(createMcpHandler(made)));
  server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
} else serveStdio(made);
