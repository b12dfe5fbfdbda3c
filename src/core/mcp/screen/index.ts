// The door of screening: what speaks against a server's definitions and results, found offline (MCP-3). Docs: docs/mcp-screening.md.
export { cleanResult } from "./clean.ts";
export type { Finding } from "./finding.ts";
export {
  descriptionWork,
  elicitationWork,
  preparationWork,
  resultWork,
  samplingWork,
  screenDefinition,
  screenDescription,
  screenElicitation,
  screenResult,
  screenSampling,
} from "./judge.ts";
export type { Peer } from "./peers.ts";
export { unscreenedAnswer, unscreenedDescription } from "./unscreened.ts";
export type { Work } from "./work.ts";
