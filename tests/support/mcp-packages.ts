// The official packages of MCP, for tests alone: installed once into a folder of their own, at pinned versions.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { ownFolder } from "./agents.ts";
import { needs } from "./needs.ts";

const PACKAGES = [
  "@modelcontextprotocol/sdk@1.32.2",
  "@modelcontextprotocol/client@2.4.0",
  "@modelcontextprotocol/server@2.4.0",
  "@modelcontextprotocol/node@2.1.2",
  "@modelcontextprotocol/server-everything@2026.8.31",
];

/** The folder with their `node_modules`. Skips the test out loud when the registry cannot be reached. */
export function mcpPackages(context: TestContext): string {
  const cache = ownFolder(`/var/tmp/ringfence-test-mcp-${process.getuid?.() ?? 0}`);
  const folder = join(cache, "http-1");
  if (existsSync(folder)) return folder;
  needs(context, "registry");
  const fresh = mkdtempSync(join(cache, "new-"));
  writeFileSync(join(fresh, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...PACKAGES];
  execFileSync("npm", args, { cwd: fresh, stdio: "pipe", timeout: 300_000 });
  try {
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // somebody else was first
  }
  return folder;
}
