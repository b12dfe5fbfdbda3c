// Which package a runner's command line names.
import { expect, it } from "vitest";
import { packageSpec } from "#core/mcp";

it.each([
  ["npx -y @scope/server@1.2.3 --root .", { name: "@scope/server", version: "1.2.3" }],
  ["npx server", { name: "server" }],
  ["/usr/bin/npx --yes server@latest", { name: "server", version: "latest" }],
  ["npx -p pack@2 run-it", { name: "pack", version: "2" }],
  ["npx --registry https://example.com server", { name: "server" }],
  ["env A=b npx -y server", { name: "server" }],
  ["npm exec -y -- server@1", { name: "server", version: "1" }],
  ["pnpm dlx server", { name: "server" }],
  ["uvx mcp-server-git", { name: "mcp-server-git" }],
  ["uvx --from pack==1.0 tool", { name: "pack", version: "1.0" }],
  ["node server.mjs", undefined],
  ["npx -y git+https://example.com/x", undefined],
  ["npx", undefined],
])("%s", (line, named) => expect(packageSpec(line.split(" "))).toEqual(named));
