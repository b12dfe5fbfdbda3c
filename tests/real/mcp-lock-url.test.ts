// `mcp lock`, `verify`, `diff` and `scan` of a server over HTTP: reached by a session of its own, with its own credential, and asked what it says.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { launcher } from "../support/installation.ts";
import { json, type StubUpstream, stubUpstream } from "../support/mcp-stub-upstream.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

beforeEach((context) => needs(context, "helper"));

const TOKEN = "sekrit-of-the-entry-71529";

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A project, and what a person types in it while this process serves the upstream. */
function project(): {
  readonly lock: string;
  mcp(...args: readonly string[]): Promise<Ended>;
  /** Starts a listener, and answers with its address once it is there. */
  start(...args: readonly string[]): Promise<string>;
} {
  const folder = tmp();
  const cwd = join(folder, "work");
  mkdirSync(cwd);
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state"), FAR: TOKEN };
  return {
    lock: join(cwd, ".ringfence/mcp.lock.json"),
    start: (...args) => {
      const policy = join(folder, "policy.yaml");
      writeFileSync(policy, "permissions: { allow: [mcp__far] }\nruleOfTwo: off\n");
      const child = spawn(launcher, ["mcp", ...args, "--policy", policy], {
        cwd,
        env,
        stdio: ["ignore", "ignore", "pipe"],
      });
      onTestFinished(() => void child.kill("SIGTERM"));
      let said = "";
      return new Promise((done) =>
        child.stderr.on("data", (text: Buffer) => {
          said += text;
          const address = /http:\/\/127\.0\.0\.1:\S+/.exec(said)?.[0];
          if (address !== undefined) done(address);
        }),
      );
    },
    mcp: (...args) =>
      new Promise((done) => {
        const child = spawn(launcher, ["mcp", ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
        let [stdout, stderr] = ["", ""];
        child.stdout.on("data", (text: Buffer) => {
          stdout += text;
        });
        child.stderr.on("data", (text: Buffer) => {
          stderr += text;
        });
        child.once("close", (status) => done({ status, stdout, stderr }));
      }),
  };
}

const INITIALIZE = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };

function post(address: string, message: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", ...message }),
  });
}

/** It wants the token, and says of its tool what it is told. */
function upstreamOf(says: { description: string }, era: "legacy" | "modern" = "legacy"): Promise<StubUpstream> {
  return stubUpstream(({ body, headers }, response) => {
    if (headers.authorization !== `Bearer ${TOKEN}`) return json(response, {}, 401);
    if (era === "modern" && body.method === "initialize")
      return json(response, { jsonrpc: "2.0", id: body.id, error: { code: -32601, message: "no sessions" } }, 400);
    if (body.method !== "tools/list") return undefined;
    const tools = [{ name: "echo", description: says.description, inputSchema: { type: "object" } }];
    return json(response, { jsonrpc: "2.0", id: body.id, result: { tools } });
  });
}

test.each(["legacy", "modern"] as const)(
  "a server of the %s era is locked, verified and compared by its address",
  async (era) => {
    const says = { description: "Adds two numbers." };
    const upstream = await upstreamOf(says, era);
    const { mcp, lock } = project();
    const url = ["--url", upstream.url, "--bearer", "FAR"];
    expect(await mcp("lock", "far", ...url)).toMatchObject({ status: 0, stdout: expect.stringContaining("pinned in") });
    const text = readFileSync(lock, "utf8");
    expect(text).toContain(`"/far/target": {"url":"${upstream.url}"}`);
    expect(text).toContain('"Adds two numbers."');
    expect(text).not.toContain(TOKEN);
    expect(await mcp("verify", "far", ...url)).toMatchObject({ status: 0, stdout: "holds    far\n" });
    // as the lock has it, where the person says so; and never with what was meant for another
    expect(await mcp("verify", "--run")).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/^unasked {2}far: /),
    });
    if (era === "legacy") expect(upstream.got.some(({ method }) => method === "DELETE")).toBe(true);
    says.description = "Adds three numbers.";
    expect(await mcp("verify", "far", ...url)).toMatchObject({
      status: 1,
      stdout: "differs  far\n  changed: tool echo in description\n",
    });
    const diff = await mcp("diff", "far", ...url);
    expect(diff).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("    + Adds three numbers."),
    });
    expect(await mcp("scan", "far", ...url)).toMatchObject({ status: 0 });
  },
);

