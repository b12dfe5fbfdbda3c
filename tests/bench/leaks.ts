// What the look at what leaves costs: the matcher alone with fifty secrets, beside gzip of the same bytes as a yardstick of the machine, and one small
// request through the proxy's filter.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import zlib from "node:zlib";
import { LeakSearch, type LeakSecret } from "../../src/core/leak/index.ts";
import { unpack } from "../../src/egress/leak/unpack.ts";
import { leakFilter } from "../../src/egress/leak-filter.ts";
import { median } from "./stats.ts";

const ROUNDS = 15;

/** The table. */
export async function measureLeaks(): Promise<string> {
  const secrets: readonly LeakSecret[] = Array.from({ length: 50 }, (_, at) => ({
    name: `s${at}`,
    value: Buffer.from(randomBytes(24).toString("base64url")),
  }));
  const built = time(() => new LeakSearch(secrets, unpack));
  const search = new LeakSearch(secrets, unpack);
  const rows = Object.entries(bodies()).map(([name, body]) => {
    const ms = time(() => search.request().look(body, true));
    const gzip = time(() => zlib.gzipSync(body));
    return `| ${name} (${Math.round(body.length / 1000)} KB) | ${(body.length / 1000 / ms).toFixed(1)} | ${(ms / gzip).toFixed(1)} × |`;
  });
  const filter = leakFilter({ search: () => search, mayRead: () => true });
  const request = {
    ...({ scheme: "https", host: "api.example.com", port: 443, method: "POST", target: "/v1/items?limit=20" } as const),
    fields: [
      { name: "User-Agent", value: "node" },
      { name: "Authorization", value: `Bearer ${randomBytes(30).toString("base64url")}` },
      { name: "Content-Type", value: "application/json" },
    ],
  };
  const head: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    const from = performance.now();
    const begun = await filter.begin(request);
    if (begun !== undefined && "up" in begun) {
      begun.up?.take(Buffer.from(JSON.stringify({ name: "an item", tags: ["a", "b"], note: "x".repeat(500) })));
      begun.up?.end();
    }
    head.push(performance.now() - from);
  }
  return [
    "### What leaves is looked at: 50 secrets",
    "",
    "| body | MB/s of processor time | of the time that gzip takes for it |",
    "|---|---|---|",
    ...rows,
    "",
    `The index is built once, in ${built.toFixed(0)} ms, at the first request. A small POST, head and body, takes ${(median(head) * 1_000).toFixed(0)} µs.`,
  ].join("\n");
}

/** Milliseconds of the processor: others are at work on the machine. */
function time(act: () => unknown): number {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = process.cpuUsage();
    act();
    const { user, system } = process.cpuUsage(from);
    times.push((user + system) / 1_000);
  }
  return median(times);
}

function bodies(): Readonly<Record<string, Buffer>> {
  const root = join(import.meta.dirname, "..");
  const lock = readFileSync(join(root, "package-lock.json")).subarray(0, 100_000);
  const text = readFileSync(join(root, "README.md"), "utf8");
  const chat = JSON.stringify({ messages: Array.from({ length: 10 }, () => ({ role: "user", content: text })) });
  return {
    "random bytes": randomBytes(200_000),
    "package metadata": lock,
    "a model request": Buffer.from(chat).subarray(0, 200_000),
    "gzip of metadata": zlib.gzipSync(lock),
    "base64 of gzip, in JSON": Buffer.from(JSON.stringify({ data: zlib.gzipSync(lock).toString("base64") })),
  };
}
