// What the tables of the network have in common: a server that answers at once or at length, clients that print their figures, and rounds in which
// every way has its turn.
import { execFile } from "node:child_process";
import type { RequestListener } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import { median } from "./stats.ts";

/** `/large` is so many bytes, everything else two. */
export function answering(large: number): RequestListener {
  return (request, response) => {
    if (request.url !== "/large") return void response.end("ok");
    response.writeHead(200, { "content-length": large });
    const chunk = Buffer.alloc(1 << 20);
    let left = large;
    const more = (): void => {
      while (left > 0) {
        left -= chunk.length;
        if (!response.write(chunk)) return void response.once("drain", more);
      }
      response.end();
    };
    more();
  };
}

/** Uses it while it listens on a port of loopback. */
export async function listening<T>(
  server: Server & { closeAllConnections(): void },
  use: (port: number) => Promise<T>,
): Promise<T> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Runs a client in the scratch folder and answers the JSON of its last line. */
export async function printed<Figures>(
  { scratch, env }: Pick<Bench, "scratch" | "env">,
  program: string,
  args: readonly string[],
): Promise<Figures> {
  const { stdout } = await promisify(execFile)(program, args, { cwd: scratch, env: { ...env }, timeout: 120_000 });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/** Runs every way once a round, in turn; answers the middle of a figure over the rounds. */
export async function inTurns<Figures extends { readonly [Key in keyof Figures]: number }>(
  ways: Readonly<Record<string, () => Promise<Figures>>>,
  rounds = 5,
): Promise<(way: string, key: keyof Figures) => number> {
  const all = new Map<string, Figures[]>(Object.keys(ways).map((way) => [way, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [way, run] of Object.entries(ways)) all.get(way)?.push(await run());
  return (way, key) => median((all.get(way) ?? []).map((figures) => figures[key]));
}

/** What sandbox-runtime is told to reach that port. */
export function srtSettings(port: number): string {
  return JSON.stringify({
    network: { allowedDomains: [`127.0.0.1:${port}`], deniedDomains: [] },
    filesystem: { denyRead: [], allowWrite: ["."], denyWrite: [] },
  });
}
