// An MCP command that is started inside a fence: the gateway is outside of it, and the helper carries the bytes there (native/mcp.h).
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const DOOR = "/run/ringfence/mcp.sock";
const HELPER = "/run/ringfence/ringfence-helper";

/** Hands the words behind `ringfence mcp` on to this fence's supervisor; the exit code, or `undefined` where there is no fence around us. */
export function askSupervisor(words: readonly string[]): number | undefined {
  if (!existsSync(DOOR)) return undefined;
  // Nothing else is to be done meanwhile, and its streams are the client's.
  const { status } = spawnSync(HELPER, ["mcp", ...words], { stdio: "inherit" });
  return status ?? 125;
}
