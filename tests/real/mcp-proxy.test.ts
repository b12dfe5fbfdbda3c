// `ringfence mcp proxy` against the built program: a server over HTTP behind the gateway, its own credential and nobody else's, on record. As root and as
// an ordinary user.
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { stubLogin } from "../support/mcp-stub-login.ts";
import { json, stubUpstream } from "../support/mcp-stub-upstream.ts";
import { needs } from "../support/needs.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-proxy-")));
chmodSync(folder, 0o755);
afterAll(() => void execFileSync(helperPath, ["remove", folder]));
beforeEach((context) => needs(context, "helper"));

const TOKEN = "sekrit-of-the-entry-48213";
let sequence = 0;

/** What a client says until it ends: its opening, and calls of the one tool. */
function said(calls = 0): string {
  const clientInfo = { name: "tested", version: "1" };
  return [
    { id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo } },
    { method: "notifications/initialized" },
    ...Array.from({ length: calls }, (_, n) => ({
      id: n + 1,
      method: "tools/call",
      params: { name: "echo", arguments: {} },
    })),
  ]
    .map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`)
    .join("");
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error has it. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
}

/** Starts `mcp proxy` without holding up this process, which serves the upstream. */
function start(
  caller: Caller,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Started {
  const [file = "", ...words] = caller.as([launcher, "mcp", "proxy", "--server", "far", ...args]);
  const child = spawn(file, words, { cwd, env: { ...caller.env, ...env } });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done) => child.once("close", (status) => done({ status, stdout, stderr })));
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(stderr);
      if (found !== null) return found;
      await new Promise((done) => child.stderr.once("data", done));
    }
  };
  return { child, ended, said };
}

/** A project with a policy of the person's that lets the server's tools be called. */
function project(caller: Caller, more = ""): { readonly cwd: string; readonly policy: readonly string[] } {
  const cwd = caller.folder(`p${sequence}`);
  const file = join(cwd, "..", `policy-${sequence++}.yaml`);
  writeFileSync(file, `permissions: { allow: ["mcp__far"] }\nruleOfTwo: off\n${more}`);
  return { cwd, policy: ["--policy", file] };
}

function record(caller: Caller, cwd: string): string {
  return caller.ringfence(["log", "show", "--json"], { cwd }).stdout;
}

describe.each(callersIn(folder))("mcp proxy as $name", (caller) => {
  test("a call, with the entry's own token, which neither the model nor the record sees", async () => {
    const upstream = await stubUpstream(({ body, headers }, response) =>
      body.method === "tools/call"
        ? json(response, {
            jsonrpc: "2.0",
            id: body.id,
            result: { content: [{ type: "text", text: `you are ${headers.authorization}` }] },
          })
        : undefined,
    );
    const { cwd, policy } = project(caller);
    const { child, ended } = start(caller, cwd, [...policy, "--bearer", "FAR", "--url", upstream.url], { FAR: TOKEN });
    child.stdin.end(said(1));
    const { status, stdout, stderr } = await ended;
    expect(stdout, stderr).toContain('"text":"you are ');
    expect(upstream.of("tools/call")[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(stdout).not.toContain(TOKEN);
    const log = record(caller, cwd);
    expect(log).toContain('"type":"secret.use"');
    expect(log).toContain('"type":"mcp.call"');
    expect(log).not.toContain(TOKEN);
    expect(status).toBe(0);
  });

  test("what a server is at no address, or at a forbidden one, is refused with words", async () => {
    for (const [url, why] of [
      ["http://169.254.169.254/mcp", "address-metadata"],
      ["http://example.com/mcp", "without TLS"],
    ] as const) {
      const { cwd, policy } = project(caller);
      const { child, ended } = start(caller, cwd, [...policy, "--url", url]);
      child.stdin.end(said());
      expect((await ended).stdout).toContain(why);
    }
    for (const url of ["file:///etc/passwd", "https://a:b@example.com/", "https://example.com/#x"]) {
      const { status, stderr } = await start(caller, caller.folder("none"), ["--url", url]).ended;
      expect([url, status, stderr.includes("hint:")]).toEqual([url, 64, true]);
    }
  });

  test("a listener serves who has its secret, and ends on a signal", async () => {
    const upstream = await stubUpstream();
    const { cwd, policy } = project(caller);
    const running = start(caller, cwd, [...policy, "--listen", "127.0.0.1:0", "--url", upstream.url]);
    const [, url = ""] = await running.said(/at (http:\S+)/);
    const ask = (to: string): Promise<Response> =>
      fetch(to, {
        method: "POST",
        headers: { accept: "application/json, text/event-stream", "content-type": "application/json" },
        body: said().split("\n")[0] ?? "",
      });
    expect((await ask(url)).status).toBe(200);
    expect((await ask(url.slice(0, url.lastIndexOf("/")))).status).toBe(404);
    running.child.kill("SIGTERM");
    expect((await running.ended).status).toBe(0);
    expect(record(caller, cwd)).toContain('"type":"session.close"');
  });

  test("a server names no neighbour of this machine for its logins, unless the person does", {
    timeout: 40_000,
  }, async () => {
    const neighbour = await stubLogin();
    const stub = await stubLogin({ authorizationServer: neighbour.origin });
    const { cwd } = project(caller);
    const place = new URL(neighbour.origin).host;
    const refused = await start(caller, cwd, ["--login", "--url", stub.url]).ended;
    expect(refused, refused.stderr).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain(`into this machine or its network: \`${place}\` is not reached`);
    expect(refused.stderr).toContain(`--allow-domain ${place}=127.0.0.1/32`);
    expect(neighbour.paths).toEqual([]);
    const named = ["--allow-domain", `${place}=127.0.0.1/32`];
    const logging = start(caller, cwd, ["--login", "--url", stub.url, ...named]);
    const [page] = await logging.said(/http:\S+\/authorize\S+/);
    expect(page).toContain(place);
    logging.child.kill("SIGTERM");
    await logging.ended;
  });

  test("a login at the terminal, and a call with it", { timeout: 40_000 }, async () => {
    const stub = await stubLogin();
    const { cwd, policy } = project(caller);
    const first = start(caller, cwd, [...policy, "--url", stub.url]);
    first.child.stdin.end(said());
    expect((await first.ended).stdout).toContain("wants a login");
    const logging = start(caller, cwd, ["--login", "--url", stub.url]);
    const [page] = await logging.said(/http:\S+\/authorize\S+/);
    const back = (await fetch(page, { redirect: "manual" })).headers.get("location") ?? "";
    await fetch(back);
    const logged = await logging.ended;
    expect(logged, logged.stderr).toMatchObject({ status: 0 });
    const second = start(caller, cwd, [...policy, "--url", stub.url]);
    second.child.stdin.end(said());
    expect((await second.ended).stdout).toContain('"protocolVersion":"2025-11-25"');
    const given = stub.shown.at(-1)?.replace("Bearer ", "") ?? "none";
    expect(record(caller, cwd)).not.toContain(given);
  });
});
