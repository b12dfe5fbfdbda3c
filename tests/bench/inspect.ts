// What reading TLS costs: the same HTTPS server, directly, through peers and the fence unread, and read. Two handshakes and two ciphers in one process.
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { dirname, join } from "node:path";
import type { Bench } from "./bench.ts";
import { answering, inTurns, listening, printed, srtSettings } from "./served.ts";
import { startSquid } from "./squid.ts";

const HOST = "bench.test";
const LARGE = 1 << 28;
const REQUESTS = 200;

interface Figures {
  readonly kept: number;
  readonly fresh: number;
  readonly mbps: number;
}

/** The table of inspection. */
export function measureInspect(bench: Bench): Promise<string> {
  copyFileSync(join(dirname(bench.client), "tls-client.mjs"), join(bench.scratch, "tls-client.mjs"));
  return listening(createServer(shown(bench.scratch), answering(LARGE)), (port) => table(bench, port));
}

async function table(bench: Bench, port: number): Promise<string> {
  // beside the workspace, whose files nobody trusts, and by a name that no mask covers
  const authority = join(dirname(bench.scratch), "roots.txt");
  copyFileSync(join(bench.scratch, "ca.pem"), authority);
  const env = { ...bench.env, NODE_EXTRA_CA_CERTS: authority, BENCH_CA: authority };
  const client = ["tls-client.mjs", `https://${HOST}:${port}`, String(REQUESTS), String(LARGE)];
  // peers are asked for the address: nobody but the policy knows the name
  const byAddress = [...client, `127.0.0.1:${port}`];
  const run = (program: string, args: readonly string[], more = {}): Promise<Figures> =>
    printed({ ...bench, env: { ...env, ...more } }, program, args);
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
  const settings = join(bench.scratch, "srt-tls.json");
  writeFileSync(settings, srtSettings(port));
  const { srt } = bench;
  const squid = await startSquid(bench.scratch);
  const ways: Record<string, () => Promise<Figures>> = {
    direct: () => run(process.execPath, client),
    ...(squid === undefined
      ? {}
      : {
          "squid, no fence, unread": () =>
            run(process.execPath, byAddress, { HTTPS_PROXY: `http://127.0.0.1:${squid.port}` }),
        }),
    ...(srt === undefined
      ? {}
      : {
          "sandbox-runtime, unread": () =>
            run(process.execPath, [srt, "--settings", settings, "--", "node", ...byAddress]),
        }),
    "ringfence, unread": fenced("auto"),
    "ringfence, read": fenced("all"),
  };
  const middle = await inTurns(ways).finally(() => squid?.close());
  return [
    `## Reading TLS (HTTPS on loopback: one kept connection, new ones with a whole handshake each, one body of ${LARGE >> 20} MiB)`,
    "",
    "| way | kept, p50 ms | new connection, p50 ms | MB/s | of direct |",
    "|---|---|---|---|---|",
    ...Object.keys(ways).map((way) => {
      const share = (100 * middle(way, "mbps")) / middle("direct", "mbps");
      return `| ${way} | ${middle(way, "kept").toFixed(3)} | ${middle(way, "fresh").toFixed(2)} | ${middle(way, "mbps").toFixed(0)} | ${share.toFixed(0)} % |`;
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
