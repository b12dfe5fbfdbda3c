// The official SDK's clients of both generations, against the official test server over Streamable HTTP: directly, and through the gateway.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { httpBed, listening } from "../support/mcp-http-bed.ts";
import { mcpPackages } from "../support/mcp-packages.ts";
import { tmp } from "../support/tmp.ts";

const run = promisify(execFile);
const CLIENT = join(import.meta.dirname, "../support/mcp-client.mjs");

async function everything(packages: string): Promise<string> {
  const port = await freePort();
  const main = join(packages, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
  const child: ChildProcess = spawn(process.execPath, [main, "streamableHttp"], {
    env: { PATH: process.env["PATH"], PORT: String(port) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await new Promise<void>((done) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (text: Buffer) => (text.includes(String(port)) ? done() : undefined));
  });
  return `http://127.0.0.1:${port}/mcp`;
}

async function transcript(packages: string, generation: string, ...to: readonly string[]): Promise<unknown> {
  const { stdout } = await run(process.execPath, [CLIENT, packages, generation, ...to], {
    maxBuffer: 64 << 20,
    timeout: 60_000,
  });
  const { transcript: said, seen } = JSON.parse(stdout);
  // Notifications cross answers on other streams, so that their order is nobody's promise.
  const told = seen.map((one: unknown) => JSON.stringify(one)).sort();
  // The SDK forgets a progress that is read together with the answer behind it.
  return { said, seen: told.filter((one: string) => one !== '{"progress":{"progress":4,"total":4}}') };
}

/** Names that no list has are refused by the gateway, in its own words. */
const UNKNOWN = ["call add", "call no-such-tool", "prompt no-such-prompt"];

/** Without the times, and without what is asked of names that are not there. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, part) => (UNKNOWN.includes(key) ? undefined : part))
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replace(/\d{1,2}:\d\d:\d\d [AP]M/g, "TIME"),
  );
}

for (const generation of ["v1", "v2"]) {
  test(`the SDK's client ${generation} sees through the gateway what it sees directly`, {
    timeout: 120_000,
  }, async (context) => {
    const packages = mcpPackages(context);
    const url = await everything(packages);
    const bed = httpBed(url);
    const listener = await listening(bed);
    const [direct, listened, overStdio] = await Promise.all([
      transcript(packages, generation, url),
      transcript(packages, generation, listener.url),
      transcript(packages, generation, process.execPath, await stdioFront(), url),
    ]);
    expect(plain(listened)).toEqual(plain(direct));
    expect(plain(overStdio)).toEqual(plain(direct));
    expect(bed.notes.filter(({ kind }) => kind === "call").length).toBeGreaterThan(40);
    // The control: what was compared is a conversation.
    expect(JSON.stringify(direct)).toContain("Chicago");
  });
}

test("a client and a server of the newest revision say through the gateway what they say directly", {
  timeout: 60_000,
}, async (context) => {
  const packages = mcpPackages(context);
  const server = join(import.meta.dirname, "../support/mcp-modern-server.mjs");
  const child = spawn(process.execPath, [server, packages, "http"], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const port = await new Promise<string>((done) =>
    child.stdout.once("data", (text: Buffer) => done(text.toString().trim())),
  );
  const url = `http://127.0.0.1:${port}/mcp`;
  const bed = httpBed(url);
  const listener = await listening(bed);
  const client = join(import.meta.dirname, "../support/mcp-modern-client.mjs");
  const seen = async (...to: readonly string[]): Promise<unknown> =>
    JSON.parse((await run(process.execPath, [client, packages, ...to], { timeout: 40_000 })).stdout);
  const [direct, listened, overStdio] = await Promise.all([
    seen(url),
    seen(listener.url),
    seen(process.execPath, await stdioFront(), url),
  ]);
  expect(JSON.stringify(direct)).toContain('"version":"2026-07-28"');
  expect(listened).toEqual(direct);
  expect(overStdio).toEqual(direct);
  expect(bed.notes.filter(({ kind }) => kind === "refused")).toEqual([]);
});

async function stdioFront(): Promise<string> {
  const main = join(tmp(), "main.mjs");
  await build({
    ...{ entryPoints: [join(import.meta.dirname, "../support/mcp-http-main.ts")], outfile: main },
    ...{ bundle: true, platform: "node", format: "esm", conditions: ["source"], logLevel: "error" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  return main;
}