test("another address under the name differs, and one that does not answer is not asked", async () => {
  const says = { description: "Adds two numbers." };
  const [upstream, other] = [await upstreamOf(says), await upstreamOf(says)];
  const { mcp } = project();
  expect((await mcp("lock", "far", "--url", upstream.url, "--bearer", "FAR")).status).toBe(0);
  const told = await mcp("verify", "far", "--url", other.url, "--bearer", "FAR");
  expect(told.status).toBe(1);
  expect(told.stdout).toContain(`it was pinned as \`${upstream.url}\` and is \`${other.url}\` now`);
  expect((await mcp("lock", "far", "--url", other.url, "--bearer", "FAR")).status).toBe(1);
  const refused = await mcp("verify", "far", "--url", upstream.url);
  expect(refused).toMatchObject({ status: 2, stdout: expect.stringMatching(/^unasked {2}far: /) });
  const metadata = await mcp("lock", "x", "--url", "http://169.254.169.254/mcp");
  expect(metadata.status).not.toBe(0);
  expect(metadata.stderr).toContain("address-metadata");
});

test("a token goes to the one server that is named with its address", async () => {
  const { mcp, lock } = project();
  for (const args of [
    ["lock", "far", "--bearer", "FAR", "--", "npx", "far"],
    ["verify", "--bearer", "FAR"],
    ["verify", "--url", "https://far.example/mcp"],
    ["lock", "a", "b", "--url", "https://far.example/mcp"],
    ["lock", "far", "--url", "https://far.example/mcp", "--", "npx", "far"],
    ["lock", "far", "--url", "https://far.example/mcp", "--bearer", "UNSET"],
  ])
    expect([args, (await mcp(...args)).status]).toEqual([args, 64]);
  expect(existsSync(lock)).toBe(false);
});

test("a lock that is edited counts at the next call over a listener, too, and is told when it is damaged", async () => {
  const says = { description: "Adds two numbers." };
  const upstream = await upstreamOf(says);
  const { mcp, lock, start } = project();
  const url = ["--url", upstream.url, "--bearer", "FAR"];
  expect((await mcp("lock", "far", ...url)).status).toBe(0);
  const address = await start("proxy", "--server", "far", ...url, "--listen", "127.0.0.1:0");
  const open = await post(address, { id: 0, method: "initialize", params: INITIALIZE });
  const session = { "mcp-session-id": open.headers.get("mcp-session-id") ?? "" };
  await open.text();
  await (await post(address, { method: "notifications/initialized" }, session)).text();
  const call = async (id: number): Promise<string> =>
    (await post(address, { id, method: "tools/call", params: { name: "echo", arguments: {} } }, session)).text();
  expect(await call(1)).toContain("said nothing");
  const whole = readFileSync(lock, "utf8");
  writeFileSync(lock, whole.replace("Adds two numbers.", "Adds four numbers."));
  expect(await call(2)).toMatch(/does not fit its digest/);
  const other = { tools: [{ name: "other" }], capabilities: { tools: {} }, serverInfo: { name: "stub" } };
  writeFileSync(lock, whole);
  expect(await call(3)).toContain("said nothing");
  const file = join(lock, "../../other.json");
  writeFileSync(file, JSON.stringify(other));
  expect((await mcp("lock", "far", "--from", file, "--update", "--url", upstream.url)).status).toBe(0);
  expect(await call(4)).toMatch(/held: tool `echo` of server `far` is not approved \(new/);
});
