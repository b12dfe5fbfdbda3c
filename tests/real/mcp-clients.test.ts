// The real clients still read a wrapped file, name what they would start, and, where they connect, are answered by the gateway; what they wrote into
// their files meanwhile survives the way back. Clients come from the registry at pinned versions, as for the agents' tests.
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { FENCED_AGENTS, installed } from "../support/agents.ts";
import { checkout, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { put, type SettingsBed, settingsBed } from "../support/settings-bed.ts";

/** Nobody listens there. */
const HTTP = "http://127.0.0.1:9/mcp";
const KEY = "k-of-the-person";

interface Client {
  readonly agent: "claude" | "codex" | "gemini";
  readonly path: string;
  /** Its file with the weather server and one over HTTP. */
  text(server: string): string;
  /** What it says of the weather server through the gateway. */
  readonly connected: RegExp;
}

const env = { WEATHER_API_KEY: KEY };
const json = (server: string, http: object): string =>
  `${JSON.stringify({ mcpServers: { weather: { command: "node", args: [server], env }, far: http } }, undefined, 2)}\n`;
const headers = { "X-Key": KEY };

const CLIENTS: readonly Client[] = [
  {
    agent: "claude",
    path: ".claude.json",
    text: (server) => json(server, { type: "http", url: HTTP, headers }),
    connected: /weather: \S+ringfence mcp run .* - ✔ Connected/,
  },
  {
    agent: "codex",
    path: ".codex/config.toml",
    text: (server) =>
      `[mcp_servers.weather]\ncommand = "node" # mine\nargs = [\n  "${server}",\n]\n[mcp_servers.weather.env]\nWEATHER_API_KEY = "${KEY}"\n\n[mcp_servers.far]\nurl = "${HTTP}"\nbearer_token_env_var = "FAR_TOKEN"\nhttp_headers = { "X-Key" = "${KEY}" }\n`,
    connected: /weather +\S+ringfence +mcp run .* enabled/,
  },
  {
    agent: "gemini",
    path: ".gemini/settings.json",
    text: (server) => json(server, { httpUrl: HTTP, headers }),
    connected: /weather: \S+ringfence mcp run .*\(stdio\) - Connected/,
  },
];

function list(context: TestContext, { agent }: Client, bed: SettingsBed): string {
  const found = FENCED_AGENTS.find(({ name }) => name === agent);
  if (found === undefined) throw new Error(`no ${agent}`);
  const { stdout, stderr } = spawnSync(installed(context, found).command, ["mcp", "list"], {
    cwd: bed.project,
    encoding: "utf8",
    timeout: 60_000,
    env: {
      ...{ PATH: process.env["PATH"], HOME: bed.home, XDG_STATE_HOME: bed.state },
      ...{
        GEMINI_API_KEY: "not-a-key",
        GEMINI_CLI_TRUST_WORKSPACE: "true",
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      },
    },
  });
  return `${stdout}${stderr}`;
}

describe.each(CLIENTS)("$agent", (client) => {
  it("reads its file through every step, and is answered by the gateway", { timeout: 180_000 }, (context) => {
    needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper");
    const bed = settingsBed();
    const server = join(bed.project, "weather/server.mjs");
    cpSync(join(checkout, "examples/weather-server"), join(bed.project, "weather"), { recursive: true });
    const text = client.text(server);
    const path = join(bed.home, client.path);
    put(path, text);
    expect(list(context, client, bed)).toContain(`node`);
    const told = readFileSync(path, "utf8");
    expect(bed.run("mcp", "wrap", "--user").code).toBe(0);
    const said = list(context, client, bed);
    expect(said).toMatch(client.connected);
    expect(said).toMatch(new RegExp(`${launcher}.* mcp proxy --server far --client \\S+ .*--url ${HTTP}`));
    expect(said).not.toContain(KEY);
    expect(bed.run("mcp", "unwrap", "--user").code).toBe(0);
    const after = readFileSync(path, "utf8");
    if (client.agent === "claude") {
      // It keeps its own notes in the same file.
      const servers = (of: string): unknown => (JSON.parse(of) as { readonly mcpServers: unknown }).mcpServers;
      expect(servers(after)).toEqual(servers(text));
    } else expect(after).toBe(told);
  });
});
