// What the proxy costs: a small request on a kept and on a new connection, two hundred connections, and one large body; directly, through Debian's
// squid outside of any fence, through sandbox-runtime, and through the fence.
import { copyFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { answering, inTurns, listening, printed, srtSettings } from "./served.ts";
import { startSquid } from "./squid.ts";

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
export function measureProxy(bench: Bench): Promise<string> {
  return listening(createServer(answering(LARGE)), (port) => table(bench, port));
}

async function table(bench: Bench, port: number): Promise<string> {
  copyFileSync(bench.client, join(bench.scratch, "client.mjs"));
  const policy = join(bench.scratch, "bench-policy.json");
  const allowPrivate = [{ host: "bench.test", cidr: "127.0.0.1/32", reason: "the benchmark's own server" }];
  const network = { allow: [`bench.test:${port}`], allowPrivate };
  writeFileSync(policy, JSON.stringify({ version: 1, sandbox: { network } }));
  const settings = join(bench.scratch, "srt-net.json");
  writeFileSync(settings, srtSettings(port));
  const client = (host: string): string[] => ["client.mjs", `http://${host}:${port}`, String(REQUESTS)];
  const run = (program: string, args: readonly string[], env = bench.env): Promise<Figures> =>
    printed({ ...bench, env }, program, args);
  const { srt } = bench;
  const squid = await startSquid(bench.scratch);
  const throughSquid = { ...bench.env, HTTP_PROXY: `http://127.0.0.1:${squid?.port}` };
  const fence = ["run", "--quiet", "--policy", policy, "--"];
  const ways: Record<string, () => Promise<Figures>> = {
    direct: () => run(process.execPath, [...client("127.0.0.1"), "direct"]),
    ...(squid === undefined
      ? {}
      : { "squid, no fence": () => run(process.execPath, client("127.0.0.1"), throughSquid) }),
    ...(srt === undefined
      ? {}
      : {
          "sandbox-runtime": () =>
            run(process.execPath, [srt, "--settings", settings, "--", "node", ...client("127.0.0.1")]),
        }),
    ringfence: () => run(bench.ringfence, [...fence, "node", ...client("bench.test")]),
  };
  const middle = await inTurns(ways).finally(() => squid?.close());
  const rows = Object.keys(ways).map((way) => {
    const added = middle(way, "p50") - middle("direct", "p50");
    const share = (100 * middle(way, "mbps")) / middle("direct", "mbps");
    return `| ${way} | ${middle(way, "p50").toFixed(3)} | +${added.toFixed(3)} | ${middle(way, "p95").toFixed(3)} | ${middle(way, "fresh").toFixed(3)} | ${middle(way, "many").toFixed(0)} | ${middle(way, "mbps").toFixed(0)} | ${share.toFixed(0)} % |`;
  });
  return [
    `## The proxy (plain HTTP on loopback: one kept connection, new ones, 200 at once, then one body of ${LARGE >> 20} MiB)`,
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
