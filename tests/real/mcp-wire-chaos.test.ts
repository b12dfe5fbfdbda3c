// A server that breaks every rule of the wire, through the relay: each call has an answer, the client gets nothing that is no message or not its
// own, and the session goes on. The control is the same server without the relay.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkout } from "../support/installation.ts";
import { type RawClient, rawClient } from "../support/mcp-raw-client.ts";
import { buildRelay, traceLines } from "../support/mcp-relay.ts";

const chaos = [process.execPath, join(checkout, "tests/support/mcp-chaos.mjs")];
const folder = mkdtempSync(join(tmpdir(), "ringfence-test-"));
const trace = join(folder, "trace");
let relay: readonly string[];
let client: RawClient;

beforeAll(async () => {
  relay = await buildRelay(folder);
  client = await rawClient([...relay, ...chaos], { RELAY_TRACE: trace });
});

afterAll(async () => {
  await client.end();
  rmSync(folder, { recursive: true, force: true });
});

let count = 0;
function next(): number {
  count += 1;
  return count;
}

const refusals = (): readonly unknown[] =>
  traceLines(trace).flatMap((line) => (line["kind"] === "refused" ? [line["why"]] : []));

describe("an answer that is none becomes a result that says why", () => {
  test.each([
    ["duplicate-key", "duplicate-key"],
    ["escaped-duplicate", "duplicate-key"],
    ["too-deep", "too-deep"],
    ["lone-surrogate", "lone-surrogate"],
    ["not-utf8", "not-utf8"],
    ["not-a-number", "not-json"],
    ["both-kinds", "ambiguous"],
    ["old-version", "not-2.0"],
    ["byte-order-mark", "not-json"],
    ["too-long", "too-long"],
    ["batch", "batch"],
  ])("%s", async (tool, why) => {
    const answer = await client.call(next(), tool);
    expect(answer.result?.isError).toBe(true);
    expect(answer.result?.content?.[0]?.text).toContain(`(${why})`);
    expect(refusals().at(-1)).toBe(why);
    expect((await client.call(next(), "fine")).result?.content?.[0]?.text).toBe("fine");
  });
});

describe("what comes beside an answer is dropped, and the answer passes", () => {
  test.each([
    ["foreign-batch", "batch"],
    ["noise", "noise"],
    ["flood", "noise"],
    ["foreign-ids", "foreign-id"],
    ["guesses", "foreign-id"],
    ["asks-everything", "too-many-open"],
    ["carriage-return", undefined],
    ["flood-of-changes", undefined],
    ["byte-by-byte", undefined],
    ["same-number", undefined],
  ])("%s", async (tool, why) => {
    const from = client.lines.length;
    const answer = await client.call(next(), tool);
    expect(answer.result?.content?.[0]?.text).toMatch(/^fin[eé]$/);
    if (why !== undefined) expect(refusals()).toContain(why);
    const others = client.lines.slice(from).map((line) => JSON.parse(line) as { id?: unknown; method?: string });
    expect(others.filter(({ id, method }) => method !== "roots/list" && id !== count)).toEqual([]);
  });
});

test.each(["batch-then-fine", "deep-then-fine"])("of two answers the wire's first counts: %s", async (tool) => {
  for (let n = 0; n < 10; n += 1) {
    expect((await client.call(next(), tool)).result?.isError).toBe(true);
    await client.ask("p", "ping");
    expect(refusals().at(-1)).toBe("late-answer");
  }
});

test("a second answer is late, and one to a cancelled call too", async () => {
  const from = client.lines.length;
  expect((await client.call(next(), "twice")).result?.content?.[0]?.text).toBe("first");
  count += 1;
  client.send({ id: count, method: "tools/call", params: { name: "late", arguments: {} } });
  client.send({ method: "notifications/cancelled", params: { requestId: count } });
  await client.ask("p", "ping");
  expect(client.lines.slice(from).filter((line) => /second|"late"/.test(line))).toEqual([]);
});

test("numbers and names keep their spelling", async () => {
  await client.call(next(), "odd-numbers");
  expect(client.lines.at(-1)).toContain('{"n":12345678901234567890,"m":1e400,"z":-0,"__proto__":{"a":1}}');
});

test("the record of a flood is short", () => {
  expect(traceLines(trace).filter(({ kind }) => kind === "refused").length).toBeLessThan(200);
});

test("half a line at the end is an answer that is none; the server's exit code is handed on", async () => {
  const half = await rawClient([...relay, ...chaos]);
  expect((await half.call(1, "half-line")).result?.content?.[0]?.text).toContain("(half-line)");
  expect(await half.end()).toBe(7);
});

test("20 MiB pass where that much is allowed", async () => {
  const wide = await rawClient([...relay, ...chaos], { RELAY_MAX: String(64 << 20) });
  const answer = await wide.call(1, "too-long");
  expect(answer.result?.content?.[0]?.text).toHaveLength(20 << 20);
  await wide.end();
});

test("the control: without the relay the client gets what is no message, or not its own", async () => {
  const bare = await rawClient(chaos);
  expect((await bare.call(1, "duplicate-key")).result?.content?.[0]?.text).toBe("second");
  await bare.call(2, "guesses");
  expect(bare.lines.some((line) => line.includes("guessed"))).toBe(true);
  await bare.end();
});
