// Official clients of both generations and eras with official servers: what they see through the relay is what they see without it.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../support/installation.ts";
import { mcpPackages } from "../support/mcp-packages.ts";
import { buildRelay, traceLines } from "../support/mcp-relay.ts";

const folder = mkdtempSync(join(tmpdir(), "ringfence-test-"));
let relay: readonly string[];
beforeAll(async () => {
  relay = await buildRelay(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly transcript: Readonly<Record<string, unknown>>;
  readonly seen: readonly unknown[];
}

async function transcriptOf(argv: readonly string[]): Promise<Seen> {
  const [command = "", ...args] = argv;
  const { stdout } = await promisify(execFile)(command, args, { timeout: 60_000, maxBuffer: 32 << 20 });
  return JSON.parse(stdout.replaceAll(/at \d+:\d\d:\d\d [AP]M/g, "at a time")) as Seen;
}

/** The names that neither side has: a server's own words for that are not passed, because such a call is not. */
const UNKNOWN = ["call add", "call no-such-tool", "prompt no-such-prompt"];

function withoutUnknown({ transcript }: Seen): object {
  return Object.fromEntries(Object.entries(transcript).filter(([name]) => !UNKNOWN.includes(name)));
}

/** What was asked of the client, and of each call at least the steps that came before its end: the last may be beaten by the answer. */
function askedOf({ seen }: Seen): readonly string[] {
  return seen.flatMap((one) => ((one as { asked?: unknown }).asked === undefined ? [] : [JSON.stringify(one)]));
}

describe.each(["v1", "v2"])("server-everything with the %s client", (generation) => {
  test("says the same through the relay", async (context) => {
    const packages = mcpPackages(context);
    const client = [process.execPath, join(checkout, "tests/support/mcp-client.mjs"), packages, generation];
    const everything = join(packages, "node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    const trace = join(folder, `trace-${generation}`);
    const server = [process.execPath, everything];
    const direct = await transcriptOf([...client, ...server]);
    const relayed = await transcriptOf([...client, "/usr/bin/env", `RELAY_TRACE=${trace}`, ...relay, ...server]);
    expect(Object.keys(direct.transcript)).toContain("call trigger-sampling-request");
    expect(withoutUnknown(relayed)).toEqual(withoutUnknown(direct));
    expect(askedOf(relayed)).toEqual(askedOf(direct));
    expect(relayed.transcript["call no-such-tool"]).toMatchObject({ isError: true });
    expect(
      relayed.seen.filter((one) => (one as { progress?: unknown }).progress !== undefined).length,
    ).toBeGreaterThanOrEqual(3);
    const lines = traceLines(trace);
    // names that the server has not are all that was refused
    expect(lines.filter(({ kind, why }) => kind === "refused" && why !== "not-approved")).toEqual([]);
    // Whatever made the server act was judged.
    expect(lines.filter(({ kind }) => kind === "call").length).toBeGreaterThan(60);
  });
});

test("a server of the newest revision says the same through the relay, and its wishes are judged", async (context) => {
  const packages = mcpPackages(context);
  const client = [process.execPath, join(checkout, "tests/support/mcp-modern-client.mjs"), packages];
  const server = [process.execPath, join(checkout, "tests/support/mcp-modern-server.mjs"), packages];
  const trace = join(folder, "trace-modern");
  const direct = await transcriptOf([...client, ...server]);
  const relayed = await transcriptOf([...client, "/usr/bin/env", `RELAY_TRACE=${trace}`, ...relay, ...server]);
  expect(direct.transcript["server"]).toMatchObject({ version: "2026-07-28" });
  expect(relayed).toEqual(direct);
  expect(direct.seen).toEqual([{ elicited: "Deploy to prod?" }, "roots", "list_changed"]);
  const lines = traceLines(trace);
  expect(lines.filter(({ kind }) => kind === "ask").map(({ method }) => method)).toEqual([
    "elicitation/create",
    "roots/list",
  ]);
  expect(lines.filter(({ kind }) => kind === "call").map(({ tool }) => tool)).toEqual([
    "echo",
    "deploy",
    "deploy",
    "numbers",
    "grow",
    "echo",
  ]);
});
