// What reading TLS costs: the same HTTPS server, directly, through the fence unread, and read. Two handshakes and two ciphers in one process.
import { execFile, execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./main.ts";
import { median } from "./stats.ts";

const HOST = "bench.test";
const LARGE = 1 << 28;
const REQUESTS = 200;
const ROUNDS = 5;

interface Figures {
  readonly kept: number;
  readonly fresh: number;
  readonly mbps: number;
}

/** The table of inspection. */
export async function measureInspect(bench: Bench): Promise<string> {
  copyFileSync(join(dirname(bench.client), "tls-client.mjs"), join(bench.scratch, "tls-client.mjs"));
  const server = createServer(shown(bench.scratch), (request, response) => {
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
  const { port } = server.address() as AddressInfo;
  try {
    return await table(bench, port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function table(bench: Bench, port: number): Promise<string> {
  // beside the workspace, whose files nobody trusts, and by a name that no mask covers
  const authority = join(dirname(bench.scratch), "roots.txt");
  copyFileSync(join(bench.scratch, "ca.pem"), authority);
  const env = { ...bench.env, NODE_EXTRA_CA_CERTS: authority, BENCH_CA: authority };
  const client = ["tls-client.mjs", `https://${HOST}:${port}`, String(REQUESTS), String(LARGE)];
  const run = async (program: string, args: readonly string[]): Promise<Figures> => {
    const { stdout } = await promisify(execFile)(program, args, { cwd: bench.scratch, env, timeout: 120_000 });
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  };
  const fenced = (inspect: "all" | "auto") => (): Promise<Figures> => {
    const policy = join(bench.scratch, `inspect-${inspect}.json`);
    const allowPrivate = [{ host: HOST, cidr: "127.0.0.1/32", reason: "the benchmark's own server" }];
    const except = inspect === "auto" ? { inspectExcept: [HOST] } : {};
    const network = { allow: [`${HOST}:${port}`], allowPrivate, inspect, ...except };
    writeFileSync(policy, JSON.stringify({ version: 1, sandbox: { network } }));
    const shown = inspect === "auto" ? ["--allow-read", authority, "--env", "BENCH_CA"] : [];
    const args = ["run", "--quiet", "--policy", policy, ...shown];
    return run(bench.ringfence, [...args, "--", "node", ...client]);
  };
  const runners: Record<string, () => Promise<Figures>> = {
    direct: () => run(process.execPath, client),
    "ringfence, unread": fenced("auto"),
    "ringfence, read": fenced("all"),
  };
  const all: Record<string, Figures[]> = {};
  for (let round = 0; round < ROUNDS; round += 1)
    for (const [name, one] of Object.entries(runners)) all[name] = [...(all[name] ?? []), await one()];
  const middle = (name: string, key: keyof Figures): number => median((all[name] ?? []).map((figure) => figure[key]));
  return [
    `## Reading TLS (HTTPS on loopback: one kept connection, new ones with a whole handshake each, one body of ${LARGE >> 20} MiB)`,
    "",
    "| way | kept, p50 ms | new connection, p50 ms | MB/s | of direct |",
    "|---|---|---|---|---|",
    ...Object.keys(runners).map((name) => {
      const share = (100 * middle(name, "mbps")) / middle("direct", "mbps");
      return `| ${name} | ${middle(name, "kept").toFixed(3)} | ${middle(name, "fresh").toFixed(2)} | ${middle(name, "mbps").toFixed(0)} | ${share.toFixed(0)} % |`;
    }),
    "",
  ].join("\n");
}

/** A server's key and certificate from an authority of this run's. */
function shown(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  const make = `set -e
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj "/CN=bench" -days 2
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem -subj /CN=${HOST}
printf 'subjectAltName=DNS:${HOST}\\nbasicConstraints=CA:FALSE\\n' >ext
openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -days 2 -out cert.pem
rm ca.key`;
  execFileSync("sh", ["-c", make], { cwd: folder, stdio: "ignore" });
  return { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "cert.pem")) };
}
