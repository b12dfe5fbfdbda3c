// What the gateway adds to a call and to a start: beside a pipe of bytes and the official SDK's own proxy, with and without the record on disk.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Bench } from "./bench.ts";
import { syncCost } from "./hook.ts";
import { type BenchClient, openBenchClient } from "./mcp-client.ts";
import { median, quantile } from "./stats.ts";

const ROUNDS = 5;
const CALLS = 400;
const LARGE_CALLS = 60;
const LARGE = "lines of a file, as tools return them. ".repeat(1280);

interface Samples {
  readonly small: number[];
  readonly large: number[];
  readonly start: number[];
}

/** The table of the gateway. */
export async function measureMcp(bench: Bench): Promise<string> {
  // In the workspace: a server that stands outside of it is not there in its fence.
  const workspace = join(bench.scratch, "mcp");
  mkdirSync(workspace);
  const packages = installPackages(workspace);
  if (packages === undefined) return "## The MCP gateway\n\nThe registry is not reachable: nothing was measured.\n";
  const root = dirname(bench.ringfence);
  const relay = buildRelay(root, bench.scratch);
  const node = process.execPath;
  const server = [node, join(packages, "node_modules/@modelcontextprotocol/server-everything/dist/index.js")];
  const ways: Readonly<Record<string, readonly string[]>> = {
    direct: server,
    "pipe of bytes": [node, join(root, "tests/bench/mcp-pipe.mjs"), ...server],
    "the SDK's proxy (v1)": [node, join(root, "tests/bench/mcp-sdk-proxy.mjs"), packages, ...server],
    "gateway without record and fence": [node, relay, ...server],
    "ringfence mcp run": [bench.ringfence, "mcp", "run", "--server", "bench", "--", ...server],
  };
  const samples: Record<string, Samples> = {};
  for (const name of Object.keys(ways)) samples[name] = { small: [], large: [], start: [] };
  for (let round = -1; round < ROUNDS; round += 1)
    for (const [name, argv] of Object.entries(ways)) {
      const client = await openBenchClient(argv, { cwd: workspace, env: { ...bench.env, RELAY_SCREEN: "1" } });
      try {
        await measured(client, round < 0 ? undefined : samples[name]);
      } finally {
        await client.close();
      }
    }
  return table(samples, syncCost(bench.scratch));
}

async function measured(client: BenchClient, into: Samples | undefined): Promise<void> {
  for (let n = 0; n < 50; n += 1) await client.echo("warming up, twenty letters");
  for (let n = 0; n < CALLS; n += 1) into?.small.push(await client.echo(`a message of forty characters, number ${n}`));
  for (let n = 0; n < LARGE_CALLS; n += 1) into?.large.push(await client.echo(`${n} of these ${LARGE}`));
  into?.start.push(client.startMs);
}

function table(samples: Readonly<Record<string, Samples>>, sync: number): string {
  const of = (name: string, part: keyof Samples): number => median(samples[name]?.[part] ?? []);
  const added = (name: string, part: keyof Samples): string => {
    const more = of(name, part) - of("direct", part);
    return `${more < 0 ? "" : "+"}${more.toFixed(part === "start" ? 0 : 3)}`;
  };
  const rows = Object.keys(samples).map((name) => {
    const small = samples[name]?.small ?? [];
    return `| ${name} | ${of(name, "small").toFixed(3)} | ${added(name, "small")} | ${quantile(small, 0.95).toFixed(3)} | ${added(name, "large")} | ${of(name, "start").toFixed(0)} | ${added(name, "start")} |`;
  });
  return [
    "## The MCP gateway (server-everything over stdio, `echo`)",
    "",
    "| way | call, p50 ms | added | p95 ms | added to one of 50 kB | start to `tools/list`, ms | added |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
    `One record of 500 bytes to this disk, durable: ${sync.toFixed(3)} ms median. A call waits for two: its intent before it goes on, its outcome before that is handed over.`,
    "`mcp run` has the fence of the server in its start, and the record on disk in each call; the row above it judges and screens the same without.",
    "Aim: ≤ +0.12 ms p50 a call beside the disk's part, ≤ +100 ms start.",
    "",
  ].join("\n");
}

function installPackages(folder: string): string | undefined {
  const specs = ["@modelcontextprotocol/sdk@1.32.2", "@modelcontextprotocol/server-everything@2026.8.31"];
  const args = ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, ...specs];
  try {
    execFileSync("npm", args, { stdio: "ignore", timeout: 120_000 });
    return folder;
  } catch {
    return undefined;
  }
}

/** The relay of the tests, with the real screening. */
function buildRelay(root: string, scratch: string): string {
  const outfile = join(scratch, "mcp-relay.mjs");
  const flags = ["--bundle", "--platform=node", "--format=esm", "--conditions=source", "--log-level=warning"];
  const entry = join(root, "tests/support/mcp-relay-main.ts");
  execFileSync(join(root, "node_modules/.bin/esbuild"), [entry, ...flags, `--outfile=${outfile}`], { cwd: root });
  return outfile;
}
