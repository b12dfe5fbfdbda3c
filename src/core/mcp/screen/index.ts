// The door of screening: what speaks against a server's definitions and results, found offline (MCP-3). Docs: docs/mcp-screening.md.
export { cleanResult } from "./clean.ts";
export { type Peer, screenDefinition, screenDescription } from "./definition.ts";
export type { Finding } from "./finding.ts";
export { screenElicitation, screenSampling } from "./request.ts";
export { screenResult } from "./result.ts";
