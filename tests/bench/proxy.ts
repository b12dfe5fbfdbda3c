// What the proxy costs: a small request on a kept and on a new connection, two hundred connections, and one large body; directly, through Debian's
// squid outside of any fence, through sandbox-runtime, and through the fence.
import { execFile } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./main.ts";
import { startSquid } from "./squid.ts";
import { median } from "./stats.ts";

const LARGE = 1 << 29;
const REQUESTS = 500;

interface Figures {
  readonly p50: number;
  readonly p95: number;
  /** A request on a connection of its own, ms at the median. */
  readonly fresh: number;
  /** Requests a second over two hundred connections. */
  readonly many: number;
  readonly mbps: number;
}

/** The table of the proxy. */
export async function measureProxy(bench: Bench): Promise<string> {
  const server = createServer((request, response) => {
    if (request.url !== "/large") return void response.end("ok");
    response.writeHead(200, { "content-length": LARGE });
    const chunk = Buffer.alloc(1 << 20);
    let left = LARGE;
    const more = (): void => {
      while (left > 0) {
        left -= chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const port = (server.address() as AddressInfo).port;
  try {
    return await table(bench, port);
  } finally {
    server.close();
  }
}

async function table(bench: Bench, port: number): Promise<string> {
  copyFileSync(bench.client, join(bench.scratch, "client.mjs"));
  const policy = join(bench.scratch, "bench-policy.json");
  writeFileSync(
    policy,
    JSON.stringify({
      version: 1,
      sandbox: {
        network: {
          allow: [`bench.test:${port}`],
          allowPrivate: [{ host: "bench.test", cidr: "127.0.0.1/32", reason: "the benchmark's own server" }],
        },
      },
    }),
  );
  const settings = join(bench.scratch, "srt-net.json");
  writeFileSync(
    settings,
    JSON.stringify({
      network: { allowedDomains: [`127.0.0.1:${port}`], deniedDomains: [] },
      filesystem: { denyRead: [], allowWrite: ["."], denyWrite: [] },
    }),
  );
  const client = (host: string): string[] => ["node", "client.mjs", `http://${host}:${port}`, String(REQUESTS)];
  const squid = await startSquid(bench.scratch);
  const runners: Record<string, () => Promise<Figures>> = {
    direct: () => figures(bench, process.execPath, [...client("127.0.0.1").slice(1), "direct"]),
    ...(squid === undefined
      ? {}
      : {
          "squid, no fence": () =>
            figures(
              { ...bench, env: { ...bench.env, HTTP_PROXY: `http://127.0.0.1:${squid.port}` } },
              process.execPath,
              client("127.0.0.1").slice(1),
            ),
        }),
    ...(bench.srt === undefined
      ? {}
      : {
          "sandbox-runtime": () =>
            figures(bench, process.execPath, [bench.srt ?? "", "--settings", settings, "--", ...client("127.0.0.1")]),
        }),
    ringfence: () =>
      figures(bench, bench.ringfence, ["run", "--quiet", "--policy", policy, "--", ...client("bench.test")]),
  };
  const all: Record<string, Figures[]> = {};
  try {
    for (let round = 0; round < 5; round += 1) {
      for (const [name, run] of Object.entries(runners)) all[name] = [...(all[name] ?? []), await run()];
    }
  } finally {
    squid?.close();
  }
  const middle = (name: string, key: keyof Figures): number => median((all[name] ?? []).map((figure) => figure[key]));
  const rows = Object.keys(runners).map((name) => {
    const added = middle(name, "p50") - middle("direct", "p50");
    const share = (100 * middle(name, "mbps")) / middle("direct", "mbps");
    return `| ${name} | ${middle(name, "p50").toFixed(3)} | +${added.toFixed(3)} | ${middle(name, "p95").toFixed(3)} | ${middle(name, "fresh").toFixed(3)} | ${middle(name, "many").toFixed(0)} | ${middle(name, "mbps").toFixed(0)} | ${share.toFixed(0)} % |`;
  });
  return [
    "## The proxy (plain HTTP on loopback: one kept connection, new ones, 200 at once, then one body of 512 MiB)",
    "",
    "| way | kept, p50 ms | added | p95 ms | new connection, p50 ms | requests/s over 200 | MB/s | of direct |",
    "|---|---|---|---|---|---|---|---|",
    ...rows,
    "",
    ...(squid === undefined ? ["squid is not installed here: its row is missing.", ""] : []),
    "Aim: p50 ≤ +0.15 ms, throughput ≥ 60 % of direct.",
    "",
  ].join("\n");
}

async function figures(bench: Bench, program: string, args: readonly string[]): Promise<Figures> {
  const { stdout } = await promisify(execFile)(program, args, {
    cwd: bench.scratch,
    env: { ...bench.env },
    timeout: 120_000,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}
